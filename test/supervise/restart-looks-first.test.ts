// What replaces a daemon looks first: where a new one could not start, the one that runs is left alone, and its sessions with it.
import { Database } from "bun:sqlite";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Session } from "../../src/session/session.ts";
import { MIGRATIONS } from "../../src/store/migrate.ts";
import { daemonStatus, restartDaemon, stopDaemon } from "../../src/supervise/lifecycle.ts";
import { type CommandLine, commandLine } from "../support/command-line.ts";
import { mount, noMounts, unmount } from "../support/mount.ts";
import { testUnless } from "../support/unless.ts";

let line: CommandLine;
beforeEach(() => {
  line = commandLine();
});
afterEach(() => line[Symbol.asyncDispose]());

async function running(): Promise<{ pid: number; session: Session }> {
  const pid = await line.home.start();
  const { project: projectRoot, client } = line.home;
  return { pid, session: await client.launch({ projectRoot, harness: "demo", prompt: "sleep 600" }) };
}

/** The same daemon, and the same session live in it. */
async function untouched({ pid, session }: { pid: number; session: Session }): Promise<void> {
  expect(await daemonStatus(line.home.paths)).toMatchObject({ state: "running", pid });
  expect(await line.home.client.session(session.id)).toMatchObject({ status: "running" });
}

// Each of these ended every session, and then nothing started (three of three).
test("settings that a new daemon would refuse keep the old one, forced or not", async () => {
  const before = await running();
  writeFileSync(line.home.paths.config, '[retention]\ndays = "seven"\n');
  for (const force of [[], ["--force"]]) {
    const { code, err } = await line.coven(["daemon", "restart", ...force]);
    expect([code, err]).toEqual([1, expect.stringContaining("retention.days must be")]);
    await untouched(before);
  }
});

test("a ledger that a newer coven has written keeps the old one", async () => {
  const before = await running();
  using ledger = new Database(line.home.paths.ledger);
  ledger.run("PRAGMA user_version = 99");
  const { code, err } = await line.coven(["daemon", "restart", "--force"]);
  expect([code, err]).toEqual([1, expect.stringContaining("was written by a newer coven")]);
  await untouched(before);
  ledger.run(`PRAGMA user_version = ${MIGRATIONS.length}`);
});

test("a program that can't be started keeps the old one", async () => {
  const before = await running();
  const command = ["/nowhere/coven", "daemon", "serve"];
  const restarting = restartDaemon(line.home.paths, { command, force: true });
  expect(await restarting.catch((error: unknown) => error)).toMatchObject({ code: "runtime_unavailable" });
  await untouched(before);
});

testUnless(noMounts())("a full disk keeps the old one", async () => {
  const { home } = line.home.paths;
  mkdirSync(home, { mode: 0o700 });
  expect(mount("-t", "tmpfs", "-o", "size=6m,mode=700", "none", home)).toBe(true);
  try {
    const before = await running();
    const fillers = Array.from({ length: 12 }, (_, i) => join(home, `filler-${i}`));
    for (const name of fillers) {
      try {
        writeFileSync(name, Buffer.alloc(512 * 1024));
      } catch {
        // Full, as it should be.
      }
    }
    const { code, err } = await line.coven(["daemon", "restart", "--force"]);
    expect([code, err]).toEqual([1, expect.stringContaining("The disk is full: a daemon that started in")]);
    await untouched(before);
    for (const name of fillers) rmSync(name, { force: true });
    await stopDaemon(line.home.paths, { force: true });
  } finally {
    unmount(home);
  }
});

test("where one could start, it does", async () => {
  const { pid, session } = await running();
  const { code, out } = await line.coven(["daemon", "restart", "--force"]);
  expect([code, out]).toEqual([0, expect.stringContaining("Coven daemon: restarted")]);
  expect(await daemonStatus(line.home.paths)).toMatchObject({
    state: "running",
    pid: expect.not.stringMatching(String(pid)),
  });
  expect(await line.home.client.session(session.id)).toMatchObject({ status: "killed" });
});
