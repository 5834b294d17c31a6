// Owns the proof that an image, and what follows it, shows a viewer exactly what the live screen shows.
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openScreen } from "../../src/screen/screen.ts";
import { queryFilter } from "../../src/vt/filter.ts";
import { draw, type Picture } from "../../src/vt/picture.ts";
import { piece, random } from "../vt/stream.ts";
import { differences, type Viewer, viewer } from "./referee.ts";

const SIZE = { cols: 40, rows: 12, scrollback: 20 };

type Live = ReturnType<typeof openScreen>;

function live(size = SIZE): Live {
  return openScreen({ ...size, answer: () => {} });
}

/** What draws the screen as it is, from a picture that went over the wire as JSON. */
function drawn(screen: Live): string {
  const picture: Picture = JSON.parse(JSON.stringify(screen.image().picture));
  return draw(picture).text;
}

/** A viewer who comes now, and the way the rest of the stream reaches them. */
async function join_(screen: Live, size = SIZE): Promise<{ seen: Viewer; rest(bytes: Uint8Array): void }> {
  // In this order and in one turn, as the daemon does it.
  const image = drawn(screen);
  const filter = queryFilter(screen.unfinished());
  const seen = viewer(screen.emulator.core.cols, screen.emulator.core.rows, size.scrollback);
  seen.feed(image);
  return { seen, rest: (bytes) => seen.feed(filter.pass(bytes)) };
}

/** Cuts a stream in two: what a viewer from the middle sees differs from the live screen in these lines. */
async function differsAt(stream: Uint8Array, cut: number, size = SIZE): Promise<string[]> {
  const screen = live(size);
  screen.write(stream.subarray(0, cut));
  const { seen, rest } = await join_(screen, size);
  const atOnce = differences(screen.emulator.core, seen.core);
  if (atOnce.length > 0) return atOnce;
  screen.write(stream.subarray(cut));
  rest(stream.subarray(cut));
  expect(screen.emulator.faults).toBe(0);
  const after = differences(screen.emulator.core, seen.core);
  screen.close();
  return after;
}

const recordings = join(import.meta.dir, "fixtures");

// vim, less, htop, top and tmux as driven by hand under TERM=xterm-256color, each in a namespace of its own.
test.each(readdirSync(recordings))(
  "%s, recorded in a terminal of 100 x 30, cut at many points",
  async (name) => {
    const stream = readFileSync(join(recordings, name));
    const pick = random(stream.length);
    for (let i = 0; i < 40; i += 1) {
      const cut = pick(stream.length);
      const lines = await differsAt(stream, cut, { cols: 100, rows: 30, scrollback: 200 });
      expect({ cut, lines }).toEqual({ cut, lines: [] });
    }
  },
);

test("random streams cut at random points, in the middle of sequences and characters too", async () => {
  for (let seed = 1; seed <= 1000; seed += 1) {
    const pick = random(seed);
    const stream = Buffer.from(Array.from({ length: 120 }, () => piece(pick)).join(""));
    const cut = pick(stream.length);
    const lines = await differsAt(stream, cut);
    expect({ seed, cut, lines }).toEqual({ seed, cut, lines: [] });
  }
});

test("a stream of everything, cut at every byte", async () => {
  const pick = random(77);
  const stream = Buffer.from(Array.from({ length: 70 }, () => piece(pick)).join(""));
  for (let cut = 0; cut <= stream.length; cut += 1) {
    const lines = await differsAt(stream, cut);
    expect({ cut, lines }).toEqual({ cut, lines: [] });
  }
});

test("the size changes before and after the viewer comes", async () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const pick = random(seed);
    const part = (): Buffer => Buffer.from(Array.from({ length: 40 }, () => piece(pick)).join(""));
    const screen = live();
    screen.write(part());
    screen.resize(20 + pick(60), 4 + pick(20));
    screen.write(part());
    const { seen, rest } = await join_(screen);
    const before = differences(screen.emulator.core, seen.core);
    expect({ seed, before }).toEqual({ seed, before: [] });
    // What a narrower terminal does with old lines is its own affair: a program that is told redraws.
    const [cols, rows] = [20 + pick(60), 4 + pick(20)];
    for (const one of [screen, seen]) one.resize(cols, rows);
    const redraw = Buffer.concat([Buffer.from("\x1b[r\x1b[?6l\x1b[m\x1b[3J\x1b[H\x1b[2J"), part()]);
    screen.write(redraw);
    rest(redraw);
    const [visible, same] = [screen.image(), seen.core];
    const page = same.buffers.active;
    const lines = visible.lines.map((_, y) =>
      (page.lines.get(page.ybase + y)?.translateToString(true, 0, cols) ?? "").trimEnd(),
    );
    expect({ seed, lines }).toEqual({ seed, lines: [...visible.lines] });
    screen.close();
  }
});

test("wide, joined and right-to-left text in a window of 300 x 100", async () => {
  const line = "日本語 👩‍👩‍👧 🇩🇪🇫🇷 e\u0301 ❤️ שלום مرحبا 한국어 नमस्ते ";
  const stream = Buffer.from(`${line.repeat(12)}\r\n`.repeat(150));
  const size = { cols: 300, rows: 100, scrollback: 100 };
  for (const cut of [1, 7, 5003, 40_001, stream.length - 2, stream.length]) {
    expect(await differsAt(stream, cut, size)).toEqual([]);
  }
  const screen = live(size);
  screen.write(Buffer.from(`\x1b[2J\x1b[H${line}`));
  const image = screen.image();
  expect(image.lines[0]).toBe(line.trimEnd());
  // 6+1, 2+1, 2+2+1, 1+1, 2+1, 4+1, 5+1, 6+1 and the Devanagari as its clusters count.
  expect(image.cursor.x).toBeGreaterThanOrEqual(42);
  screen.close();
});

