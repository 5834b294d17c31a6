// Holds what is known of a terminal while a program draws on it: the string that undoes it, and when it needs the whole screen.
import { expect, test } from "bun:test";
import { terminalModes } from "../../src/cli/terminal/modes.ts";
import { placed, wholeScreen } from "../../src/cli/terminal/picture.ts";
import { belowScreen } from "../../src/cli/terminal/prompt-position.ts";
import { openScreen } from "../../src/screen/screen.ts";
import { draw, drawLines, type Picture } from "../../src/vt/picture.ts";
import { piece, random } from "../vt/stream.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

test("undoing twice undoes the second time what came in between, and no more", () => {
  const modes = terminalModes();
  modes.follow(bytes("\x1b[?1049h\x1b[?1007h\x1b[>7u\x1b[>4;2m\x1b]11;#000000\x1b\\\x1b[22;2t\x1b[22;0t"));
  expect([modes.alternate, modes.encodedKeys]).toEqual([true, true]);
  const undone = modes.restore();
  for (const part of [
    "\x1b[?1049l",
    "\x1b[?1007l",
    "\x1b[<99u",
    "\x1b[>4m",
    "\x1b]111\x1b\\",
    "\x1b[23;2t\x1b[23;2t",
  ]) {
    expect(undone).toContain(part);
  }
  const again = modes.restore();
  for (const part of ["\x1b[?1049l", "\x1b[?1007l", "\x1b[<99u", "\x1b[>4m", "\x1b]111", "\x1b[23;2t"]) {
    expect(again).not.toContain(part);
  }
  for (const part of [
    "\x1b[?1000l",
    "\x1b[?1003l",
    "\x1b[?1004l",
    "\x1b[?2004l",
    "\x1b[?2026l",
    "\x1b[?25h",
    "\x1b[0m",
  ]) {
    expect(again).toContain(part);
  }
});

// A program's colour questions never reach a viewer, so a colour that is named was set; the person's own must not be reset else.
test("colours are reset only where the program set one; titles popped only as often as pushed", () => {
  const modes = terminalModes();
  modes.follow(bytes("\x1b]2;a title\x07\x1b]8;;http://x\x1b\\\x1b[23;2t"));
  expect(modes.restore()).not.toMatch(/\x1b\]1[01]\d|\x1b\[23;/);
});

const RELATIVE = [
  "text\r\n",
  "\x1b[3A\x1b[2K\x1b[G",
  "\x1b[J",
  "\x1b[31m",
  "\x1b[10B",
  "\x1b[?25l",
  "\x1b]0;t\x07",
  "\x1b[?2026h",
  "\x1b7\x1b[r\x1b8",
];
const ABSOLUTE = [
  "\x1b[H",
  "\x1b[5;1H",
  "\x1b[2J",
  "\x1b[1;10r",
  "\x1b[3d",
  "\x1bM",
  "\x1b[999B",
  "\x1b[?6h",
  "\x1bc",
  "\x1b[2S",
];

test("on the primary screen relative drawing goes through, absolute drawing stops before its first byte", () => {
  for (const sequence of RELATIVE)
    expect(terminalModes().follow(bytes(`ab${sequence}cd`))).toBe(sequence.length + 4);
  for (const sequence of ABSOLUTE) {
    expect(terminalModes().follow(bytes(`ab${sequence}cd`))).toBe(2);
    const framed = terminalModes();
    framed.framed = true;
    expect(framed.follow(bytes(`ab${sequence}cd`))).toBe(sequence.length + 4);
    // RIS leads back to the primary screen.
    if (sequence === "\x1bc") continue;
    const alternate = terminalModes();
    expect(alternate.follow(bytes(`\x1b[?1049h${sequence}`))).toBe(sequence.length + 8);
    // Cut anywhere, what was written before the rest came is never undone by being forgotten.
    for (let cut = 1; cut < sequence.length; cut++) {
      const modes = terminalModes();
      modes.follow(bytes(`\x1b[?1049h${sequence.slice(0, cut)}`));
      expect(modes.follow(bytes(`${sequence.slice(cut)}\x1b[?1049l\x1b[H`))).toBe(sequence.length - cut + 8);
      expect(modes.alternate).toBe(false);
    }
  }
});

// vim's farewell left the alternate screen and then drew in the same chunk: what was not written counted as done.
test("what follows an absolute move is not counted as written", () => {
  const modes = terminalModes();
  modes.follow(bytes("\x1b[?1049h"));
  expect(modes.follow(bytes("\x1b[?1049l\x1b[24;1H\x1b[?1000h"))).toBe(8);
  expect(modes.alternate).toBe(false);
});

const STAND = { cols: 80, rows: 24, framed: false, whole: false, fresh: false };

/** The picture of a terminal to which this was written, as it comes over the wire. */
function pictureOf(written: string, { cols, rows } = STAND): Picture {
  const screen = openScreen({ cols, rows, scrollback: 50, answer: () => {} });
  screen.write(bytes(written));
  const { picture } = screen.image();
  screen.close();
  return JSON.parse(JSON.stringify(picture));
}

