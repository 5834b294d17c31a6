// Proof that a session's whole tree is ended and nobody else is touched: real processes, real signals.

import { afterAll, afterEach, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { realWorld } from "../../src/daemon/world.ts";
import { systemProcesses } from "../../src/os/processes.ts";
import { ptyHost } from "../../src/pty/drivers.ts";
import type { ProcessIdentity } from "../../src/session/ports/processes.ts";
import { endLeftovers, endTree, endTreeSurely, outlivers } from "../../src/session/stop.ts";
import { type Play, play, program, script } from "../pty/play.ts";
import { signalOwn } from "../support/signal.ts";
import { describeUnless, notLinux } from "../support/unless.ts";
import { until } from "../support/until.ts";

const processes = systemProcesses();
const host = ptyHost({});
const dir = mkdtempSync(join(tmpdir(), "cv-stop-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const PATH = process.env["PATH"] ?? "";
let strangers: Bun.Subprocess[] = [];
afterEach(async () => {
  for (const one of strangers) one.kill("SIGKILL");
  await Promise.all(strangers.map((one) => one.exited));
  strangers = [];
});

/** A sleeping process that has nothing to do with any session, in a session of its own. */
function stranger(env: Record<string, string> = {}) {
  const child = Bun.spawn([program("setsid"), "sleep", "60"], {
    env: { PATH, ...env },
    stdio: ["ignore", "ignore", "ignore"],
  });
  strangers.push(child);
  return child;
}

/** A session: `up` is printed once its script has set up what it wanted, after the pids the test asks for. */
async function session(text: string, ...words: string[]) {
  const sessionId = crypto.randomUUID();
  const it = play(host, { argv: script(text, ...words), env: { PATH, COVEN_SESSION_ID: sessionId } });
  const leader: ProcessIdentity | undefined = processes.identify(it.pty.pid);
  await it.printed("up");
  return { it, sessionId, leader, pids: pidsOf(it) };
}

const pidsOf = (it: Play) =>
  (
    it
      .bytes()
      .toString()
      .match(/\b\d+\b/g) ?? []
  ).map(Number);
const plan = { processes, world: realWorld, graceMs: 2_000 };
const alive = (pid: number | undefined) => pid !== undefined && processes.identify(pid)?.dead === false;
const STAY = "while :; do sleep 0.05; done";

describeUnless(notLinux)("a live session's tree", () => {
  // The failure was logged, the kill forgotten, and every later one taken for a repetition: nothing could end the session.
  test("a process table that can't be read at first is read again", async () => {
    const { it, sessionId, leader } = await session(`echo up; ${STAY}`);
    const failures: unknown[] = [];
    let looks = 0;
    const list = () => {
      looks += 1;
      if (looks === 1) throw new Error("EMFILE: too many open files, scandir '/proc'");
      // As a table that lost its rows on the way: nobody is there.
      return looks === 2 ? [] : processes.list();
    };
    const marked = (id: string) => (looks <= 2 ? [] : processes.marked(id));
    const report = await endTreeSurely({
      ...{ ...plan, sessionId, leader, processes: { ...processes, list, marked } },
      gone: () => false,
      failed: (error) => void failures.push(error),
    });
    await it.exit;
    expect(report?.ended.map(({ pid }) => pid)).toContain(it.pty.pid);
    expect(failures.map(String)).toEqual([expect.stringContaining("EMFILE")]);
  });

  test("leader and children end by themselves, well within the grace, and are named", async () => {
    const { it, sessionId, leader, pids } = await session("sleep 60 & echo $!; echo up; wait");
    await until(
      "the processes are as the test wants them",
      () => processes.identify(pids[0] ?? 0)?.name === "sleep",
    );
    const began = performance.now();
    const report = await endTree({ ...plan, sessionId, leader });
    expect(performance.now() - began).toBeLessThan(1_000);
    expect(report.survived).toEqual([]);
    expect(report.ended).toContainEqual({ pid: it.pty.pid, name: "sh" });
    expect(report.ended).toContainEqual({ pid: pids[0] ?? 0, name: "sleep" });
    expect((await it.exit).exitCode).toBeNull();
    expect(pids.some(alive)).toBe(false);
  });

  // Agents start commands in their own session; killing the group left hundreds of them behind (FIELD-NOTES 2.6).
  test("children in their own session, also with an empty environment, are found by descent", async () => {
    const { sessionId, leader, pids } = await session(
      "setsid sleep 60 & echo $!; env -i setsid sleep 60 & echo $!; echo up; wait",
    );
    await until("the processes are as the test wants them", () =>
      pids.every((pid) => processes.identify(pid)?.name === "sleep"),
    );
    expect((await endTree({ ...plan, sessionId, leader })).survived).toEqual([]);
    expect(pids.some(alive)).toBe(false);
  });

  // codex's detached app-server: its own session, parent 1, no terminal. Only the mark is left (FIELD-NOTES 4).
  test("a daemon that forked twice is found by its mark", async () => {
    const { it, sessionId, leader, pids } = await session(
      "(setsid sleep 60 </dev/null >/dev/null 2>&1 & echo $!); echo up; exec sleep 60",
    );
    const detached = pids[0] ?? 0;
    await until(
      "the processes are as the test wants them",
      () => processes.identify(detached)?.session === detached,
    );
    expect(processes.identify(detached)?.parent).not.toBe(it.pty.pid);
    const { ended, survived } = await endTree({ ...plan, sessionId, leader });
    expect(survived).toEqual([]);
    expect(ended.map(({ pid }) => pid)).toContain(detached);
    expect(alive(detached)).toBe(false);
  });

  test("who ignores every request is killed when the grace is over, not before", async () => {
    const { it, sessionId, leader } = await session(`trap '' HUP TERM INT; echo up; ${STAY}`);
    const began = performance.now();
    const report = await endTree({ ...plan, graceMs: 400, sessionId, leader });
    expect(performance.now() - began).toBeGreaterThanOrEqual(400);
    expect(report.survived).toEqual([]);
    expect(await it.exit).toEqual({ exitCode: null, signal: "SIGKILL" });
  });

  test("who wants to tidy up has the grace for it", async () => {
    const mark = join(dir, "tidy");
    const { it, sessionId, leader } = await session(
      `trap '' HUP; trap 'sleep 0.2; echo done >"$1"; exit 3' TERM; echo up; ${STAY}`,
      mark,
    );
    expect((await endTree({ ...plan, sessionId, leader })).survived).toEqual([]);
    expect(await it.exit).toEqual({ exitCode: 3, signal: null });
    expect(existsSync(mark)).toBe(true);
  });

  test("stopped processes wake up and end without being killed", async () => {
    const { it, sessionId, leader, pids } = await session(
      `sleep 60 & echo $!; kill -STOP $!; trap 'exit 5' TERM; trap '' HUP; echo up; kill -STOP $$; ${STAY}`,
    );
    await until("the processes are as the test wants them", () =>
      processes.list().some((one) => one.pid === it.pty.pid),
    );
    const began = performance.now();
    expect((await endTree({ ...plan, sessionId, leader })).survived).toEqual([]);
    expect(performance.now() - began).toBeLessThan(1_500);
    expect(await it.exit).toEqual({ exitCode: 5, signal: null });
    expect(alive(pids[0])).toBe(false);
  });

  test("who starts another one as it dies is followed until there is none", async () => {
    const path = join(dir, "phoenix");
    writeFileSync(path, `#!/bin/sh\ntrap '' HUP\ntrap 'setsid "$0" & exit' TERM\necho up\n${STAY}\n`);
    chmodSync(path, 0o755);
    const { sessionId, leader } = await session('"$1" & wait', path);
    const report = await endTree({ ...plan, graceMs: 500, sessionId, leader });
    expect(report.survived).toEqual([]);
    expect(report.ended.filter(({ name }) => name === "phoenix").length).toBeGreaterThan(0);
    expect(processes.marked(sessionId)).toEqual([]);
  });

  test("a chain whose every link deafly starts the next and goes is caught", async () => {
    const path = join(dir, "chain");
    writeFileSync(path, `#!/bin/sh\ntrap '' HUP TERM\nsleep 0.01\nsetsid "$0" &\nexit\n`);
    chmodSync(path, 0o755);
    const { sessionId, leader } = await session('"$1" & echo up; exec sleep 60', path);
    const report = await endTree({ ...plan, graceMs: 200, sessionId, leader });
    expect(report.survived).toEqual([]);
    expect(processes.marked(sessionId)).toEqual([]);
  });

  test("strangers are left alone: same name, the id within another entry, an id that begins alike", async () => {
    const { sessionId, leader } = await session("sleep 60 & echo up; wait");
    const others = [
      stranger(),
      stranger({ COVEN_SESSION_ID: `${sessionId}0` }),
      stranger({ NOTE: `COVEN_SESSION_ID=${sessionId}` }),
    ];
    await endTree({ ...plan, sessionId, leader });
    expect(others.map(({ pid }) => alive(pid))).toEqual([true, true, true]);
  });

  test("ending what has already ended reports nobody", async () => {
    const { it, sessionId, leader } = await session("echo up");
    await it.exit;
    expect(await endTree({ ...plan, sessionId, leader })).toEqual({ ended: [], survived: [] });
  });
});

describeUnless(notLinux)("what another daemon left", () => {
  test("a recorded leader that is still there goes with its tree", async () => {
    const { it, sessionId, leader, pids } = await session("env -i setsid sleep 60 & echo $!; echo up; wait");
    const { ended, survived } = await endLeftovers({ ...plan, sessionId, leader });
    expect(survived).toEqual([]);
    expect(ended.map(({ pid }) => pid)).toContain(it.pty.pid);
    expect(pids.some(alive)).toBe(false);
  });

  test("without its leader, the mark finds the rest, and the rest vouches for their terminal's session", async () => {
    const { it, sessionId, leader, pids } = await session(
      `trap '' HUP; env -i ${program("sleep")} 60 & echo $!; sleep 60 & echo $!; echo up; wait`,
    );
    signalOwn(it.pty.pid, "SIGKILL");
    await it.exit;
    expect(pids.map(alive)).toEqual([true, true]);
    expect((await endLeftovers({ ...plan, sessionId, leader })).survived).toEqual([]);
    expect(pids.some(alive)).toBe(false);
  });

  test("a recycled pid is a stranger, whatever the record says of it", async () => {
    const { pid } = stranger();
    await until("the processes are as the test wants them", () => processes.identify(pid)?.session === pid);
    const target = { ...plan, sessionId: crypto.randomUUID(), leader: { pid, startedAt: "1@another boot" } };
    expect(await endLeftovers(target)).toEqual({ ended: [], survived: [] });
    expect(await endTree(target)).toEqual({ ended: [], survived: [] });
    expect(await outlivers(target)).toEqual([]);
    expect(await endLeftovers({ ...target, leader: { pid, startedAt: null } })).toEqual({
      ended: [],
      survived: [],
    });
    expect(alive(pid)).toBe(true);
  });

  test("a daemon started inside the session ends its siblings, and neither itself nor its ancestors", async () => {
    const sessionId = crypto.randomUUID();
    const child = Bun.spawn(
      script(
        'sleep 60 & echo "sibling $!"; "$1" "$2"; echo "parent lives"',
        process.execPath,
        join(import.meta.dir, "marked-daemon.ts"),
      ),
      { env: { PATH, COVEN_SESSION_ID: sessionId }, stdout: "pipe" },
    );
    const [sibling, line, last] = (await new Response(child.stdout).text()).trim().split("\n");
    expect(last).toBe("parent lives");
    const pid = Number(sibling?.split(" ")[1]);
    expect(JSON.parse(line ?? "")).toMatchObject({
      report: { ended: [{ pid, name: "sleep" }], survived: [] },
    });
  });
});

describeUnless(notLinux)("a natural exit", () => {
  test("names who outlives it, and leaves them alone", async () => {
    const { it, sessionId, leader, pids } = await session(
      `trap '' HUP; env -i ${program("sleep")} 60 & echo $!; (setsid sleep 60 & echo $!); echo up; exit 0`,
    );
    await it.exit;
    const left = await outlivers({ processes, world: plan.world, sessionId, leader });
    expect(left.map(({ pid }) => pid).sort()).toEqual(pids.slice().sort());
    expect(new Set(left.map(({ name }) => name))).toEqual(new Set(["sleep"]));
    expect(pids.map(alive)).toEqual([true, true]);
    expect((await endTree({ ...plan, sessionId, leader })).survived).toEqual([]);
    expect(await outlivers({ processes, world: plan.world, sessionId, leader })).toEqual([]);
  });

  // Regression: a process in the middle of an exec shows no environment. It was looked at once, and one that left the session's
  // terminal was then not named although it lived on.
  test("names also one that is in the middle of an exec whenever anybody looks", async () => {
    const script = join(dir, "again.sh");
    writeFileSync(script, `#!/bin/sh\nexec "$0"\n`);
    chmodSync(script, 0o755);
    const missed: number[] = [];
    for (let round = 0; round < 30; round++) {
      const { it, sessionId, leader, pids } = await session(
        `trap '' HUP; (setsid "${script}" </dev/null >/dev/null 2>&1 & echo $!); echo up; exit 0`,
      );
      await it.exit;
      const left = await outlivers({ processes, world: plan.world, sessionId, leader });
      const [pid = 0] = pids;
      if (!left.some((one) => one.pid === pid)) missed.push(pid);
      // Its start time stays what it was, so it is known also while it shows no environment.
      const again = processes.identify(pid);
      if (again) processes.signal(again, "SIGKILL");
    }
    expect(missed).toEqual([]);
  }, 30_000);
});
