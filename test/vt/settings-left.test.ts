// What output has left set is what a screen that drew all of it has set: for recordings of programs, and for streams of chance.
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openScreen } from "../../src/screen/screen.ts";
import { settingsLeft } from "../../src/vt/settings-left.ts";
import { piece, random } from "./stream.ts";

const SIZE = { cols: 100, rows: 30, scrollback: 10, answer: () => {} };

/** The settings of a screen, without what moves with the cursor. */
function settingsOf(stream: Uint8Array) {
  const screen = openScreen(SIZE);
  screen.write(stream);
  const { primary, alternate, modes, title, titles, colours, modifiers, cursor } = screen.image().picture;
  screen.close();
  return {
    title,
    titles,
    colours,
    modifiers,
    shape: cursor.shape,
    keyboards: [primary.keyboard, alternate?.keyboard],
    alternate: alternate?.mode,
    private: Object.fromEntries(modes.private),
  };
}

function left(stream: Uint8Array, cuts: readonly number[] = []) {
  const settings = settingsLeft();
  let from = 0;
  for (const cut of [...cuts, stream.length]) {
    settings.write(stream.subarray(from, cut));
    from = cut;
  }
  return settings.sequences();
}

const recordings = join(import.meta.dir, "..", "screen", "fixtures");

test.each(readdirSync(recordings))("%s, to its end and to anywhere in it", (name) => {
  const stream = readFileSync(join(recordings, name));
  const pick = random(stream.length);
  for (const end of [stream.length, ...Array.from({ length: 20 }, () => pick(stream.length))]) {
    const part = stream.subarray(0, end);
    expect({ end, ...settingsOf(left(part, [pick(end + 1)])) }).toEqual({ end, ...settingsOf(part) });
  }
});

test("streams of chance", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const pick = random(seed);
    const stream = Buffer.concat(Array.from({ length: 40 }, () => Buffer.from(piece(pick), "latin1")));
    expect({ seed, ...settingsOf(left(stream)) }).toEqual({ seed, ...settingsOf(stream) });
  }
});

test("what it draws is nothing", () => {
  const screen = openScreen(SIZE);
  screen.write(left(Buffer.from("text\x1b[5;5Hmore\x1b[?25l\x1b]2;title\x07\x1b[?2004h")));
  const { lines, cursor, title } = screen.image();
  expect({ text: lines.join(""), cursor, title }).toEqual({
    text: "",
    cursor: { x: 0, y: 0 },
    title: "title",
  });
  screen.close();
});
