// Holds how pastes are told from keys, whole and cut anywhere, and how a text of several lines stands in one.
import { describe, expect, test } from "bun:test";
import { BREAK, pastes } from "../../src/cli/ui/multi-line.ts";
import { pasteReader } from "../../src/cli/ui/pastes.ts";
import { until } from "../support/until.ts";

/** What came of reads, each with the time at which it came, in milliseconds. */
function read(...reads: readonly (readonly [at: number, text: string])[]): string[] {
  const seen: string[] = [];
  let time = 0;
  const reader = pasteReader(
    { keys: (text) => seen.push(`keys ${text}`), paste: (text) => seen.push(`paste ${text}`) },
    () => time,
  );
  for (const [at, text] of reads) {
    time = at;
    reader.take(new TextEncoder().encode(text));
  }
  reader.stop();
  return seen;
}

describe("what is read", () => {
  test("keys are keys, also text and Enter in one read", () => {
    expect(read([0, "a"], [90, "b\r"], [200, "\r"])).toEqual(["keys a", "keys b\r", "keys \r"]);
  });
  test("what the terminal marks is a paste, wherever it is cut", () => {
    const whole = "x\u001b[200~one\rtwo\u001b[201~y";
    for (let at = 1; at < whole.length; at++) {
      const seen = read([0, whole.slice(0, at)], [1, whole.slice(at)]);
      expect(seen.filter((one) => one.startsWith("paste"))).toEqual(["paste one\rtwo"]);
      const keys = seen
        .filter((one) => one.startsWith("keys"))
        .map((one) => one.slice(5))
        .join("");
      expect(keys.replaceAll("\u001b[200~", "")).toBe("xy");
    }
  });
  test("lines in one read are a paste, and so is the piece that comes right behind; a key later is none", () => {
    expect(read([0, "one\rtwo"], [10, " more\r"], [20, "\r"], [500, "three\r"])).toEqual([
      "paste one\rtwo",
      "paste  more\r",
      "keys \r",
      "keys three\r",
    ]);
  });
  test("a paste that lost its end is over after a while", () => {
    expect(read([0, "\u001b[200~one"], [6_000, "k"])).toEqual(["keys k"]);
  });
  test("an Escape and a bracket that no marker follows are keys in the end", async () => {
    const seen: string[] = [];
    const reader = pasteReader({ keys: (text) => seen.push(text), paste: () => {} });
    reader.take(new TextEncoder().encode("\u001b["));
    await until("they are given on", () => seen.length > 0);
    expect(seen).toEqual(["\u001b["]);
  });
});

test("a text in a line: no control character, its lines and its length said, and meant as it was", () => {
  const some = pastes();
  expect(some.inLine("a\r\nb\rc\n\u001b[31m\u0007d\n\n")).toBe(`a${BREAK}b${BREAK}c${BREAK}[31md`);
  expect(some.meant(`a${BREAK}b`)).toBe("a\nb");
  const long = Array.from({ length: 40 }, (_, at) => `line number ${at}`).join("\n");
  const sign = some.inLine(long);
  expect(sign).toHaveLength(1);
  expect(some.meant(`x ${sign}`)).toBe(`x ${long}`);
  expect(some.described(`x ${sign}`)).toBe("x [pasted: 40 lines]");
  // A text can't pretend to be one.
  expect(some.inLine(`evil ${sign}`)).toBe("evil ");
});
