// Owns the proof that nothing a program prints can crash, hang or fill the terminal.
import { expect, test } from "bun:test";
import { LINKS_LIMIT } from "../../src/screen/limits.ts";
import { openScreen } from "../../src/screen/screen.ts";
import { queryFilter } from "../../src/vt/filter.ts";
import { OPEN_LIMIT } from "../../src/vt/limits.ts";
import { draw } from "../../src/vt/picture.ts";
import { noise, random } from "../vt/stream.ts";

function open(): ReturnType<typeof openScreen> {
  return openScreen({ cols: 80, rows: 24, scrollback: 100, answer: () => {} });
}

/** Writes it in pieces as a terminal is read. What hangs is ended by the test runner; each of these takes a moment. */
async function survives(stream: Uint8Array): Promise<string> {
  const screen = open();
  const filter = queryFilter(new Uint8Array(0));
  for (let at = 0; at < stream.length; at += 65_536) {
    const chunk = stream.subarray(at, at + 65_536);
    screen.write(chunk);
    filter.pass(chunk);
  }
  const ansi = draw(screen.image().picture).text;
  expect(screen.emulator.faults).toBe(0);
  expect(screen.unfinished().length).toBeLessThanOrEqual(OPEN_LIMIT + 2);
  // It still works: the next plain line is on the screen.
  screen.write(Buffer.from("\x18\x1b\\\x1bcfine"));
  expect((await screen.image()).lines[0]).toBe("fine");
  screen.close();
  return ansi;
}

const MB = 1_000_000;

test.each<[string, string]>([
  ["a line of a megabyte", "x".repeat(MB)],
  ["a title of a megabyte", `\x1b]0;${"t".repeat(MB)}\x07`],
  ["an OSC that never ends", `\x1b]0;${"t".repeat(3 * MB)}`],
  ["a question that never ends", `\x1b]4;${"1;?;".repeat(MB / 4)}`],
  ["a DCS that never ends", `\x1bPq${"~".repeat(3 * MB)}`],
  ["sixel", `\x1bPq${"#1;2;0;0;0~~@@vv$-".repeat(50_000)}\x1b\\`],
  ["a megabyte of parameters", `\x1b[${"1;".repeat(MB / 2)}m`],
  ["huge numbers", "\x1b[99999999999999999999H\x1b[2147483647;2147483647r\x1b[4294967295G"],
  [
    "counts of two thousand million",
    "LMSTIZb@PXABCDEFGd`ae"
      .split("")
      .map((f) => `x\x1b[2147483647${f}`)
      .join(""),
  ],
  ["repeats beyond the screen, many times", "x\x1b[2147483647b".repeat(300)],
  ["scrolls beyond the screen, many times", "\x1b[2147483647S\x1b[2147483647T".repeat(2000)],
  ["resets", "\x1bc\x1b[!p\x1b#8".repeat(2000)],
  ["both screens in turn", "\x1b[?1049hx\x1b[?1049ly".repeat(10_000)],
  ["marks on one character", `e${"\u0301".repeat(MB / 2)}`],
  ["joiners on one character", "👩\u200d".repeat(100_000)],
  ["erasing above from the last corner", "\x1b[24;80Hx\x1b[1J".repeat(1000)],
  ["titles pushed", "\x1b]2;title\x07\x1b[22t".repeat(20_000)],
  ["keyboard flags pushed", "\x1b[>31u".repeat(50_000)],
  ["modes without end", Array.from({ length: 50_000 }, (_, i) => `\x1b[?${10_000 + i}h`).join("")],
  ["escapes only", "\x1b".repeat(MB)],
  ["introducers only", "\x1b[".repeat(MB / 2)],
  ["8-bit introducers only", "\u009b\u009d\u0090".repeat(100_000)],
  ["controls in UTF-8 without end", "\u0085".repeat(MB / 2)],
])("%s", async (_, stream) => {
  const ansi = await survives(Buffer.from(stream));
  // Every cell of 124 lines, each with a full cluster.
  expect(ansi.length).toBeLessThan(350_000);
});

test("links without end don't fill the memory, and the last one is still a link", async () => {
  const screen = open();
  for (let i = 0; i < LINKS_LIMIT * 3; i += 1) {
    screen.write(Buffer.from(`\r\x1b]8;;https://a.example/${i}\x07link\x1b]8;;\x07`));
  }
  const ansi = draw(screen.image().picture).text;
  expect(ansi).toContain(`\x1b]8;;https://a.example/${LINKS_LIMIT * 3 - 1}\x1b\\link`);
  screen.close();
});

test("noise of every kind", async () => {
  for (let seed = 1; seed <= 100; seed += 1) {
    const pick = random(seed);
    await survives(Buffer.concat(Array.from({ length: 300 }, () => noise(pick))));
  }
});

test("sizes from the least to the greatest", async () => {
  const screen = open();
  const pick = random(5);
  for (const [cols, rows] of [
    [1, 1],
    [1000, 1000],
    [5, 20],
    [1000, 1],
    [1, 1000],
    [300, 100],
    [80, 24],
  ] as const) {
    screen.resize(cols, rows);
    screen.write(Buffer.from(`日本\x1b[?1049h👩‍👩‍👧\x1b[9;9Hx\x1b[?1049l${"text ".repeat(50)}\r\n`));
    screen.write(noise(pick));
    expect((await screen.image()).lines.length).toBe(rows);
  }
  expect(screen.emulator.faults).toBe(0);
  screen.close();
});

test("closed, it takes everything and says nothing", async () => {
  const sent: Uint8Array[] = [];
  const screen = openScreen({ cols: 80, rows: 24, scrollback: 10, answer: (bytes) => sent.push(bytes) });
  screen.close();
  screen.write(Buffer.from("\x1b[c"));
  screen.resize(10, 10);
  screen.close();
  expect(sent).toEqual([]);
});
