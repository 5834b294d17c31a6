// Tests src/daemon/log.ts on real files: one document a line, bounded, rotated, private, and never in the way.
import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LogLimits, openLog } from "../../src/daemon/log.ts";
import { rootOnly } from "../support/refusal.ts";

let base: string;
let file: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "cv-log-"));
  file = join(base, "logs/daemon.log");
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const NOW = "2026-11-21T10:00:00.000Z";
const open = (limits?: LogLimits) => openLog(file, () => NOW, limits);
const lines = (path = file): Record<string, unknown>[] =>
  readFileSync(path, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));

test("a line says when, how grave, what, who, and the fields; the head cannot be overwritten", () => {
  const log = open();
  log.info("daemon_started", { socket: "/s", n: 1, ok: true, none: null });
  log.warn("odd", { ts: "never", level: "info", pid: -1, event: "other" });
  log.error("failed", { error: new TypeError("no good") });
  const [first, second, third] = lines();
  expect(first).toEqual({
    ts: NOW,
    level: "info",
    event: "daemon_started",
    pid: process.pid,
    socket: "/s",
    n: 1,
    ok: true,
    none: null,
  });
  expect(second).toEqual({ ts: NOW, level: "warn", event: "odd", pid: process.pid });
  expect(third).toMatchObject({ level: "error", error: { name: "TypeError", message: "no good" } });
  expect(JSON.stringify(third)).toContain("log.test.ts");
});

test("file and directory are private", () => {
  const umask = process.umask(0);
  try {
    open().info("x");
  } finally {
    process.umask(umask);
  }
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(join(base, "logs")).mode & 0o777).toBe(0o700);
});

test("it is rotated before it passes its size, three are kept, and no line is lost or torn", () => {
  const log = open({ fileBytes: 2_000 });
  for (let n = 0; n < 200; n++) log.info("line", { n, filler: "x".repeat(60) });
  log.close();
  expect(readdirSync(join(base, "logs")).sort()).toEqual([
    "daemon.log",
    "daemon.log.1",
    "daemon.log.2",
    "daemon.log.3",
  ]);
  const kept = ["daemon.log.3", "daemon.log.2", "daemon.log.1", "daemon.log"].map((name) =>
    join(base, "logs", name),
  );
  for (const path of kept) {
    expect(statSync(path).size).toBeLessThanOrEqual(2_000);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  }
  const numbers = kept.flatMap((path) => lines(path)).map(({ n }) => Number(n));
  expect(numbers.at(-1)).toBe(199);
  expect(numbers).toEqual(numbers.map((_, i) => (numbers[0] ?? 0) + i));
  expect(numbers.length).toBeGreaterThan(30);
});

test("it goes on where an earlier daemon left off", () => {
  open().info("one");
  open().info("two");
  expect(lines().map(({ event }) => event)).toEqual(["one", "two"]);
});

test("no line passes its cap, whatever is put into it", () => {
  const log = open({ lineBytes: 2_000 });
  const deep: Record<string, unknown> = {};
  deep["self"] = deep;
  log.info("long", { text: "ä".repeat(100_000) });
  log.info("wide", Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`k${i}`, "v".repeat(50)])));
  log.info("cyclic", { deep });
  log.info("odd values", {
    big: 10n,
    bytes: new Uint8Array(5_000),
    nothing: undefined,
    run: () => 1,
    list: Array(999).fill(0),
  });
  for (const line of readFileSync(file, "utf8").split("\n"))
    expect(Buffer.byteLength(line)).toBeLessThan(2_000);
  expect(lines().map(({ event }) => event)).toEqual(["long", "wide", "cyclic", "odd values"]);
  expect(lines()[3]).toMatchObject({ big: "10", bytes: "(5000 bytes)" });
});

// A harness's title or a path may hold anything; a log shown with `cat` must not move anybody's cursor.
// Characters that turn the reading direction stood bare in it: a refused harness name showed the rest of its line backwards.
test("control characters, those of C1 and of direction too, arrive as escapes and one event stays one line", () => {
  const title = "a\nb\u001b[2J\u009b31m\u007f\u2028c\u202ed\u2066e\u200f";
  open().info("evil", { title });
  const text = readFileSync(file, "utf8");
  expect(text).not.toMatch(
    /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u200e\u200f\u202a-\u202e\u2066-\u2069]/,
  );
  expect(text.trim().split("\n")).toHaveLength(1);
  expect(lines()[0]?.["title"]).toBe(title);
});

test("secrets are redacted in every string, at every depth, and before anything is cut", () => {
  const key = "sk-proj-abcdefghijklmnop0123456789";
  open().info("call", {
    url: "https://bob:hunter2@host/x",
    nested: { list: [`Bearer ${key}`], apiKey: "plain-looking" },
    edge: "x".repeat(4_090) + key,
    error: new Error(`refused ${key}`),
  });
  const text = readFileSync(file, "utf8");
  for (const secret of ["hunter2", "sk-proj", "plain-looking"]) expect(text).not.toContain(secret);
});

test("a removed file is begun again, a removed directory too", () => {
  const log = open();
  log.info("one");
  rmSync(file);
  log.info("two");
  expect(lines().map(({ event }) => event)).toEqual(["two"]);
  rmSync(join(base, "logs"), { recursive: true });
  log.info("three");
  expect(lines().map(({ event }) => event)).toEqual(["three"]);
});

test("a log that cannot be written throws nothing, and counts what was lost once it can", () => {
  mkdirSync(file, { recursive: true });
  const log = open();
  log.info("lost");
  log.error("lost too");
  rmSync(file, { recursive: true });
  log.info("back");
  expect(lines()).toMatchObject([{ event: "log_lines_lost", count: 2 }, { event: "back" }]);
});

test("a link in its place is not followed", () => {
  const target = join(base, "precious");
  writeFileSync(target, "precious");
  mkdirSync(join(base, "logs"));
  symlinkSync(target, file);
  open().info("x");
  expect(readFileSync(target, "utf8")).toBe("precious");
  expect(lstatSync(file).isSymbolicLink()).toBe(true);
});

rootOnly("on a full disk nothing throws, and no line is glued to a torn one afterwards", () => {
  const small = join(base, "small");
  mkdirSync(small);
  expect(Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=16k,mode=700", "tmpfs", small]).exitCode).toBe(0);
  try {
    file = join(small, "daemon.log");
    const ballast = join(small, "ballast");
    const log = open();
    log.info("before");
    writeFileSync(ballast, Buffer.alloc(4096));
    for (let n = 0; n < 100; n++) log.info("flood", { n, filler: "y".repeat(200) });
    rmSync(ballast);
    log.info("after");
    const events = readFileSync(file, "utf8").trim().split("\n");
    expect(JSON.parse(events.at(-1) ?? "")).toMatchObject({ event: "after" });
    expect(JSON.parse(events.at(-2) ?? "")).toMatchObject({ event: "log_lines_lost" });
    log.close();
  } finally {
    Bun.spawnSync(["umount", small]);
  }
});

test("modes that were opened by hand do not keep it from writing", () => {
  const log = open();
  log.info("one");
  chmodSync(file, 0o400);
  log.info("two");
  expect(lines()).toHaveLength(2);
});
