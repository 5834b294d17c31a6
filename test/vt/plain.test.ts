// Four bytes at a time must say what one at a time says, wherever in memory and in the stream they stand.
import { expect, test } from "bun:test";
import { queryFilter } from "../../src/vt/filter.ts";
import { OTHER, plain, TEXT } from "../../src/vt/plain.ts";

// A small generator with a fixed seed: the same bytes on every machine.
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % below;
  };
}

const PIECES = [
  "text",
  "a longer stretch of text, as most output is",
  "\r\n",
  "\t",
  "\x1b[1;32m",
  "\x1b[0m",
  "\x1b[K",
  "✓",
  "é",
  "\u00c2",
  "\xa0",
  "\x1b",
  "\x1b[",
  "\x1b[?25l",
  "\x7f",
  "\x08",
  "\x0e",
  "\u009b",
  "~ ",
];

function oneByOne(bytes: Uint8Array, from: number): number {
  let within = from;
  for (let i = 0; i < bytes.length; i++) within = plain(bytes.subarray(i, i + 1), within);
  return within;
}

test("any stream, from any address, from any state", () => {
  const below = random(5);
  let plainOnes = 0;
  for (let round = 0; round < 4_000; round++) {
    // Mostly what is plain, so that the end is reached as well.
    const known = round % 3 === 0 ? PIECES.length : 9;
    const text = Array.from({ length: below(12) }, () => PIECES[below(known)] ?? "").join("");
    const room = Buffer.alloc(text.length * 4 + 8);
    const offset = below(8);
    const bytes = room.subarray(offset, offset + room.write(text, offset));
    for (const from of [TEXT, 1, 2, 3]) {
      const found = plain(bytes, from);
      expect(found).toBe(oneByOne(bytes, from));
      if (found !== OTHER) plainOnes += 1;
    }
  }
  expect(plainOnes).toBeGreaterThan(1_000);
});

test("each byte in each place of a word", () => {
  for (let byte = 0; byte < 256; byte++) {
    for (let at = 0; at < 24; at++) {
      const bytes = new Uint8Array(24).fill(0x61);
      bytes[at] = byte;
      expect(plain(bytes, TEXT)).toBe(oneByOne(bytes, TEXT));
    }
  }
});

test("a sequence that everybody drops is not plain, and a viewer does not get it", () => {
  const long = Buffer.from(`a\x1b[${"1;".repeat(6_000)}mb`);
  expect(plain(long, TEXT)).toBe(OTHER);
  expect(Buffer.from(queryFilter(new Uint8Array(0)).pass(long)).toString()).toBe("ab");
});
