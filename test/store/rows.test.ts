// Where output may be cut into rows: rows decoded one by one must read as one streaming decoder reads the whole.
import { expect, test } from "bun:test";
import { MAX_OUTPUT_EVENT_BYTES } from "../../src/session/event.ts";
import { rowsOf } from "../../src/store/rows.ts";

test("rows hold at most 16 KiB, end between characters, and add up to the bytes", () => {
  const bytes = new TextEncoder().encode(`a${"€😀é".repeat(20_000)}`);
  const rows = rowsOf(bytes);
  expect(rows.length).toBeGreaterThan(10);
  for (const row of rows) {
    expect(row.length).toBeLessThanOrEqual(MAX_OUTPUT_EVENT_BYTES);
    expect(() => new TextDecoder("utf-8", { fatal: true }).decode(row)).not.toThrow();
  }
  expect(Buffer.concat(rows).equals(bytes)).toBe(true);
});

test("rows lie side by side in the bytes they are cut from", () => {
  const bytes = new Uint8Array(40_000);
  let at = 0;
  for (const row of rowsOf(bytes, [1_000])) {
    expect(row.buffer).toBe(bytes.buffer);
    expect(row.byteOffset).toBe(at);
    at += row.length;
  }
  expect(at).toBe(bytes.length);
});

test("no bytes are no row, and an unfinished character at the very end stays in the last one", () => {
  expect(rowsOf(new Uint8Array(0))).toEqual([]);
  const bytes = Uint8Array.of(0x61, 0xe2, 0x82);
  expect(rowsOf(bytes)).toEqual([bytes]);
});

test("rows are as long as asked for, less what a character at the border needs", () => {
  const bytes = new TextEncoder().encode("€".repeat(20_000));
  const rows = rowsOf(bytes, [1_000, 300, 9_000]);
  expect(rows.map((row) => row.length)).toEqual([999, 300, 9_000, 16_383, 16_383, 16_383, 552]);
  expect(Buffer.concat(rows).equals(bytes)).toBe(true);
});

test("whatever is asked for, rows hold whole characters and at most 16 KiB", () => {
  const bytes = new TextEncoder().encode("a😀".repeat(10_000));
  const rows = rowsOf(bytes, [0, 1, 2, 3, 4, 5, -7, 100_000, 16_385, 3]);
  for (const row of rows) {
    expect(row.length).toBeLessThanOrEqual(MAX_OUTPUT_EVENT_BYTES);
    expect(() => new TextDecoder("utf-8", { fatal: true }).decode(row)).not.toThrow();
  }
  expect(Buffer.concat(rows).equals(bytes)).toBe(true);
});

// A small generator with a fixed seed: the same bytes on every machine, so that a failure can be walked through.
function* randomBytes(seed: number): Generator<number> {
  let state = seed;
  for (;;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state >>> 24;
  }
}

test("any bytes cut anywhere decode row by row as they do in one stream", () => {
  const random = randomBytes(7);
  const next = () => Number(random.next().value);
  const characters = [
    [0xe2, 0x82, 0xac],
    [0xf0, 0x9f, 0x98, 0x80],
    [0xc3, 0xa9],
    [0x61],
    [0xef, 0xbb, 0xbf],
    [0xed, 0xa0, 0x80],
  ];
  const decode = (bytes: Uint8Array) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  for (let round = 0; round < 300; round++) {
    const bytes: number[] = [];
    for (let i = 0; i < 60; i++) {
      if (next() < 40) bytes.push(next());
      else bytes.push(...(characters[next() % characters.length] ?? []).slice(0, 1 + (next() % 4)));
    }
    const lengths = Array.from({ length: 60 }, () => 4 + (next() % 6));
    const rows = rowsOf(Uint8Array.from(bytes), lengths);
    expect(rows.length).toBeGreaterThan(8);
    expect(rows.map(decode).join("")).toBe(decode(Uint8Array.from(bytes)));
  }
});
