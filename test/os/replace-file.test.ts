// Holds that a file appears whole, private and in place of the old one, and that nothing is left behind where it does not.
import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  chmodSync,
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
import { beginReplacing, replaceFile } from "../../src/os/replace-file.ts";
import { rootOnly } from "../support/refusal.ts";

let dir: string;
let path: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "cv-replace-"));
  path = join(dir, "file");
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

test("a new file has its mode whatever the umask, and an old one that was open to others is replaced", () => {
  const umask = process.umask(0o277);
  try {
    replaceFile(path, "new");
  } finally {
    process.umask(umask);
  }
  expect(statSync(path).mode & 0o777).toBe(0o600);
  chmodSync(path, 0o666);
  replaceFile(path, "newer", { flush: true });
  expect(readFileSync(path, "utf8")).toBe("newer");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  replaceFile(path, "for all", { mode: 0o644 });
  expect(statSync(path).mode & 0o777).toBe(0o644);
  expect(readdirSync(dir)).toEqual(["file"]);
});

test("until it is committed the old one stays, and one that is discarded leaves no trace", () => {
  writeFileSync(path, "old");
  const file = beginReplacing(path);
  file.write(Buffer.from("half of a"));
  expect(readFileSync(path, "utf8")).toBe("old");
  file.discard();
  expect(readFileSync(path, "utf8")).toBe("old");
  expect(readdirSync(dir)).toEqual(["file"]);
});

test("what a crashed process of the same id left behind is no obstacle, and is not written through where it is a link", () => {
  const other = join(dir, "other");
  writeFileSync(other, "not ours");
  symlinkSync(other, `${path}.${process.pid}.tmp`);
  replaceFile(path, "new");
  expect(readFileSync(path, "utf8")).toBe("new");
  expect(readFileSync(other, "utf8")).toBe("not ours");
  expect(readdirSync(dir).sort()).toEqual(["file", "other"]);
});

test("a directory in its place is refused and stays, a device is written to and stays one", () => {
  mkdirSync(path);
  expect(() => replaceFile(path, "x")).toThrow(/EISDIR/);
  expect(readdirSync(dir)).toEqual(["file"]);
  replaceFile("/dev/null", "gone");
  expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
});

rootOnly("on a full disk the old file stays whole", () => {
  mkdirSync(path);
  expect(Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", path]).exitCode).toBe(0);
  try {
    const file = join(path, "file");
    replaceFile(file, "old");
    expect(() => replaceFile(file, new Uint8Array(200_000))).toThrow(/ENOSPC/);
    expect(readFileSync(file, "utf8")).toBe("old");
    expect(readdirSync(path)).toEqual(["file"]);
  } finally {
    Bun.spawnSync(["umount", path]);
  }
});
