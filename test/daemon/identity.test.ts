// Tests src/daemon/identity.ts: whole or not at all, private, and never trusted.
import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readIdentity, removeIdentity, writeIdentity } from "../../src/daemon/identity.ts";
import { refusalOf } from "../support/refusal.ts";

const identity = { pid: 4711, startedAt: "2026-11-21T10:00:00.000Z", socket: "/h/coven.sock" };
let base: string;
let path: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "cv-id-"));
  path = join(base, "daemon.json");
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

test("it is written whole, private and alone, over whatever lay there", () => {
  for (const lying of [undefined, "", "{half", '{"pid":1}']) {
    if (lying !== undefined) writeFileSync(path, lying);
    writeFileSync(`${path}.${process.pid}.tmp`, "left by a crash");
    writeIdentity(path, identity);
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(identity);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(base)).toEqual(["daemon.json"]);
  }
});

test.each([
  "",
  "null",
  "[]",
  "7",
  "{",
  '{"pid":"1","startedAt":"x","socket":"y"}',
  '{"pid":-1,"startedAt":"x","socket":"y"}',
])("%p is no identity, and no accident", (text) => {
  writeFileSync(path, text);
  expect(readIdentity(path)).toBeUndefined();
});

test("missing and unreadable are no accident either", () => {
  expect(readIdentity(path)).toBeUndefined();
  mkdirSync(path);
  expect(readIdentity(path)).toBeUndefined();
});

test("only one's own is removed", () => {
  writeIdentity(path, identity);
  removeIdentity(path, { ...identity, pid: 1 });
  removeIdentity(path, { ...identity, startedAt: "2026-11-21T10:00:00.001Z" });
  expect(existsSync(path)).toBe(true);
  removeIdentity(path, identity);
  removeIdentity(path, identity);
  expect(existsSync(path)).toBe(false);
});

test("a directory in its place is an error that names it, and no draft stays", () => {
  mkdirSync(join(path, "sub"), { recursive: true });
  expect(refusalOf(() => writeIdentity(path, identity)).message).toContain(path);
  expect(readdirSync(base)).toEqual(["daemon.json"]);
});
