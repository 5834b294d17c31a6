// Plain output is drawn only when somebody looks, and what has scrolled out never: nobody may be able to tell.

import { describe, expect, test } from "bun:test";
import { Drawn, deferredScreen } from "../../src/screen/deferred.ts";
import { openScreen } from "../../src/screen/screen.ts";
import type { Screen } from "../../src/session/ports/screen.ts";
import { attributesAt, OTHER, outOfSight, plain, TEXT } from "../../src/vt/plain.ts";
import type { Sign } from "../../src/vt/status.ts";
import { random, WORDS } from "../vt/stream.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const SEED = 20261121;

/** Both kinds of screen, fed the same; what each answered and was told. */
function pair(size: { cols: number; rows: number; scrollback: number }, most?: number, drawn = new Drawn()) {
  const said: [string[], string[]] = [[], []];
  const options = (to: string[]) => ({
    ...size,
    answer: (answer: Uint8Array) => void to.push(Buffer.from(answer).toString("latin1")),
    sign: (sign: Sign) => void to.push("word" in sign ? sign.word : sign.source),
  });
  const waits = deferredScreen(options(said[0]), drawn, most);
  const draws = openScreen(options(said[1]));
  const both = (work: (screen: Screen) => void): void => [waits, draws].forEach(work);
  return {
    waits,
    both,
    same(): void {
      expect(said[0]).toEqual(said[1]);
      expect(waits.unfinished()).toEqual(draws.unfinished());
      expect(waits.modes()).toEqual(draws.modes());
      expect(waits.image()).toEqual(draws.image());
    },
  };
}

/** What a program that only prints may send. */
function line(below: (n: number) => number): string {
  const colours = [
    "",
    "\x1b[m",
    "\x1b[0m",
    "\x1b[1;31m",
    "\x1b[38;2;1;2;3m",
    "\x1b[48;5;99m",
    "\x1b[4:3m",
    "\x1b[K",
    "\x1b[1K",
    "\t",
    "\r",
  ];
  let text = "";
  for (let i = below(6); i > 0; i -= 1)
    text += (colours[below(colours.length)] ?? "") + (WORDS[below(WORDS.length)] ?? "");
  return text + (["\r\n", "\r\n", "\r\n", "\n", "\r\n\r\n"][below(5)] ?? "");
}

/** What else there is. */
const OTHERS = [
  "\x1b[6n",
  "\x1b]2;a title\x07",
  "\x1b[?1049h",
  "\x1b[?1049l",
  "\x1b[3;9r",
  "\x1b[r",
  "\x1b[H",
  "\x1b[2J",
  "\x1b7",
  "\x1b8",
  "\x1b[5A",
  "\b\b",
  "\x1b[?45h",
  "\x1b[4h",
  "\x1b[?7l",
  "\x1b(0",
  "\x0e",
  "\x0f",
  "\x1b]7501;state=working:app=x\x1b\\",
  "\x1b]8;;http://x.y\x1b\\link\x1b]8;;\x1b\\",
  "\u009b2A",
  "\x1b[>4;2m",
  "\x1b[12",
  "\x1b]52;c;",
  "\x1bc",
  "\xe2\x80",
];

describe("a screen that waits shows what one shows that draws at once", () => {
  for (let round = 0; round < 60; round += 1) {
    test(`seed ${SEED + round}`, () => {
      const below = random(SEED + round);
      const size = { cols: 20 + below(60), rows: 2 + below(20), scrollback: [1, 5, 40][below(3)] ?? 1 };
      const drawn = new Drawn();
      const { both, same } = pair(size, 2_000 + below(4_000), drawn);
      for (let look = 0; look < 6; look += 1) {
        let text = "";
        const rare = [40, 4_000, 1_000_000][(round + below(2)) % 3] ?? 40;
        // Eight others are looked at, and this one's emulator goes.
        if (below(2) === 0) for (let i = 0; i < 8; i += 1) drawn.touch(() => {});
        for (let lines = below(500); lines > 0; lines -= 1) {
          text += below(rare) === 0 ? (OTHERS[below(OTHERS.length)] ?? "") : line(below);
        }
        const all = bytes(text);
        for (let at = 0; at < all.length; ) {
          const end = at + 1 + below([3, 100, 5_000][below(3)] ?? 1);
          const chunk = all.slice(at, end);
          both((screen) => screen.write(chunk));
          at = end;
        }
        const [cols, rows] = [10 + below(80), 1 + below(30)];
        if (below(3) === 0) both((screen) => screen.resize(cols, rows));
        same();
      }
      both((screen) => screen.close());
    });
  }

  test("a flood without a reset keeps the colour it ends in", () => {
    const { both, same } = pair({ cols: 80, rows: 24, scrollback: 100 }, 5_000);
    both((screen) => screen.write(bytes("\x1b[1;35;44m")));
    for (let i = 0; i < 2_000; i += 1) both((screen) => screen.write(bytes(`line ${i}\r\n`)));
    same();
    both((screen) => screen.write(bytes("still in colour")));
    same();
  });

  test("a scroll region keeps what stands outside it", () => {
    const { both, same } = pair({ cols: 80, rows: 24, scrollback: 10 }, 1_000);
    both((screen) => screen.write(bytes("the head stays\x1b[2;10r\x1b[5;1H")));
    for (let i = 0; i < 500; i += 1) both((screen) => screen.write(bytes(`line ${i}\r\n`)));
    same();
  });

  test("below a scroll region nothing scrolls out: a long line shows behind the short ones written over it", () => {
    const { both, same } = pair({ cols: 80, rows: 24, scrollback: 10 }, 1_000);
    both((screen) => screen.write(bytes("\x1b[1;5r\x1b[24;1H")));
    both((screen) => screen.write(bytes(`${"long ".repeat(10)}\r\n`)));
    for (let i = 0; i < 500; i += 1) both((screen) => screen.write(bytes(`line ${i}\r\n`)));
    same();
  });

  test("the alternate screen has no scrollback to forget into, and the one below it comes back", () => {
    const { both, same } = pair({ cols: 80, rows: 24, scrollback: 10 }, 1_000);
    both((screen) => screen.write(bytes("below\r\n\x1b[?1049h")));
    for (let i = 0; i < 500; i += 1) both((screen) => screen.write(bytes(`line ${i}\r\n`)));
    same();
    both((screen) => screen.write(bytes("\x1b[?1049l")));
    same();
  });
});

