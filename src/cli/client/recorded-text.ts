// A recording as plain text: what a terminal shows of it in the end, scrollback included, and the last screen of
// each full-screen program. A progress bar comes out as it ended, not as the hundred states it went through.
import type { IBuffer, Terminal } from "@xterm/headless";
import { openEmulator } from "../../screen/emulator.ts";
import type { Recording } from "./recording.ts";
import { type ScrolledOff, scrolledOff } from "./scrolled-off.ts";

/** Lines of scrollback from which on the older ones are given out and forgotten, and how many then stay. */
const MOST_LINES = 10_000;
const KEPT_LINES = 2_000;
/** Characters of one line after which its beginning is given out, not kept until its end comes. */
const LONG_LINE = 64 * 1024;
/** Line feeds on the alternate screen between two looks at it: fewer than any screen that is worth scrolling has rows. */
const LINES_BETWEEN_LOOKS = 4;

/** So long at most, in milliseconds, nothing else is done meanwhile. */
const AT_A_TIME_MS = 20;

/** What else is wanted of a recording. */
export interface TextOptions {
  /** Also what full-screen programs have scrolled off their screen, above the last one of each. */
  readonly scrolledOff?: boolean;
}

/** The text piece by piece, each line with its end. Lines that the terminal wrapped are whole again. */
export async function* textOf(
  recording: Recording,
  options: TextOptions = {},
): AsyncGenerator<string, void, undefined> {
  const emulator = openEmulator(recording.cols, recording.rows, MOST_LINES * 2);
  const { terminal } = emulator;
  const screens = lastScreens(terminal, options.scrolledOff ? scrolledOff() : undefined);
  const lines = new Logical(terminal.buffer.normal, screens);
  let since = performance.now();
  for await (const moment of recording.moments) {
    if (moment.kind === "resize") emulator.resize(moment.cols, moment.rows);
    if (moment.kind !== "output") continue;
    for (const piece of options.scrolledOff ? screens.pieces(moment.data) : [moment.data]) {
      emulator.parse(piece);
      screens.look();
      if (performance.now() - since < AT_A_TIME_MS) continue;
      // Whoever reads along in a terminal presses keys meanwhile.
      await new Promise(setImmediate);
      since = performance.now();
    }
    if (terminal.buffer.normal.baseY < MOST_LINES) continue;
    yield lines.take(terminal.buffer.normal.baseY - KEPT_LINES);
    // Forgets the lines just taken: they are the oldest.
    terminal.options.scrollback = KEPT_LINES;
    terminal.options.scrollback = MOST_LINES * 2;
    lines.forgotten();
  }
  screens.left();
  yield lines.rest();
  emulator.close();
}

/** A screen that was left, and the line of the normal buffer it stood before, counted from the session's first. */
interface LeftScreen {
  readonly before: number;
  readonly text: readonly string[];
}

interface LastScreens {
  readonly all: LeftScreen[];
  /** Lines of the normal buffer that are forgotten already. */
  gone: number;
  /** Notes the alternate screen, if it is shown and not empty. */
  left(): void;
  /** What is printed, in pieces after which there is something to look at. */
  pieces(data: string): Iterable<string>;
  /** Compares the alternate screen with how it was; does nothing while a frame is being drawn (synchronized output). */
  look(): void;
}

