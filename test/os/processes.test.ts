// What systemProcesses says of real processes, and whom it refuses to signal.

import { afterAll, afterEach, expect, test } from "bun:test";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemProcesses } from "../../src/os/processes.ts";
import { parseMarked, parsePs } from "../../src/os/processes-darwin.ts";
import { parseStat } from "../../src/os/processes-linux.ts";
import { parseEntry, processesOf } from "../../src/os/processes-windows.ts";
import { program } from "../pty/play.ts";
import { describeUnless, notLinux } from "../support/unless.ts";
import { until } from "../support/until.ts";

const processes = systemProcesses();
const dir = mkdtempSync(join(tmpdir(), "cv-ps-"));
const started: Bun.Subprocess[] = [];
const start = (argv: string[], env: Record<string, string> = {}) => {
  const child = Bun.spawn(argv, {
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdio: ["ignore", "ignore", "ignore"],
  });
  started.push(child);
  return child;
};
afterEach(async () => {
  for (const child of started) child.kill("SIGKILL");
  await Promise.all(started.splice(0).map((child) => child.exited));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describeUnless(notLinux)("/proc", () => {
  test("a process is told by pid, parent, group, session and name, and is the same when asked twice", () => {
    const child = start([program("sleep"), "30"]);
    const info = processes.identify(child.pid);
    expect(info).toMatchObject({ pid: child.pid, parent: process.pid, name: "sleep", dead: false });
    expect(processes.identify(child.pid)).toEqual(info);
    expect(processes.list().find((one) => one.pid === child.pid)).toEqual(info);
  });

  test("a name with parentheses, spaces and escape characters is read as a name", () => {
    const path = join(dir, "x) R 1 (\x1b[m");
    copyFileSync(program("sleep"), path);
    const child = start([path, "30"]);
    expect(processes.identify(child.pid)).toMatchObject({ parent: process.pid, name: "x) R 1 (?[m" });
  });

  test("a zombie is dead, and a reaped process is nobody", async () => {
    const child = start([program("sh"), "-c", "sleep 0 & exec sleep 30"]);
    const zombie = await until("a zombie", () =>
      processes.list().find((one) => one.parent === child.pid && one.dead),
    );
    expect(processes.identify(zombie.pid)).toMatchObject({ dead: true });
    child.kill("SIGKILL");
    await child.exited;
    expect(processes.identify(child.pid)).toBeUndefined();
  });

  test("a mark is the whole entry, not a text within one", () => {
    const id = crypto.randomUUID();
    const first = start([program("sleep"), "30"], { COVEN_SESSION_ID: id });
    const long = start([program("sleep"), "30"], { A: "x".repeat(90_000), COVEN_SESSION_ID: id, Z: "z" });
    start([program("sleep"), "30"], { COVEN_SESSION_ID: `${id}0` });
    start([program("sleep"), "30"], { XCOVEN_SESSION_ID: id });
    start([program("sleep"), "30"], { NOTE: `COVEN_SESSION_ID=${id}` });
    const pids = processes.marked(id).map((one) => one.pid);
    expect(pids.sort()).toEqual([first.pid, long.pid].sort());
    expect(processes.marked("")).toEqual([]);
    expect(processes.marked(`${id}\0`)).toEqual([]);
  });

  test("a pid with another start time is not signalled", async () => {
    const child = start([program("sleep"), "30"]);
    const { pid, startedAt } = known(child.pid);
    expect(processes.signal({ pid, startedAt: `1${startedAt}` }, "SIGKILL")).toBe(false);
    expect(processes.signal({ pid, startedAt: null }, "SIGKILL")).toBe(false);
    expect(processes.identify(pid)?.dead).toBe(false);
    expect(processes.signal({ pid, startedAt }, "SIGKILL")).toBe(true);
    await child.exited;
    expect(child.signalCode).toBe("SIGKILL");
    expect(processes.signal({ pid, startedAt }, "SIGKILL")).toBe(false);
  });

  test("neither pid 1 nor this process is ever signalled", () => {
    expect(processes.signal(known(1), "SIGCONT")).toBe(false);
    expect(processes.signal(known(process.pid), "SIGCONT")).toBe(false);
  });

  test("processes that come and go while the table is read don't disturb it", async () => {
    let churn = true;
    const lane = async () => {
      while (churn) await Bun.spawn([program("true")], { stdio: ["ignore", "ignore", "ignore"] }).exited;
    };
    const lanes = [lane(), lane(), lane()];
    for (let i = 0; i < 50; i++) {
      expect(processes.list().some((one) => one.pid === process.pid)).toBe(true);
      expect(processes.marked(crypto.randomUUID())).toEqual([]);
      await Bun.sleep(0);
    }
    churn = false;
    await Promise.all(lanes);
  });
});

test("a stat line that isn't whole is nobody", () => {
  expect(parseStat("", "b")).toBeUndefined();
  expect(parseStat("12 (cat) S 1 2", "b")).toBeUndefined();
});

// Rows as ps prints them on macOS; there is none here to ask.
test("ps on macOS: rows, and marks as words", () => {
  const rows =
    "    1     0     1 Ss   Sat Nov 21 00:01:02 2026     /sbin/launchd\n  812   811   812 Z+   Sun Nov  1 10:20:30 2026     (my tool)\n";
  expect(parsePs(rows)).toEqual([
    {
      pid: 1,
      startedAt: "Sat Nov 21 00:01:02 2026",
      parent: 0,
      group: 1,
      session: 0,
      name: "launchd",
      dead: false,
    },
    {
      pid: 812,
      startedAt: "Sun Nov 1 10:20:30 2026",
      parent: 811,
      group: 812,
      session: 0,
      name: "(my tool)",
      dead: true,
    },
  ]);
  const marked =
    "  10  501 /bin/sleep 9 A=1 COVEN_SESSION_ID=ab B=2\n  11  501 sleep COVEN_SESSION_ID=abc\n  12  502 sleep COVEN_SESSION_ID=ab\n  13  501 sleep X=1 COVEN_SESSION_ID=ab\n";
  expect(parseMarked(marked, "COVEN_SESSION_ID=ab", 501)).toEqual(new Set([10, 13]));
});

// A row as Windows fills it in, and what the domain makes of rows; the calls themselves need a Windows.
test("a snapshot on Windows: rows, and parents that are none", () => {
  const entry = new DataView(new ArrayBuffer(568));
  entry.setUint32(8, 812, true);
  entry.setUint32(32, 264, true);
  for (const [place, unit] of Array.from("my\x1b tool.exe").entries()) {
    entry.setUint16(44 + 2 * place, unit.charCodeAt(0), true);
  }
  expect(parseEntry(entry)).toEqual({ pid: 812, parent: 264, name: "my\x1b tool.exe" });
  const row = (pid: number, parent: number, began: bigint | undefined) => ({
    pid,
    parent,
    name: "\x1bx",
    began,
  });
  const table = processesOf([
    row(4, 0, undefined),
    row(10, 4, 50n),
    row(11, 10, 60n),
    row(12, 11, 55n),
    row(13, 9, 70n),
  ]);
  // 12 began before 11, which has its dead parent's number; 9 is gone; of 4 we may not know.
  expect(table.map(({ pid, parent, startedAt }) => [pid, parent, startedAt])).toEqual([
    [4, 0, null],
    [10, 0, "50"],
    [11, 10, "60"],
    [12, 0, "55"],
    [13, 0, "70"],
  ]);
  expect(table[0]).toMatchObject({ name: "?x", group: 0, session: 0, dead: false });
});

function known(pid: number) {
  const info = processes.identify(pid);
  if (!info) throw new Error(`there is no ${pid}`);
  return info;
}
