// Holds what keys are called: bytes as terminals send them, whole and cut anywhere.
import { describe, expect, test } from "bun:test";
import { type Key, keyReader, keysOf } from "../../src/cli/ui/key-input.ts";
import { until } from "../support/until.ts";

const CASES: readonly (readonly [bytes: string, names: string])[] = [
  ["abc", "abc"],
  ["日本", "日本"],
  ["a\rb", "a enter b"],
  ["\u001b[A\u001b[B\u001bOA\u001bOB", "up down up down"],
  ["\u001b[5~\u001b[6~\u001b[H\u001b[F\u001b[1~\u001b[4~", "pageup pagedown home end home end"],
  ["\t\u007f\b\u0015", "tab backspace backspace clear"],
  ["\u0003", "interrupt"],
  ["\u0004", "interrupt"],
  ["\u001bx", "other"],
  ["\u001b[1;5A", "other"],
  ["\u001b[200~", "other"],
  ["\u001b\u001b[A", "escape up"],
  ["\u0001", "other"],
  ["\u001b[<0;10;5Mx", "press@9,4 x"],
  ["\u001b[<64;1;1M\u001b[<65;300;200M", "wheel up@0,0 wheel down@299,199"],
  // With Ctrl down it is a click as well; a release, a movement and the other buttons do nothing.
  ["\u001b[<16;2;2M\u001b[<0;2;2m\u001b[<32;2;2M\u001b[<2;2;2M", "press@1,1 other other other"],
];

function said(keys: readonly Key[]): string {
  return keys
    .map((key) => {
      if (key.name === "mouse") return `${key.what}@${key.x},${key.y}`;
      return key.name === "text" ? key.text : key.name;
    })
    .join(" ");
}

describe("keys", () => {
  for (const [bytes, names] of CASES) {
    test(JSON.stringify(bytes), () => {
      const { keys, rest } = keysOf(bytes);
      expect([said(keys), rest]).toEqual([names, ""]);
    });
  }

  test("what may go on is held back: cut at each byte, the same keys come out", () => {
    const bytes = new TextEncoder().encode("a\u001b[6~日\u001bOBz");
    for (let cut = 1; cut < bytes.length; cut++) {
      const keys: Key[] = [];
      const reader = keyReader((key) => keys.push(key));
      reader.take(bytes.subarray(0, cut));
      reader.take(bytes.subarray(cut));
      reader.stop();
      expect(said(keys).replaceAll(" ", "")).toBe("apagedown日downz");
    }
  });

  test("an Escape that nothing follows is a key of its own, a moment later", async () => {
    const keys: Key[] = [];
    const reader = keyReader((key) => keys.push(key));
    reader.take(new Uint8Array([27]));
    expect(keys).toEqual([]);
    await until("it is a key", () => keys.length > 0);
    expect(said(keys)).toBe("escape");
  });
});
