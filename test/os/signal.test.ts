// Signals go to one process that is known, and nothing in the repository sends one by another way.

import { afterEach, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { signalGroup, signalProcess } from "../../src/os/signal.ts";
import { claim, runs, signalOwn, signalOwnGroup } from "../support/signal.ts";
import { notLinux, testUnless } from "../support/unless.ts";
import { until } from "../support/until.ts";

const started: Bun.Subprocess[] = [];
afterEach(async () => {
  for (const child of started) child.kill("SIGKILL");
  await Promise.all(started.splice(0).map((child) => child.exited));
});

function begin(argv: string[], env: Record<string, string> = {}) {
  const child = Bun.spawn(argv, {
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdio: ["ignore", "pipe", "ignore"],
  });
  started.push(child);
  return child;
}

/** Nobody is harmed by it, should one of these tests ever fail. */
const HARMLESS = "SIGWINCH";
const NOBODY = [0, -1, 1, -process.pid, process.pid, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53];

describe("the product's", () => {
  test.each(NOBODY)("pid %p is refused, whoever vouches for it", (pid) => {
    expect(() => signalProcess(pid, HARMLESS, () => true)).toThrow(RangeError);
    expect(() => signalGroup(pid, HARMLESS, () => true)).toThrow(RangeError);
  });

  test("what is no number is refused", () => {
    for (const pid of [undefined, null, "12", {}]) {
      // What a caller without types would hand over.
      expect(() => signalProcess(pid as unknown as number, HARMLESS, () => true)).toThrow(RangeError);
    }
  });

  test("who is not known at that moment gets nothing; who is known gets it; who has gone is false", async () => {
    const child = begin(["sleep", "60"]);
    expect(signalProcess(child.pid, "SIGKILL", () => false)).toBe(false);
    expect(signalProcess(child.pid, "SIGTERM", () => true)).toBe(true);
    await child.exited;
    expect(child.signalCode).toBe("SIGTERM");
    expect(signalProcess(child.pid, HARMLESS, () => true)).toBe(false);
  });
});

describe("the tests' own", () => {
  test.each(NOBODY)("pid %p is refused", (pid) => {
    expect(() => signalOwn(pid, HARMLESS)).toThrow(RangeError);
    expect(() => signalOwnGroup(pid, HARMLESS)).toThrow(RangeError);
    expect(() => runs(pid)).toThrow(RangeError);
  });

  testUnless(notLinux)("who started this run is not ours, though it runs", () => {
    expect(runs(process.ppid)).toBe(true);
    expect(() => signalOwn(process.ppid, HARMLESS)).toThrow("did not start");
    expect(() => signalOwnGroup(process.ppid, HARMLESS)).toThrow("did not start");
  });

  test("a child, and a child's child", async () => {
    const child = begin(["sh", "-c", "sleep 60 & echo $!; wait"]);
    const { value } = await child.stdout.getReader().read();
    const grandchild = Number(new TextDecoder().decode(value));
    expect(signalOwn(grandchild, "SIGKILL")).toBe(true);
    expect(await child.exited).toBe(0);
    expect(signalOwn(child.pid, "SIGKILL")).toBe(false);
  });

  testUnless(notLinux)("who has left the family is ours only by its mark", async () => {
    const mark = `TEST_MARK=${crypto.randomUUID()}`;
    const gone = begin(["sh", "-c", "setsid sleep 60 >/dev/null & echo $!"], { TEST_MARK: mark.slice(10) });
    const pid = Number(await new Response(gone.stdout).text());
    await until("it has the runner for an ancestor no more", () => {
      try {
        signalOwn(pid, HARMLESS);
        return false;
      } catch (error) {
        return String(error).includes("did not start");
      }
    });
    claim(mark);
    expect(signalOwn(pid, "SIGKILL")).toBe(true);
    await until("it is gone", () => !runs(pid));
  });
});

/** Ways to signal a process by its number. Oneself, a child's own handle (`child.kill()`) and a shell's `$$` and `$!` know whom they mean. */
const WAYS: readonly RegExp[] = [
  /\bprocess\??\.kill\b(?!\(process\.pid,)/,
  /\bkill\b[^;\n]*from "(?:node:)?process"/,
  // Through libc.
  /["']?\b(?:kill|killpg|tgkill|tkill|pidfd_send_signal|sigqueue)["']?:\s*\{\s*(?:args|returns)/,
  // Another language's.
  /\bos\.kill(?:pg)?\(|\bProcess\.kill\b|\bposix\.kill\b/,
  // By name, or everybody of a kind.
  /\b(?:pkill|killall|fuser\s+-k|skill)\b/,
  // A program called kill.
  /(?:spawn|spawnSync|exec|execFile|execFileSync|execSync)\(\s*\[?\s*["'`](?:\/\S*\/)?kill["'`\s]/,
  /(?:program|which)\("kill"\)/,
  // A shell's, at anything but `$$` and `$!`: a variable, or a number after a signal or alone.
  /(?<!coven |\/)\bkill(?:\s+-{1,2}\w*)*\s+["'\\]*\$(?![$!])/,
  /(?<!coven |\/)\bkill(?:\s+-{1,2}\w*)+\s+["'\\]*-\$/,
  /(?<!coven |\/)\bkill(?:(?:\s+-{1,2}\w*)+\s+-?|\s+)\d/,
];

/** The two that may, and this file, which has to spell them. */
const ALLOWED = ["src/os/signal.ts", "test/support/signal.ts", "test/os/signal.test.ts"];

const root = join(import.meta.dir, "..", "..");

/** C's own; in TypeScript this would be a method of that name. */
const IN_C = /(?<![.\w])kill(?:pg)?\(/;

/** The lines that signal by number. */
function guilty(text: string, file = ""): string[] {
  const ways = /\.[ch]$/.test(file) ? [...WAYS, IN_C] : WAYS;
  return text.split("\n").filter((line) => ways.some((way) => way.test(line)));
}

test("nothing else in the repository signals a pid", () => {
  const files = [
    ...new Bun.Glob("{src,test,npm,.ci,.github}/**/*").scanSync({ cwd: root, dot: true }),
    ...["build.ts", "package.json"],
  ].filter((file) => !ALLOWED.includes(file));
  expect(files.length).toBeGreaterThan(200);
  const found = files.flatMap((file) =>
    guilty(readFileSync(join(root, file), "utf8"), file).map((line) => `${file}: ${line.trim()}`),
  );
  // Do it by `signalProcess` in src/, by `signalOwn` of test/support/signal.ts in tests: both refuse 0 and what they don't know.
  expect(found).toEqual([]);
});

test.each([
  'process.kill(pid ?? 0, "SIGKILL");',
  "process?.kill(0)",
  'import { kill } from "node:process";',
  'kill: { args: ["i32", "i32"], returns: "i32" },',
  "os.kill(pid, signal.SIGKILL)",
  "pkill -f coven",
  "kill -9 $pid",
  'kill "$pid"',
  "kill -- -$group",
  "kill -TERM 0",
  "kill -9 -1",
  "kill $(cat pid)",
  'Bun.spawnSync(["kill", "-9", pid])',
])("would be found: %s", (line) => {
  expect(guilty(line)).toEqual([line]);
});

test.each([
  'child.kill("SIGTERM");',
  "process.kill(process.pid, signal);",
  "kill -9 $$",
  "kill -STOP $!;",
  "coven kill 7029",
  ["`coven kill $", "{id}`"].join(""),
  'await line.coven(["kill", id]);',
  "client.kill(session.id)",
])("is no such thing: %s", (line) => {
  expect(guilty(line)).toEqual([]);
});