test.each([
  ["👩‍👩‍👧", 2],
  ["🇩🇪", 2],
  ["❤️", 2],
  ["e\u0301", 1],
  ["日", 2],
  ["😀", 2],
  ["👍🏽", 2],
])("%s takes %i cells", (text, width) => {
  const screen = live();
  screen.write(Buffer.from(text));
  expect(screen.emulator.core.buffers.active.x).toBe(width);
  screen.close();
});

test("modes that only a viewer's terminal acts on are in the image", async () => {
  const screen = live();
  const set = [
    "\x1b[?1015h",
    "\x1b[?1007h",
    "\x1b[?2031h",
    "\x1b[?5h",
    "\x1b[5 q",
    "\x1b[>4;2m",
    "\x1b[>7u",
    "\x1b]2;title ✳\x07",
    "\x1b]11;#102030\x07",
    "\x1b]4;3;rgb:11/22/33\x07",
  ];
  screen.write(Buffer.from(set.join("")));
  const ansi = drawn(screen);
  expect(screen.image().title).toBe("title ✳");
  for (const wanted of [
    ...set.slice(0, 7),
    "\x1b]2;title ✳\x1b\\",
    "\x1b]11;#102030\x1b\\",
    "\x1b]4;3;rgb:11/22/33\x1b\\",
  ]) {
    expect(ansi).toContain(wanted);
  }
  screen.write(Buffer.from("\x1b[?1003h\x1b[?1000h\x1b[?1006h"));
  const mouse = drawn(screen);
  // The last of each kind is in force, and is the only one sent.
  expect(mouse).toContain("\x1b[?1000h");
  expect(mouse).toContain("\x1b[?1006h");
  expect(mouse).not.toContain("\x1b[?1003h");
  expect(mouse).not.toContain("\x1b[?1015h");
  screen.write(Buffer.from("\x1bc"));
  expect(drawn(screen)).toBe("\x1b]2;title ✳\x1b\\\x1b[1;1H");
  screen.close();
});

test("a program frozen in synchronised output doesn't freeze its viewers", async () => {
  const screen = live();
  screen.write(Buffer.from("\x1b[?2026hhalf a frame"));
  const { seen } = await join_(screen);
  expect(seen.core.coreService.decPrivateModes.synchronizedOutput).toBe(false);
  expect(screen.image().lines[0]).toBe("half a frame");
  screen.close();
});

test("leaving the alternate screen brings back what was beneath, cursor and colours too", async () => {
  for (const mode of [47, 1047, 1049]) {
    const stream = Buffer.from(
      `first\r\nsecond\x1b[31m\x1b7\x1b[?${mode}h\x1b[H\x1b[44mfull screen\x1b[?${mode}l${mode === 1049 ? "" : "\x1b8"}after`,
    );
    for (let cut = 0; cut <= stream.length; cut += 1) {
      const lines = await differsAt(stream, cut);
      expect({ mode, cut, lines }).toEqual({ mode, cut, lines: [] });
    }
  }
});

test("an image is of the moment it was asked for", async () => {
  const screen = live();
  screen.write(Buffer.from("before"));
  const image = screen.image();
  screen.write(Buffer.from("\r\x1b[Kafter"));
  expect((await image).lines[0]).toBe("before");
  screen.close();
});

test("the facts beside the picture", async () => {
  const screen = live();
  screen.write(Buffer.from("one  \r\n 日本\x1b[?2004h\x1b[?1h"));
  const { picture: _, ...image } = screen.image();
  expect(image).toEqual({
    cols: 40,
    rows: 12,
    cursor: { x: 5, y: 1 },
    title: "",
    alternate: false,
    lines: ["one", " 日本", ...Array(10).fill("")],
  });
  expect(screen.modes()).toEqual({ bracketedPaste: true, applicationCursor: true });
  screen.write(Buffer.from("\x1b[?1049h\x1b[?2004l"));
  expect(screen.image().alternate).toBe(true);
  expect(screen.modes()).toEqual({ bracketedPaste: false, applicationCursor: true });
  screen.close();
});

test("what is unfinished is told byte by byte", () => {
  const screen = live();
  const after = (text: string | Uint8Array): string => {
    screen.write(typeof text === "string" ? Buffer.from(text) : text);
    return Buffer.from(screen.unfinished()).toString("latin1");
  };
  expect(after("text")).toBe("");
  expect(after("\x1b")).toBe("\x1b");
  expect(after("[3")).toBe("\x1b[3");
  expect(after("1m")).toBe("");
  expect(after("\x1b]0;tit")).toBe("\x1b]0;tit");
  expect(after("le")).toBe("\x1b]0;title");
  expect(after("\x07")).toBe("");
  expect(after(Uint8Array.of(0xf0, 0x9f))).toBe("\xf0\x9f");
  expect(after(Uint8Array.of(0x98))).toBe("\xf0\x9f\x98");
  expect(after(Uint8Array.of(0x80))).toBe("");
  screen.close();
});

test("text with marks beyond a byte 0x80 survives any chunks", async () => {
  // xterm.js 6.0.0 loses a character that is split before a byte 0x80: dashes, quotes, joiners. It did so here when
  // a read ended inside one, and the screen then lacked it for good.
  const text = "“quotes” — dashes … 👩‍👩‍👧\u2003end";
  const screen = live();
  for (const byte of Buffer.from(text)) screen.write(Uint8Array.of(byte));
  expect(screen.image().lines[0]).toBe(text);
  screen.close();
});
