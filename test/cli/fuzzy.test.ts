// Holds the filter of lists to fzf's rules, its order, and where it says that it found what.
import { describe, expect, test } from "bun:test";
import { finder } from "../../src/cli/ui/fuzzy.ts";

const ROWS = [
  "Fix the login bug running codex app",
  "write docs completed claude docs",
  "explain the parser waiting codex app",
  "日本語 wide é title killed demo app",
];

const find = (query: string, rows: readonly string[] = ROWS) =>
  finder(rows, (row) => row)
    .find(query)
    .map(({ item }) => item);
const heads = (query: string) => find(query).map((row) => row.split(" ")[0]);

describe("terms", () => {
  for (const [query, found] of [
    ["fxlg", ["Fix"]],
    ["'login", ["Fix"]],
    ["'lgn", []],
    ["^fix", ["Fix"]],
    ["^login", []],
    ["docs$", ["write"]],
    ["!codex", ["write", "日本語"]],
    ["!codex !docs", ["日本語"]],
    ["!^write !app$", []],
    ["^fix | ^write", ["Fix", "write"]],
    ["codex 'parser | 'login", ["Fix", "explain"]],
    ["'fix", ["Fix"]],
    ["Fix", ["Fix"]],
    ["'FIX", []],
    ["'日本 é", ["日本語"]],
    ["'e\u0301", ["日本語"]],
    ["^write docs completed claude docs$", ["write"]],
    ["the 'app$", ["Fix", "explain"]],
  ] as const) {
    test(`${query}`, () => expect(heads(query).sort()).toEqual([...found].sort()));
  }

  test("of what is only half typed nothing breaks", () => {
    for (const query of ["'", "!", "^", "| ", "a |", "| a", "!^", "\\", "\\ ", "$"]) {
      expect(Array.isArray(find(query))).toBe(true);
    }
    expect(find("  ")).toEqual([...ROWS]);
  });
});

test("the best first: whole words before scattered letters; of equals the order of the list", () => {
  expect(find("task", ["t-a-s-k spread", "one task", "xtxaxsxk"])[0]).toBe("one task");
  const same = ["task 1", "task 2", "task 3"];
  expect(find("task", same)).toEqual(same);
});

test("where: indices into the text, also behind wide characters and emoji", () => {
  const at = (query: string, row: string) => [
    ...(finder([row], (one) => one).find(query)[0]?.at ?? []),
  ].sort((a, b) => a - b); // biome-ignore format: one thought
  expect(at("'login", "Fix the login")).toEqual([8, 9, 10, 11, 12]);
  expect(at("wide", "日本 wide")).toEqual([3, 4, 5, 6]);
  expect(at("b", "🎉🎉b")).toEqual([4]);
  expect(at("!zzz", "abc")).toEqual([]);
});
