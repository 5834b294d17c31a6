// Where a stream may be cut: rows decoded one by one must read as one streaming decoder reads the whole.
import { expect, test } from "bun:test";
import { cutRows } from "../../src/session/cut.ts";
import { MAX_OUTPUT_EVENT_BYTES } from "../../src/session/event.ts";

test("rows hold at most 16 KiB, end between characters, and add up to the stream", () => {
  const stream = new TextEncoder().encode(`a${"€😀é".repeat(20_000)}`);
  const { rows, rest } = cutRows([stream]);
  expect(rest).toHaveLength(0);
  for (const row of rows) {
    expect(row.length).toBeLessThanOrEqual(MAX_OUTPUT_EVENT_BYTES);
    expect(() => new TextDecoder("utf-8", { fatal: true }).decode(row)).not.toThrow();
  }
  expect(Buffer.concat(rows).equals(stream)).toBe(true);
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
  const pieces = [
    [0xe2, 0x82, 0xac],
    [0xf0, 0x9f, 0x98, 0x80],
    [0xc3, 0xa9],
    [0x61],
    [0xef, 0xbb, 0xbf],
    [0xed, 0xa0, 0x80],
  ];
  for (let round = 0; round < 300; round++) {
    const bytes: number[] = [];
    for (let i = 0; i < 60; i++) {
      if (next() < 40) bytes.push(next());
      else bytes.push(...(pieces[next() % pieces.length] ?? []).slice(0, 1 + (next() % 4)));
    }
    const stream = Uint8Array.from(bytes);
    const whole = new TextDecoder("utf-8", { ignoreBOM: true }).decode(stream);
    let waiting = new Uint8Array(0);
    let read = "";
    for (let at = 0; at < stream.length; ) {
      const to = Math.min(stream.length, at + 1 + (next() % 5));
      const { rows, rest } = cutRows([waiting, stream.subarray(at, to)]);
      for (const row of rows) read += new TextDecoder("utf-8", { ignoreBOM: true }).decode(row);
      waiting = Uint8Array.from(rest);
      at = to;
    }
    read += new TextDecoder("utf-8", { ignoreBOM: true }).decode(waiting);
    expect(read).toBe(whole);
  }
});

test("the pieces a stream came in make no difference to its rows", () => {
  const random = randomBytes(11);
  const next = () => Number(random.next().value);
  const stream = new TextEncoder().encode("plain text, €, 😀 and é; ".repeat(6_000));
  const expected = cutRows([stream]);
  expect(expected.rows.length).toBeGreaterThan(8);
  for (let round = 0; round < 60; round++) {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < stream.length; ) {
      // From empty and single bytes to pieces of several rows, borders of rows and characters among them.
      const size = [0, 1, 2, 3, 16_381, 16_384, 40_000][next() % 7] ?? 0;
      pieces.push(stream.subarray(at, at + size));
      at += size;
    }
    const { rows, rest } = cutRows(pieces);
    expect(rows.map((row) => row.length)).toEqual(expected.rows.map((row) => row.length));
    expect(Buffer.concat([...rows, rest]).equals(stream)).toBe(true);
  }
});

test("rows are as long as asked for, less what a character at the border needs", () => {
  const stream = new TextEncoder().encode("€".repeat(20_000));
  for (const pieces of [
    [stream],
    [stream.subarray(0, 100), stream.subarray(100, 5_000), stream.subarray(5_000)],
  ]) {
    const { rows, rest } = cutRows(pieces, [1_000, 300, 9_000]);
    expect(rows.map((row) => row.length)).toEqual([999, 300, 9_000, 16_383, 16_383, 16_383, 552]);
    expect(Buffer.concat([...rows, rest]).equals(stream)).toBe(true);
  }
});

test("whatever is asked for, rows hold whole characters and at most 16 KiB", () => {
  const stream = new TextEncoder().encode("a😀".repeat(10_000));
  const lengths = [0, 1, 2, 3, 4, 5, -7, 100_000, 16_385, 3];
  const { rows, rest } = cutRows([stream], lengths);
  expect(rest).toHaveLength(0);
  for (const row of rows) {
    expect(row.length).toBeLessThanOrEqual(MAX_OUTPUT_EVENT_BYTES);
    expect(() => new TextDecoder("utf-8", { fatal: true }).decode(row)).not.toThrow();
  }
  expect(Buffer.concat(rows).equals(stream)).toBe(true);
});
