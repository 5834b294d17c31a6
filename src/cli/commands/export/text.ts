// A recording as plain text: what a terminal shows of it in the end, scrollback included, and the last screen of
// each full-screen program. A progress bar comes out as it ended, not as the hundred states it went through.
import { UnicodeGraphemesAddon } from "@xterm/addon-unicode-graphemes";
import { type IBuffer, Terminal } from "@xterm/headless";
import type { Recording } from "./recording.ts";

/** Lines of scrollback from which on the older ones are given out and forgotten, and how many then stay. */
const MOST_LINES = 10_000;
const KEPT_LINES = 2_000;
/** Characters of one line after which its beginning is given out, not kept until its end comes. */
const LONG_LINE = 64 * 1024;
/** Two columns are the emulator's minimum. */
const LEAST_COLS = 2;

/** The part of xterm.js 6.0.0's core that parses at once; its public `write` does it later, and an error of it ends us. */
interface Core {
  readonly _inputHandler: {
    parse(data: string): unknown;
    eraseInDisplay(params: { readonly params: readonly number[] }): unknown;
    readonly _parser: { reset(): void };
  };
}

/** The text piece by piece, each line with its end. Lines that the terminal wrapped are whole again. */
export async function* textOf(recording: Recording): AsyncGenerator<string, void, undefined> {
  const terminal = new Terminal({
    cols: Math.max(recording.cols, LEAST_COLS),
    rows: recording.rows,
    scrollback: MOST_LINES * 2,
    allowProposedApi: true,
    logLevel: "off",
  });
  terminal.loadAddon(new UnicodeGraphemesAddon());
  terminal.unicode.activeVersion = "15-graphemes";
  // The version is pinned; test/cli/export-text.test.ts reads every member.
  const { _inputHandler: input } = (terminal as unknown as { readonly _core: Core })._core;
  const screens = lastScreens(terminal, (params) => void input.eraseInDisplay({ params }));
  const lines = new Logical(terminal.buffer.normal, screens);
  for await (const moment of recording.moments) {
    if (moment.kind === "resize")
      terminal.resize(Math.max(moment.cols, LEAST_COLS), Math.max(moment.rows, 1));
    if (moment.kind !== "output") continue;
    try {
      input.parse(moment.data);
    } catch {
      // A fault of the emulator costs one piece of output, not the rest.
      input._parser.reset();
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
  terminal.dispose();
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
}

/** Keeps each alternate screen as it was when its program left it, or cleared it just before. */
function lastScreens(terminal: Terminal, erase: (params: readonly number[]) => void): LastScreens {
  let cleared: readonly string[] = [];
  const screens: LastScreens = {
    all: [],
    gone: 0,
    left() {
      const { active, normal, alternate } = terminal.buffer;
      if (active !== alternate) return;
      const shown = screenText(alternate, terminal.rows);
      const text = shown.length > 0 ? shown : cleared;
      cleared = [];
      if (text.length > 0) screens.all.push({ before: screens.gone + normal.baseY + normal.cursorY, text });
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
    // xterm.js 6.0.0 throws here (no line below the last to unwrap). All that is above the last cell is everything.
    const all = how === 1 && active.cursorY === terminal.rows - 1 && active.cursorX + 1 >= terminal.cols;
    if (all) erase([2]);
    return all;
  });
  // Once per count: more than the screen holds is only a way to keep us busy.
  for (const final of ["b", "L", "M", "S", "T", "I", "Z"]) {
    terminal.parser.registerCsiHandler({ final }, ([count]) => Number(count) > terminal.cols * terminal.rows);
  }
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