/** Keeps each alternate screen as it was when its program left it, or cleared it just before. */
function lastScreens(terminal: Terminal, gone: ScrolledOff | undefined): LastScreens {
  let cleared: readonly string[] = [];
  let drawing = false;
  const screens: LastScreens = {
    all: [],
    gone: 0,
    left() {
      const { active, normal, alternate } = terminal.buffer;
      if (active !== alternate) return;
      const shown = screenText(alternate, terminal.rows);
      const text = shown.length > 0 ? shown : cleared;
      cleared = [];
      const all = [...(gone?.take() ?? []), ...text];
      if (all.length > 0) {
        screens.all.push({ before: screens.gone + normal.baseY + normal.cursorY, text: all });
      }
    },
    *pieces(data) {
      let begin = 0;
      let lines = 0;
      for (const { 0: end, index } of data.matchAll(/\u001b\[\?2026[hl]|\n/g)) {
        lines += 1;
        if (end === "\n" && (drawing || lines < LINES_BETWEEN_LOOKS)) continue;
        lines = 0;
        // What stands before the beginning of a frame is looked at, and the frame as a whole.
        const begins = end.endsWith("h");
        const cut = begins ? index : index + end.length;
        if (!begins) drawing = false;
        if (cut > begin) yield data.slice(begin, cut);
        begin = cut;
        if (begins) drawing = true;
      }
      if (begin < data.length) yield data.slice(begin);
    },
    look() {
      const { active, alternate } = terminal.buffer;
      if (!gone || drawing || active !== alternate) return;
      gone.look(
        Array.from({ length: terminal.rows }, (_, y) => lineText(alternate, alternate.baseY + y, true)),
      );
    },
  };
  const isAlternate = (params: readonly (number | number[])[]) =>
    params.some((one) => one === 47 || one === 1047 || one === 1049);
  terminal.parser.registerCsiHandler({ prefix: "?", final: "l" }, (params) => {
    if (isAlternate(params)) screens.left();
    return false;
  });
  terminal.parser.registerCsiHandler({ final: "J" }, ([how]) => {
    const { active, alternate } = terminal.buffer;
    if (active === alternate && how === 2) {
      const shown = screenText(alternate, terminal.rows);
      if (shown.length > 0) cleared = shown;
    }
    return false;
  });
  return screens;
}

/** Without the blank lines above and below; none for an empty screen. */
function screenText(buffer: IBuffer, rows: number): string[] {
  const lines = Array.from({ length: rows }, (_, y) => lineText(buffer, buffer.baseY + y, true));
  while (lines.at(-1) === "") lines.pop();
  return lines.slice(lines.findIndex((line) => line !== ""));
}

function lineText(buffer: IBuffer, y: number, trim: boolean): string {
  const text = buffer.getLine(y)?.translateToString(trim) ?? "";
  return trim ? text.trimEnd() : text;
}

/** The normal buffer's lines as the program printed them, given out from the oldest on, with left screens between. */
class Logical {
  #taken = 0;
  /** The beginning of a line that goes on, and whether a part before it was given out already. */
  #open = "";
  #begun = false;
  #blank = 0;

  constructor(
    private readonly buffer: IBuffer,
    private readonly screens: LastScreens,
  ) {}

  /** The text up to this line of the buffer. */
  take(end: number): string {
    let text = "";
    for (; this.#taken < end; this.#taken += 1) {
      const next = this.buffer.getLine(this.#taken + 1);
      const wraps = next?.isWrapped === true;
      if (this.#open === "" && !this.#begun) text += this.#screensBefore(this.screens.gone + this.#taken);
      this.#open += lineText(this.buffer, this.#taken, !wraps);
      if (!wraps) text += this.#close();
      else if (this.#open.length > LONG_LINE) text += this.#part();
    }
    return text;
  }

  /** The lines taken are no longer in the buffer. */
  forgotten(): void {
    this.screens.gone += this.#taken;
    this.#taken = 0;
  }

  /** All that is left. */
  rest(): string {
    const lines = this.take(this.buffer.length);
    return lines + this.#screensBefore(Number.POSITIVE_INFINITY);
  }

  // Blank lines count only when something follows: the empty part of a screen is no text.
  #close(): string {
    if (this.#open === "" && !this.#begun) {
      this.#blank += 1;
      return "";
    }
    const line = `${this.#part()}\n`;
    this.#begun = false;
    return line;
  }

  #part(): string {
    const text = (this.#begun ? "" : this.#gap()) + this.#open;
    this.#open = "";
    this.#begun = true;
    return text;
  }

  #screensBefore(line: number): string {
    let text = "";
    for (let first = this.screens.all[0]; first && first.before <= line; first = this.screens.all[0]) {
      this.screens.all.shift();
      text += this.#gap() + first.text.map((one) => `${one}\n`).join("");
    }
    return text;
  }

  #gap(): string {
    const gap = "\n".repeat(this.#blank);
    this.#blank = 0;
    return gap;
  }
}
