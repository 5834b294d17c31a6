// Holds what is kept of a screen without scrollback: what scrolled off its top, once and in order, and not what was drawn over.
import { describe, expect, test } from "bun:test";
import { scrolledOff } from "../../src/cli/client/scrolled-off.ts";

/** What has gone after these screens, each a row a word; `.` is an empty row. */
function gone(...screens: string[]): string {
  const off = scrolledOff();
  for (const screen of screens) off.look(screen.split(" ").map((row) => (row === "." ? "" : row)));
  return off.take().join(" ");
}

describe("what went", () => {
  for (const [why, screens, expected] of [
    ["one row up", ["a b c d", "b c d e"], "a"],
    ["three at once", ["a b c d e f", "d e f g h i"], "a b c"],
    ["above an input line that stays", ["a b c d > x", "c d e f > x"], "a b"],
    ["below a heading that stays", ["# a b c d", "# b c d e"], "a"],
    ["a spinner turns meanwhile", ["a b c d -", "b c d e |"], "a"],
    ["only a spinner turns", ["a b c d -", "a b c d |", "a b c d /"], ""],
    ["an input line is typed into", ["a b c >", "a b c >x", "a b c >xy"], ""],
    ["a row is drawn over", ["a b c d", "a B c d"], ""],
    ["drawn from the top in two halves", ["a b c d e f g h", "b c d e e f g h", "b c d e f g h i"], "a"],
    ["a heading is put over the first row", ["a b c d e >", "# c d e f >"], "a b"],
    ["a heading that counts", ["row1 b c d >", "row2 c d e >"], "b"],
    ["another screen", ["a b c d e", "v w x y z"], "a b c d e"],
    ["cleared, and drawn again as it was", ["a b c d", ". . . .", "a b c d"], ""],
    ["cleared, and drawn on one further", ["a b c d", ". . . .", "b c d e"], "a"],
    [
      "scrolled back by a person and forth again",
      ["a b c d", "b c d e", "c d e f", "b c d e", "c d e f"],
      "a b",
    ],
    ["blank rows between", ["a . b . c .", "b . c . d ."], "a"],
    ["nothing at all", [". . .", "a . .", "a b ."], ""],
  ] as const) {
    test(why, () => expect(gone(...screens)).toBe(expected));
  }

  test("row by row through a small screen: all of it, once and in order", () => {
    const rows = Array.from({ length: 300 }, (_, n) => `row${n}`);
    const screens = rows.slice(0, -9).map((_, n) => [...rows.slice(n, n + 10), "---", ">"].join(" "));
    expect(gone(...screens)).toBe(rows.slice(0, -10).join(" "));
  });

  test("the next program begins anew", () => {
    const off = scrolledOff();
    off.look(["a", "b", "c"]);
    off.look(["b", "c", "d"]);
    expect(off.take()).toEqual(["a"]);
    off.look(["x", "y", "z"]);
    expect(off.take()).toEqual([]);
  });
});
