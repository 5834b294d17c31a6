// Proof that a member's line in a JSON text is the right one, and that a broken text is broken where we say.
import { describe, expect, test } from "bun:test";
import { jsonPlaces } from "../../src/harness/json-places.ts";

const TEXT = `{
  "a": 1, "b": [true,
    {"c":
      "x\\n\\"y"}],
  "d e": {"f.g": -1.5e3},

  "last": []
}
`;

test.each([
  [[], 1],
  [["a"], 2],
  [["b"], 2],
  [["b", 0], 2],
  [["b", 1], 3],
  [["b", 1, "c"], 3],
  [["d e", "f.g"], 5],
  [["last"], 7],
  // What isn't there: the nearest around it.
  [["b", 1, "z"], 3],
  [["z"], 1],
])("%j stands in line %d", (path, line) => {
  expect(jsonPlaces(TEXT).lineOf(path)).toBe(line);
  expect(jsonPlaces(TEXT).brokenAt).toBeUndefined();
});

describe("where a text is broken", () => {
  test.each([
    ["", 1],
    ["{\n", 2],
    ['{"a": 1\n"b": 2}', 2],
    ['{\n\n"a": 1,\n}', 4],
    ["[1,\n2,\n'3']", 3],
    ['{"a": "\n"}', 1],
    ["[1]\n\n]", 3],
    ['{"a": 01}', 1],
    [`${"[\n".repeat(100)}${"]".repeat(100)}`, 66],
  ])("%j in line %d", (text, line) => {
    expect(jsonPlaces(text).brokenAt).toBe(line);
  });

  test("it says so of exactly what JSON.parse refuses", () => {
    const pieces = [
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"a"',
      '"\\u00e9"',
      '"\\x"',
      "1",
      "-",
      "1.",
      "true",
      "nul",
      " ",
      "\n",
    ];
    let random = 7;
    const next = (below: number) => {
      random = (random * 1_103_515_245 + 12_345) % 2_147_483_648;
      return Math.floor((random / 2_147_483_648) * below);
    };
    for (let i = 0; i < 20_000; i++) {
      const text = Array.from({ length: 1 + next(7) }, () => pieces[next(pieces.length)]).join("");
      let valid = true;
      try {
        JSON.parse(text);
      } catch {
        valid = false;
      }
      expect([text, jsonPlaces(text).brokenAt === undefined]).toEqual([text, valid]);
    }
  });
});
