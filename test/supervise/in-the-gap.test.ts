// Whoever wants the daemon started, stopped or restarted while another program takes its place, and nobody answers: the gap is held open for as long as it takes.
import { expect } from "bun:test";
import { chmodSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isLocked } from "../../src/daemon/lock.ts";
import { posixPtyHost } from "../../src/pty/posix.ts";
import { daemonStatus, restartDaemon, startDaemon, stopDaemon } from "../../src/supervise/lifecycle.ts";
import { probe } from "../../src/supervise/probe.ts";
import { daemonHome, MAIN, until } from "../support/daemon-home.ts";
import { rejectionOf } from "../support/refusal.ts";
import { testUnless } from "../support/unless.ts";

const test = testUnless(posixPtyHost() ? undefined : "not Linux, or its C library is too old");

/** A daemon with a session, and a program that takes its place only once it may: `before` its check, or before it begins to serve. */
async function held(before: "check" | "serve") {
  const home = daemonHome();
  const pid = await home.start();
  home.script("codex", "exec sleep 600");
  const { id } = await home.client.launch({ projectRoot: home.project, harness: "codex", prompt: "x" });
  const identity = (await home.client.health()).daemon;
  const [hold, there, program] = ["hold", "there", "program"].map((name) => join(home.base, name)) as [
    string,
    string,
    string,
  ];
  const when = before === "check" ? '*" --check"' : '*" serve"';
  writeFileSync(hold, "");
  writeFileSync(
    program,
    `#!/bin/sh\ncase " $*" in ${when}) : >${there}; while [ -e ${hold} ]; do sleep 0.01; done;; esac\nexec ${process.execPath} ${MAIN} "$@"\n`,
  );
  chmodSync(program, 0o755);
  await home.client.restart({ pid, command: [program] });
  await until("it is held", () => existsSync(there));
  return {
    ...home,
    pid,
    id,
    /** It has been replaced, once or more. */
    replaced: async () => {
      const now = (await home.client.health()).daemon;
      return now?.pid === pid && now.startedAt !== identity?.startedAt;
    },
    status: async () => (await home.client.session(id)).status,
    /** Whoever asked before this was refused: nobody listens. */
    async refused() {
      for (let i = 0; i < 3; i++) expect((await probe(home.paths.socket)).state).toBe("stopped");
      expect(isLocked(home.paths.lock)).toBe(true);
    },
    release: () => rmSync(hold),
    [Symbol.asyncDispose]: async () => {
      rmSync(hold, { force: true });
      await home[Symbol.asyncDispose]();
    },
  };
}

test("a restart in the gap of another goes well, and the session goes on", async () => {
  await using at = await held("serve");
  const second = restartDaemon(at.paths, at.options);
  await at.refused();
  at.release();
  expect(await second).toMatchObject({ pid: at.pid, started: true });
  expect([await at.replaced(), await at.status()]).toEqual([true, "running"]);
}, 30_000);

test("a stop in the gap asks the next daemon, which refuses for its session, or ends it where it must", async () => {
  {
    await using at = await held("serve");
    const stop = rejectionOf(stopDaemon(at.paths, at.options));
    await at.refused();
    at.release();
    expect(await stop).toMatchObject({ code: "session_running" });
    expect([await at.replaced(), await at.status()]).toEqual([true, "running"]);
  }
  await using at = await held("serve");
  const stop = stopDaemon(at.paths, { ...at.options, force: true });
  await at.refused();
  at.release();
  expect(await stop).toEqual({ stopped: true, pid: at.pid, by: "request" });
  expect(isLocked(at.paths.lock)).toBe(false);
  await at.start();
  expect(await at.status()).toBe("killed");
}, 40_000);

test("a start in the gap finds the daemon that comes, and a look says that it runs", async () => {
  await using at = await held("serve");
  const both = Promise.all([startDaemon(at.paths, at.options), daemonStatus(at.paths)]);
  await at.refused();
  at.release();
  expect(await both).toMatchObject([
    { pid: at.pid, started: false },
    { state: "running", pid: at.pid },
  ]);
  expect([await at.replaced(), await at.status()]).toEqual([true, "running"]);
}, 30_000);

test("a restart while the program of another is still looked at is part of it; a stop that must ends both", async () => {
  {
    await using at = await held("check");
    const second = restartDaemon(at.paths, at.options);
    expect((await at.client.restarting()).restart?.state).toBe("checking");
    at.release();
    expect(await second).toMatchObject({ pid: at.pid, started: true, restartedFrom: at.pid });
    expect([await at.replaced(), await at.status()]).toEqual([true, "running"]);
  }
  await using at = await held("check");
  expect(await stopDaemon(at.paths, { ...at.options, force: true })).toMatchObject({ by: "request" });
  at.release();
  expect(isLocked(at.paths.lock)).toBe(false);
}, 40_000);

// Regression: nobody listening for a second was called a daemon that hangs, and on a busy machine a restart takes longer.
test("a gap of two seconds is no daemon that hangs", async () => {
  await using at = await held("serve");
  const looked = daemonStatus(at.paths);
  const stop = rejectionOf(stopDaemon(at.paths, at.options));
  await Bun.sleep(2_000);
  at.release();
  expect(await looked).toMatchObject({ state: "running", pid: at.pid });
  expect(await stop).toMatchObject({ code: "session_running" });
}, 30_000);
