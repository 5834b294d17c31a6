// Tests src/daemon/log-reader.ts against the real writer: no line twice, none missed, in order, across any rotation.
import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLog } from "../../src/daemon/log.ts";
import { type LogReader, readLog } from "../../src/supervise/log-reader.ts";

let base: string;
let file: string;
let reader: LogReader;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "cv-lr-"));
  file = join(base, "logs/daemon.log");
  reader = readLog(file);
});
afterEach(() => {
  reader.close();
  rmSync(base, { recursive: true, force: true });
});

const read = () => Array.from(reader.lines());
const numbers = () => read().map((line) => Number(JSON.parse(line).n));
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

test("nothing is there yet, then lines come, then more", () => {
  expect(read()).toEqual([]);
  const log = openLog(file, () => "t");
  for (const n of range(0, 3)) log.info("x", { n });
  expect(numbers()).toEqual([0, 1, 2]);
  expect(read()).toEqual([]);
  log.info("x", { n: 3 });
  expect(numbers()).toEqual([3]);
});

test("rotated files come first, oldest line first", () => {
  const log = openLog(file, () => "t", { fileBytes: 1_000, kept: 3 });
  for (const n of range(0, 40)) log.info("x", { n, filler: "y".repeat(40) });
  expect(readdirSync(join(base, "logs"))).toHaveLength(4);
  const kept = numbers();
  expect(kept).toEqual(range(kept[0] ?? 0, 40));
  expect(kept.length).toBeGreaterThan(20);
});

test("followed across rotations nothing is missed and nothing comes twice, however many there were between two looks", () => {
  const log = openLog(file, () => "t", { fileBytes: 600, kept: 3 });
  const seen: number[] = [];
  let n = 0;
  // Up to as many lines as three files hold; a rotated-away file that was open is still read to its end.
  for (const burst of [1, 7, 3, 20, 1, 1, 15, 9, 2, 20, 4]) {
    for (let i = 0; i < burst; i++) log.info("x", { n: n++, filler: "z".repeat(20) });
    seen.push(...numbers());
  }
  expect(seen).toEqual(range(0, n));
});

test("half a line waits for its other half, also within a character", () => {
  mkdirSync(join(base, "logs"));
  const bytes = Buffer.from('{"n":"ä"}\n');
  writeFileSync(file, bytes.subarray(0, 7));
  expect(read()).toEqual([]);
  appendFileSync(file, bytes.subarray(7));
  expect(read()).toEqual(['{"n":"ä"}']);
});

test("a file that was emptied or removed is begun anew", () => {
  const log = openLog(file, () => "t");
  log.info("x", { n: 1 });
  expect(numbers()).toEqual([1]);
  truncateSync(file);
  expect(read()).toEqual([]);
  log.info("x", { n: 2 });
  expect(numbers()).toEqual([2]);
  rmSync(file);
  expect(read()).toEqual([]);
  log.info("x", { n: 3 });
  expect(numbers()).toEqual([3]);
});
