// Owns the proof that a screen which is carried to another program, again and again, is the screen that never was: cells, modes, answers.
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { deferredScreen } from "../../src/screen/deferred.ts";
import { openScreen } from "../../src/screen/screen.ts";
import type { Screen } from "../../src/session/ports/screen.ts";
import { piece, random } from "../vt/stream.ts";
import { differences } from "./referee.ts";

interface Size {
  readonly cols: number;
  readonly rows: number;
  readonly scrollback: number;
}

/** As the document between two daemons has it. */
function carried({ drawn, unfinished }: ReturnType<Screen["carry"]>): ReturnType<Screen["carry"]> {
  const over = (bytes: Uint8Array) =>
    new Uint8Array(Buffer.from(Buffer.from(bytes).toString("base64"), "base64"));
  return { drawn: over(drawn), unfinished: over(unfinished) };
}

/** Writes the stream to a screen that stays and to one that is carried at each cut; what differs at any cut, or at the end. */
function differsAt(stream: Uint8Array, cuts: readonly number[], size: Size): string[] {
  const [stays, goes]: [string[], string[]] = [[], []];
  const answer = (to: string[]) => (bytes: Uint8Array) => void to.push(Buffer.from(bytes).toString("latin1"));
  const whole = openScreen({ ...size, answer: answer(stays) });
  let one = openScreen({ ...size, answer: answer(goes) });
  let from = 0;
  for (const cut of [...cuts, stream.length]) {
    whole.write(stream.subarray(from, cut));
    one.write(stream.subarray(from, cut));
    const next = openScreen({ ...size, answer: answer(goes) });
    next.restore(carried(one.carry()));
    one.close();
    one = next;
    const lines = differences(whole.emulator.core, one.emulator.core);
    if (lines.length > 0) return [`at ${cut}`, ...lines];
    if (whole.emulator.privateMode(2026) !== one.emulator.privateMode(2026)) return [`at ${cut}`, "2026"];
    from = cut;
  }
  expect(whole.emulator.faults + one.emulator.faults).toBe(0);
  // Each question is answered once, whichever of the screens heard its end.
  return stays.join("|") === goes.join("|") ? [] : ["answers", stays.join("|"), goes.join("|")];
}

const recordings = join(import.meta.dir, "fixtures");
const cutsOf = (pick: (below: number) => number, length: number, count: number) =>
  Array.from({ length: count }, () => pick(length)).sort((a, b) => a - b);

test.each(readdirSync(recordings))("%s, carried twelve times in the middle", (name) => {
  const stream = readFileSync(join(recordings, name));
  const pick = random(stream.length);
  for (let i = 0; i < 4; i++) {
    const cuts = cutsOf(pick, stream.length, 12);
    expect({ cuts, lines: differsAt(stream, cuts, { cols: 100, rows: 30, scrollback: 200 }) }).toEqual({
      cuts,
      lines: [],
    });
  }
});

test("random streams, carried once, in the middle of sequences and characters too", () => {
  for (let seed = 1; seed <= 400; seed += 1) {
    const pick = random(seed);
    const stream = Buffer.from(Array.from({ length: 120 }, () => piece(pick)).join(""));
    const cuts = [pick(stream.length)];
    const lines = differsAt(stream, cuts, { cols: 40, rows: 12, scrollback: 20 });
    expect({ seed, cuts, lines }).toEqual({ seed, cuts, lines: [] });
  }
});

test("a screen that is drawn only when somebody looks shows the same, whatever it was carried through", () => {
  const size = { cols: 40, rows: 12, scrollback: 20 };
  const shown = (screen: Screen) => JSON.stringify([screen.image(), screen.modes()]);
  for (let seed = 1; seed <= 200; seed += 1) {
    const pick = random(seed);
    const plain = () => `line ${pick(1000)} \x1b[3${pick(8)}mcolour\x1b[0m\r\n`;
    const parts = Array.from({ length: 60 }, () => (pick(10) === 0 ? piece(pick) : plain()));
    const stream = Buffer.from(parts.join(""));
    const options = { ...size, answer: () => {} };
    // So little may wait that it is given up in the middle.
    const lazy = () => deferredScreen(options, undefined, pick(2) === 0 ? 500 : undefined);
    const whole = openScreen(options);
    let one = lazy();
    let from = 0;
    for (const cut of cutsOf(pick, stream.length, 4)) {
      whole.write(stream.subarray(from, cut));
      one.write(stream.subarray(from, cut));
      const next = lazy();
      next.restore(carried(one.carry()));
      one.close();
      one = next;
      from = cut;
      if (pick(2) === 0) expect({ seed, cut, shown: shown(one) }).toEqual({ seed, cut, shown: shown(whole) });
    }
    whole.write(stream.subarray(from));
    one.write(stream.subarray(from));
    expect({ seed, shown: shown(one) }).toEqual({ seed, shown: shown(whole) });
    one.close();
    whole.close();
  }
});
