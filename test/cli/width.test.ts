// Widths are the runtime's. They must be those of the terminal that draws: the same text, the same cells.
import { expect, test } from "bun:test";
import { cut, widthOf } from "../../src/cli/ui/width.ts";
import { openScreen } from "../../src/screen/screen.ts";

/** Columns that text takes in our own terminal. */
function drawn(texts: readonly string[]): number[] {
  const screen = openScreen({ cols: 100, rows: 2, scrollback: 0, answer: () => {} });
  const widths = texts.map((text) => {
    screen.write(Buffer.from(`\x1bc${text}`));
    return screen.image().cursor.x;
  });
  screen.close();
  return widths;
}

/** Wide, or there at all, only since Unicode 14 and later, which the emulator's tables do not know. */
const NEWLY_WIDE =
  /[\u2630-\u2637\u268a-\u268f\u2ffc-\u2fff\u31e4\u31e5\u31ef\u4dc0-\u4dff\u{1f979}\u{1f9cc}]/u;

/** Every character of these blocks that is assigned, prints and stands for itself. */
function characters(...blocks: readonly (readonly [from: number, to: number])[]): string[] {
  return blocks
    .flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => String.fromCodePoint(from + i)))
    .filter((one) => !/[\p{C}\p{M}]/u.test(one) && !NEWLY_WIDE.test(one));
}

test.each([
  ["Latin, Greek, Cyrillic, Hebrew", characters([0x20, 0x5ff])],
  ["Thai to Georgian", characters([0xe00, 0xe7f], [0x10a0, 0x10ff])],
  ["punctuation, arrows, mathematics, boxes, symbols", characters([0x2010, 0x2bff])],
  ["Chinese, Japanese, Korean", characters([0x2e80, 0x9fff], [0xac00, 0xd7a3], [0xf900, 0xfaff])],
  ["full and half width", characters([0xff01, 0xff9f], [0xffa1, 0xffef])],
  ["emoji", characters([0x1f300, 0x1f64f], [0x1f680, 0x1f6d7], [0x1f900, 0x1f9ff])],
])("%s: every character as wide as it is drawn", (_, all) => {
  expect(all.length).toBeGreaterThan(100);
  const widths = drawn(all);
  expect(all.filter((one, i) => widthOf(one) !== widths[i])).toEqual([]);
});

test("what several code points make is as wide as it is drawn", () => {
  const texts = [
    "e\u0301",
    "👩‍👩‍👧",
    "👍🏽",
    "🇩🇪",
    "🇩",
    "❤️",
    "1️⃣",
    "नमस्ते",
    "हिन्दी",
    "தமிழ்",
    "ไทย",
    "مرحبا",
    "한국어",
  ];
  expect(texts.map(widthOf)).toEqual(drawn(texts));
});

test("a text is cut between what is drawn as one, and never wider than it may be", () => {
  for (const text of [
    "日本語のとても長い題名",
    "👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧",
    "हिन्दी भाषा",
    "a plain one",
    "🇩🇪🇫🇷🇩🇪",
  ]) {
    const whole = new Set(
      Array.from(new Intl.Segmenter().segment(text), ({ index }) => index).concat(text.length),
    );
    for (let cells = 1; cells < 24; cells += 1) {
      const short = cut(text, cells);
      expect(widthOf(short)).toBeLessThanOrEqual(cells);
      expect([text, cells, whole.has(short === text ? text.length : short.length - 1)]).toEqual([
        text,
        cells,
        true,
      ]);
    }
  }
});