// When a window became narrower, xterm.js 6.0.0 set lines that no longer fit at indices below 0 of its ring of lines, which
// is the last line's place once the ring has turned: what stood there was gone. Found by the comparison above.
test("a narrower window loses no line, however many have scrolled out before", () => {
  const shown = (before: number): string[] => {
    const screen = openScreen({ cols: 71, rows: 5, scrollback: 2, answer: () => {} });
    const lines = ["   ddddd", "", `${" ".repeat(25)}d`, "cc", "", "", `  ${"d".repeat(22)}c`];
    screen.write(bytes(`${"\r\n".repeat(before)}${lines.join("\r\n")}\x1b[2;27H`));
    screen.resize(12, 5);
    const image = screen.image();
    screen.close();
    return [...image.lines];
  };
  expect(shown(0)).toEqual(["", "", "  dddddddddd", "dddddddddddd", "c"]);
  for (let before = 1; before < 14; before += 1) expect([before, shown(before)]).toEqual([before, shown(0)]);
});

test("a question is answered in the call that brings it, and about what was printed before it", () => {
  const answers: string[] = [];
  const screen = deferredScreen({
    cols: 80,
    rows: 24,
    scrollback: 100,
    answer: (answer) => void answers.push(Buffer.from(answer).toString()),
  });
  screen.write(bytes(`${"a line\r\n".repeat(50_000)}abc`));
  expect(answers).toEqual([]);
  screen.write(bytes("\x1b[6n"));
  expect(answers).toEqual(["\x1b[24;4R"]);
  screen.close();
});

test("what is plain, at any border", () => {
  const follow = (...parts: string[]) =>
    parts.reduce((from, part) => plain(Buffer.from(part, "latin1"), from), TEXT);
  expect(follow("text\r\n\tmore\x1b[1;3", "1m\x1b[K\xe2\x9c", "\x93\xc2\xa0")).toBe(TEXT);
  for (const other of [
    "\x1b[?1m",
    "\x1b[>4m",
    "\x1bM",
    "\b",
    "\x0b",
    "\x0e",
    "\x1a",
    "\x7f",
    "\xc2\x9b",
    "\x1b[3\n1m",
    "\x1b[ m",
    "\x1b[2J",
  ]) {
    expect([other, follow("text", ...other)]).toEqual([other, OTHER]);
  }
});

test("what is out of sight ends before a CR LF with enough lines behind it", () => {
  expect(outOfSight(bytes("a\r\nb\r\nc\r\n"), 1)).toBe(4);
  expect(outOfSight(bytes("a\r\nb\nc\n"), 1)).toBe(1);
  expect(outOfSight(bytes("a\nb\nc\n"), 1)).toBe(0);
});

test("attributes count from the last reset on", () => {
  const of = (text: string) => Buffer.from(attributesAt(bytes(text))).toString();
  expect(of("\x1b[1m a \x1b[0m b \x1b[31m\x1b[K c \x1b[4m")).toBe("\x1b[0m\x1b[31m\x1b[4m");
  expect(of("\x1b[1ma\x1b[me")).toBe("\x1b[m");
  expect(of("\x1b[7mx\x1b[1m")).toBe("\x1b[7m\x1b[1m");
});
