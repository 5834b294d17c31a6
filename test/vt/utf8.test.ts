// Which bytes at the end of a stream may still become a character.
import { expect, test } from "bun:test";
import { unfinishedTail } from "../../src/vt/utf8.ts";

const tails: [name: string, bytes: number[], unfinished: number][] = [
  ["nothing", [], 0],
  ["ascii", [0x61], 0],
  ["a whole two-byte character", [0xc3, 0xa9], 0],
  ["half of one", [0xc3], 1],
  ["a third of a euro sign", [0xe2], 1],
  ["two thirds of a euro sign", [0xe2, 0x82], 2],
  ["a whole euro sign", [0xe2, 0x82, 0xac], 0],
  ["three quarters of an emoji", [0xf0, 0x9f, 0x98], 3],
  ["a whole emoji", [0xf0, 0x9f, 0x98, 0x80], 0],
  ["a lone continuation", [0x80], 0],
  ["four continuations", [0x80, 0x80, 0x80, 0x80], 0],
  ["an overlong form that can never be finished", [0xe0, 0x80], 0],
  ["half a surrogate that can never be finished", [0xed, 0xa0], 0],
  ["past U+10FFFF", [0xf4, 0x90], 0],
  ["a byte that begins nothing", [0xff], 0],
  ["C0, never valid", [0xc0], 0],
];

for (const [name, bytes, unfinished] of tails) {
  test(`unfinished tail: ${name}`, () => {
    expect(unfinishedTail(Uint8Array.from(bytes))).toBe(unfinished);
  });
}