test("an alternate screen leaves the shell's screen alone; a primary one with text scrolls it up", () => {
  const alternate = placed(pictureOf("\x1b[>1u\x1b[?1049h\x1b[Hagent"), STAND);
  expect(alternate).toEqual({
    text: "\x1b[>1u\x1b[?1049h\x1b[Hagent\x1b[1;5Ht",
    state: "\x1b[>1u\x1b[?1049h\x1b[H\x1b[1;5Ht",
    framed: false,
  });
  const scrolled = wholeScreen(24);
  expect(scrolled).toBe(`\r\x1b[J${"\n".repeat(23)}\x1b[H`);
  for (const written of ["left below\x1b[?1049h\x1b[Hagent", "text"]) {
    const picture = pictureOf(written);
    const { text, framed } = placed(picture, STAND);
    expect({ text, framed }).toEqual({ text: scrolled + draw(picture).text, framed: true });
  }
  expect(placed(pictureOf("\x1b[?2004h"), STAND)).toEqual({
    text: "\x1b[?2004h",
    state: "\x1b[?2004h",
    framed: false,
  });
  expect(placed(pictureOf(""), { ...STAND, whole: true }).framed).toBe(true);
  expect(placed(pictureOf("\x1b[5;5H"), STAND).framed).toBe(true);
});

test("what a program launched just now has printed stands where it would without us", () => {
  const fresh = { ...STAND, fresh: true };
  const text = (written: string) => placed(pictureOf(written), fresh).text;
  expect(text("one\r\ntwo\r\n")).toBe("one\r\ntwo\n\x1b[1G");
  expect(text("one\r\ntwo\x1b[1;2H")).toBe("one\r\ntwo\x1b[1A\x1b[2G");
  expect(text("one\r\n\x1b[31mtwo")).toBe("one\r\n\x1b[0;31mtwo\x1b[0m\x1b[3G\x1b[0;31mo");
  for (const needsRows of ["x".repeat(80), "a\x1b[2;5r", "x\r\n".repeat(30), "\x1b[3;3H\x1b7\x1b[Ha"]) {
    expect(placed(pictureOf(needsRows), fresh).framed).toBe(true);
  }
});

/** What is known of the terminal after these pieces, the program having all of it. */
function after(pieces: Iterable<Uint8Array>): unknown[] {
  const modes = terminalModes();
  modes.framed = true;
  for (const one of pieces) modes.follow(one);
  return [modes.alternate, modes.encodedKeys, modes.restore()];
}

test("colours, which are passed over, and everything else leave the same modes whole and byte by byte", () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const pick = random(seed);
    const stream = Buffer.from(Array.from({ length: 60 }, () => piece(pick)).join(""));
    const single = Array.from(stream, (_, at) => stream.subarray(at, at + 1));
    expect({ seed, after: after([stream]) }).toEqual({ seed, after: after(single) });
  }
});

test("the lines of a screen, which are passed over, leave no mode behind", () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const pick = random(seed);
    const written = Array.from({ length: 60 }, () => piece(pick)).join("");
    const { text, state } = placed(pictureOf(written, { ...STAND, cols: 40, rows: 12 }), {
      ...STAND,
      cols: 40,
      rows: 12,
    });
    expect({ seed, after: after([bytes(state)]) }).toEqual({ seed, after: after([bytes(text)]) });
  }
});

test("the last screen is lines, without modes and moves; of the alternate screen too", () => {
  const lines = (written: string) => drawLines(pictureOf(written));
  expect(lines("one\r\n\x1b[31mtwo\x1b[?2004h\r\n\x1b[2;4H")).toBe("one\r\n\x1b[0;31mtwo\x1b[0m");
  expect(lines("\x1b[?1049h\x1b[Hagent\r\n\x1b[5Cmore\x1b[?25l\x1b[9;9H")).toBe("agent\r\n\x1b[5Cmore");
  expect(lines("shell\x1b[?1049h\x1b[Hagent\x1b[1;1H")).toBe("shell\r\nagent");
  expect(lines("\x1b[?1049h\x1b[?25l")).toBe("");
  expect(lines("")).toBe("");
});

test("the prompt comes below everything that is shown", () => {
  const ground = { rows: 24, cursor: { x: 0, y: 2 }, lines: ["a", "b", "", "status", ""] };
  const had = { alternate: false, framed: true, rows: 24 };
  expect(belowScreen(had, ground)).toBe("\x1b[5;1H\x1b[J");
  expect(belowScreen({ ...had, framed: false }, ground)).toBe("\r\n\n\x1b[J");
  expect(belowScreen(had, { ...ground, lines: Array.from({ length: 24 }, () => "x") })).toBe(
    "\x1b[24;1H\r\n",
  );
  expect(belowScreen(had, undefined)).toBe("\x1b[24;1H\r\n");
  expect(belowScreen({ ...had, framed: false }, { ...ground, cursor: { x: 0, y: 0 }, lines: [] })).toBe(
    "\r\x1b[J",
  );
  expect(belowScreen({ ...had, alternate: true, framed: false }, undefined)).toBe("\r");
});
