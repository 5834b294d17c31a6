// Holds what text goes through on its way to a person or a file: line ends, widths, tables, times, colour.
import { describe, expect, test } from "bun:test";
import { wantsColour } from "../../src/cli/ui/colour.ts";
import { glyphsOf } from "../../src/cli/ui/glyphs.ts";
import { nearest } from "../../src/cli/ui/nearest.ts";
import { lineEnds } from "../../src/cli/ui/newlines.ts";
import { table } from "../../src/cli/ui/table.ts";
import { harmless, quoted } from "../../src/cli/ui/text.ts";
import { ago, duration, size, span } from "../../src/cli/ui/time.ts";
import { cut, widthOf } from "../../src/cli/ui/width.ts";

function converted(chunks: readonly string[]): string {
  const ends = lineEnds();
  const parts = [...chunks.map((chunk) => ends.convert(Buffer.from(chunk, "latin1"))), ends.end()];
  return Buffer.concat(parts).toString("latin1");
}

describe("CRLF becomes LF", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["a\r\nb\r\n", "a\nb\n"],
    ["10%\r20%\r\n", "10%\r20%\n"],
    ["\r\r\n", "\r\n"],
    ["a\r", "a\r"],
    ["\r\n\r\n", "\n\n"],
    ["\n\r", "\n\r"],
    ["\xe2\x82\xac\r\n\x00\xff\r", "\xe2\x82\xac\n\x00\xff\r"],
  ];
  for (const [from, to] of cases) {
    test(JSON.stringify(from), () => {
      expect(converted([from])).toBe(to);
      // Wherever the chunks are cut, the result is the same.
      expect(converted(Array.from(from))).toBe(to);
      for (let at = 0; at <= from.length; at++) {
        expect(converted([from.slice(0, at), "", from.slice(at)])).toBe(to);
      }
    });
  }
});

describe("a table", () => {
  const columns = [
    { head: "NAME", cell: (row: readonly [string, string]) => row[0] },
    { head: "TITLE", cell: (row: readonly [string, string]) => row[1] },
  ];
  test("aligns, wide characters included", () => {
    expect(
      table(
        [
          ["日本", "x"],
          ["abc", "y"],
          ["👩‍👩‍👧", "z"],
        ],
        columns,
      ),
    ).toEqual(["NAME  TITLE", "日本  x", "abc   y", "👩‍👩‍👧    z"]);
  });
  test("a hostile title moves no cursor, adds no line, rings no bell and reverses nothing", () => {
    const hostile = "a\u001b[31mred\r\nnew\u0007\u009b2J\u202eevil\u2028x\ty";
    const [, row = ""] = table([["n", hostile]], columns);
    expect(row).toBe("n     a␛[31mred  new  2J evil x y");
  });
  test("is cut to the width, never through a character", () => {
    const lines = table([["n", "日本語の長い題名です"]], columns, 17);
    expect(lines[1]).toBe("n     日本語の長…");
    expect(widthOf(lines[1] ?? "")).toBeLessThanOrEqual(17);
    expect(cut("👩‍👩‍👧👩‍👩‍👧", 3)).toBe("👩‍👩‍👧…");
    expect(cut("abc", 3)).toBe("abc");
  });
  test("paint is laid on after the width was measured", () => {
    const painted = { head: "S", cell: () => "ok", paint: (text: string) => `<${text}>` };
    expect(table([["n", "t"]], [painted, ...columns])[1]).toBe("<ok>  n     t");
  });
});

test("words are shown as a person would type them", () => {
  expect(["a-b", "a b", "it's", "\u001b[2J", ""].map(quoted)).toEqual([
    "a-b",
    "'a b'",
    "'it'\\''s'",
    "'␛[2J'",
    "''",
  ]);
  expect(harmless("plain … äöü 日本")).toBe("plain … äöü 日本");
});

test("times and sizes are human", () => {
  const now = Date.parse("2026-01-02T00:00:00Z");
  expect(ago("2026-01-01T23:59:58Z", now)).toBe("just now");
  expect(ago("2026-01-01T23:58:00Z", now)).toBe("2m ago");
  expect(ago("2026-01-03T00:00:00Z", now)).toBe("just now");
  expect(ago("nonsense", now)).toBe("?");
  expect([0, 59_999, 60_000, 7_200_000, 90_000_000].map(span)).toEqual(["0s", "59s", "1m", "2h", "1d"]);
  expect([-5, 120, 9_900, 12_400, 200_000, 7_500_000].map(duration)).toEqual([
    "0.0 s",
    "0.1 s",
    "9.9 s",
    "12 s",
    "3 m 20 s",
    "2 h 5 m",
  ]);
  expect([0, 999, 1_000, 4_200, 999_600, 5e9].map(size)).toEqual([
    "0 B",
    "999 B",
    "1.0 KB",
    "4.2 KB",
    "1.0 MB",
    "5.0 GB",
  ]);
});

test("colour: NO_COLOR wins, then FORCE_COLOR, then the terminal", () => {
  expect(wantsColour({}, true)).toBe(true);
  expect(wantsColour({}, false)).toBe(false);
  expect(wantsColour({ NO_COLOR: "1" }, true)).toBe(false);
  expect(wantsColour({ NO_COLOR: "1", FORCE_COLOR: "1" }, true)).toBe(false);
  expect(wantsColour({ NO_COLOR: "" }, true)).toBe(true);
  expect(wantsColour({ FORCE_COLOR: "1" }, false)).toBe(true);
  expect(wantsColour({ FORCE_COLOR: "0" }, true)).toBe(false);
  expect(wantsColour({ TERM: "dumb" }, true)).toBe(false);
});

test("the nearest word is a guess worth making, or none", () => {
  const known = ["run", "sessions", "attach", "archive", "sacrifice"];
  expect(
    ["rn", "sesions", "atach", "sess", "RUN", "zebra", "", "x"].map((typed) => nearest(typed, known)),
  ).toEqual(["run", "sessions", "attach", "sessions", "run", undefined, undefined, undefined]);
});

describe("the signs a terminal gets", () => {
  test.each([
    [{}, true],
    [{ LANG: "C.UTF-8", TERM: "xterm" }, true],
    [{ LANG: "de_DE.utf8" }, true],
    [{ LANG: "C" }, false],
    [{ LANG: "en_US.UTF-8", LC_ALL: "POSIX" }, false],
    [{ LANG: "en_US.UTF-8", LC_CTYPE: "C" }, false],
    [{ LANG: "en_US.UTF-8", TERM: "dumb" }, false],
    [{ LANG: "en_US.UTF-8", TERM: "linux" }, false],
  ])("%p: drawn is %p", (env, drawn) => {
    const signs = Object.values(glyphsOf(env)).flat();
    expect(signs.some((sign) => /[^ -~]/.test(sign))).toBe(drawn);
    expect(signs.filter((sign) => sign.length === 1 && widthOf(sign) !== 1)).toEqual([]);
  });
});
