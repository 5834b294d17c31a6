// Holds a recording as text: what stands there in the end, not how it came about. Recordings are made by hand.
import { expect, test } from "bun:test";
import { textOf } from "../../src/cli/client/recorded-text.ts";
import type { Moment, Recording } from "../../src/cli/client/recording.ts";
import { record } from "../store/fixture.ts";

/** A recording of these outputs, each a moment; `[cols, rows]` is a resize. */
function recording(parts: readonly (string | readonly [number, number])[], cols = 40, rows = 5): Recording {
  const moments = parts.map(
    (part, ms): Moment =>
      typeof part === "string"
        ? { ms, kind: "output", data: part }
        : { ms, kind: "resize", cols: part[0], rows: part[1] },
  );
  return {
    session: record(),
    cols,
    rows,
    moments: (async function* () {
      yield* moments;
    })(),
  };
}

async function text(
  parts: readonly (string | readonly [number, number])[],
  cols?: number,
  rows?: number,
): Promise<string> {
  let all = "";
  for await (const piece of textOf(recording(parts, cols, rows))) all += piece;
  return all;
}

test("lines, colours gone, blank ones kept between and not after", async () => {
  expect(await text(["\x1b[1;31mone\x1b[0m  \r\n\r\n", "\r\ntwo\r\n\r\n\r\n"])).toBe("one\n\n\ntwo\n");
  expect(await text([])).toBe("");
});

test("a progress bar overwritten in place comes out as it ended", async () => {
  const bar = Array.from({ length: 100 }, (_, i) => `\r\x1b[2K[${"#".repeat(i / 10)}] ${i + 1}%`);
  expect(await text(["start\r\n", ...bar, "\r\ndone\r\n"])).toBe("start\n[#########] 100%\ndone\n");
  expect(await text(["a\r\nb\r\n", "\x1b[2A\x1b[Knew a\r\n"])).toBe("new a\nb\n");
});

test("a line wider than the terminal is one line, also when the terminal changes its width", async () => {
  const long = "0123456789".repeat(12);
  expect(await text([`${long}\r\nshort\r\n`, [25, 5], `${long}\r\n`])).toBe(`${long}\nshort\n${long}\n`);
});

test("a line of a megabyte is one line", async () => {
  const parts = Array.from({ length: 1_000 }, () => "x".repeat(1_000));
  const shown = await text(["a\r\n\r\n", ...parts, "\r\nb\r\n"], 120, 40);
  expect(shown === `a\n\n${"x".repeat(1_000_000)}\nb\n`).toBe(true);
});

test("wide characters, clusters and sequences in pieces", async () => {
  expect(await text(["漢字 e\u0301 👩‍👩‍👧 \x1b[3", "1mred\x1b[0m\r\n"])).toBe("漢字 e\u0301 👩‍👩‍👧 red\n");
});

test("a full-screen program leaves its last screen where it stood, or the one it cleared on its way out", async () => {
  const program = ["\x1b[?1049h\x1b[H\x1b[2J", "first frame", "\x1b[H\x1b[2J\x1b[2;3Hlast frame"];
  const around = (inside: readonly string[]) => ["before\r\n", ...inside, "after\r\n"];
  expect(await text(around([...program, "\x1b[?1049l"]))).toBe("before\n  last frame\nafter\n");
  expect(await text(around([...program, "\x1b[2J", "\x1b[?1049l"]))).toBe("before\n  last frame\nafter\n");
  // Killed in the middle of it, or still running.
  expect(await text(["before\r\n", ...program])).toBe("before\n  last frame\n");
  // Twice: `less`, then an editor.
  expect(await text([...program, "\x1b[?1049l", "$ vi\r\n", "\x1b[?1049hedited\x1b[?1049l"])).toBe(
    "  last frame\n$ vi\nedited\n",
  );
});

test("a long log comes out whole, in order and without the memory of it", async () => {
  const lines = Array.from({ length: 60_000 }, (_, i) => `line ${i}`);
  const parts = Array.from(
    { length: 600 },
    (_, i) => `${lines.slice(i * 100, i * 100 + 100).join("\r\n")}\r\n`,
  );
  // In the middle of it a full-screen program, whose screen must be in its place.
  parts.splice(450, 0, "\x1b[?1049hscreen\x1b[?1049l");
  const pieces: string[] = [];
  for await (const piece of textOf(recording(parts))) pieces.push(piece);
  expect(pieces.join("")).toBe(
    `${[...lines.slice(0, 45_000), "screen", ...lines.slice(45_000)].join("\n")}\n`,
  );
  expect(pieces.length).toBeGreaterThan(2);
});

test("what breaks the emulator, or only keeps it busy, costs nothing else", async () => {
  // xterm.js 6.0.0 throws on ED 1 in the last cell: the export ended with a stack trace.
  expect(await text(["gone\r\n", "\x1b[5;40Hx\x1b[1J", "\x1b[Hstays\r\n"])).toBe("stays\n");
  // A count of two thousand million: the export was busy for minutes.
  const began = performance.now();
  const shown = await text(["a\x1b[2000000000b", "\x1b[2000000000S", "\x1b[2000000000I", "b\r\n"]);
  expect(shown.trim().replace(/\s+/g, " ")).toMatch(/^a+ b$/);
  expect(performance.now() - began).toBeLessThan(2_000);
});
