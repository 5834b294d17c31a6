// Puts a screen into a terminal in which other things stand already, so that they stay in its scrollback.
import { widthOf } from "../ui/width.ts";

/** What to write, and whether the program then has the whole primary screen (its rows are the terminal's). */
export interface Picture {
  readonly text: string;
  readonly framed: boolean;
}

const ENTER_ALTERNATE = /\x1b\[\?(?:1049|1047|47)h/;
const STRINGS = /\x1b[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)/g;
const SEQUENCES = /\x1b\[[0-?]*[ -/]*[@-~]|\x1b[ -/]*[0-~]/g;
/** Either of them, right where it is looked for. */
const SEQUENCE = new RegExp(`${STRINGS.source}|${SEQUENCES.source}`, "y");
const KEYBOARD = /\x1b\[[>=][\d;]*u/g;
/** What the lines of a screen are written with: text, attributes, links, runs of blanks. Anything else is where, not what. */
const NOT_LINES = /\x1b\[(?![\d;:]*[mCX]|\d*"q)|\x1b[^[\]\\]|\x1b\](?!8;)/;

/** How the terminal stands when the picture comes; its modes are a fresh terminal's. */
export interface Stand {
  readonly cols: number;
  readonly rows: number;
  /** The program had the whole screen before: it is clear, and the cursor at home. Else the cursor begins an empty line. */
  readonly framed: boolean;
  /** The program needs the whole primary screen even if there is nothing on it yet. */
  readonly whole: boolean;
  /** It began just now: the few lines it has printed stand where they would without us. */
  readonly fresh: boolean;
}

/**
 * From a snapshot (`ScreenImage.ansi`), for a terminal of the same size. A program that shows its alternate screen, or
 * nothing so far, leaves the primary screen to what is there; any other gets all of it, and what was there is scrolled up.
 */
export function picture(ansi: string, stand: Stand): Picture {
  const { rows, framed, whole, fresh } = stand;
  if (framed) return { text: ansi, framed };
  const enter = ENTER_ALTERNATE.exec(ansi);
  if (enter) {
    const primary = ansi.slice(0, enter.index);
    if (!hasText(primary)) {
      const keyboard = primary.match(KEYBOARD)?.join("") ?? "";
      return { text: keyboard + ansi.slice(enter.index), framed: false };
    }
  } else if (!whole && isUntouched(ansi)) {
    return { text: ansi.replaceAll("\x1b[1;1H", ""), framed: false };
  } else if (!whole && fresh) {
    const text = inPlace(ansi, stand);
    if (text !== undefined) return { text, framed: false };
  }
  return { text: wholeScreen(rows) + ansi, framed: true };
}

/** What of a picture may leave a mode behind: all but the lines of the screen it was made from, which are nearly all of it. */
export function withoutLines(text: string, ansi: string): string {
  return text.endsWith(ansi) ? text.slice(0, text.length - ansi.length) + ansi.slice(linesEnd(ansi)) : text;
}

/** Scrolls up what stands on the screen, down to the cursor's line and no further, and goes home. */
export function wholeScreen(rows: number): string {
  return `\r\x1b[J${"\n".repeat(Math.max(0, rows - 1))}\x1b[H`;
}

/** A screen that will not change any more, scrollback first, as lines to print where the cursor is. */
export function lastLines(ansi: string): string {
  return allLines(ansi).replace(/(?:\x1b\[0?m|\r\n)+$/, "");
}

function allLines(ansi: string): string {
  const enter = ENTER_ALTERNATE.exec(ansi);
  const primary = lines(enter ? ansi.slice(0, enter.index) : ansi);
  if (!enter) return primary;
  const rest = ansi.slice(enter.index + enter[0].length);
  const home = rest.indexOf("\x1b[H");
  const alternate = home < 0 ? "" : lines(rest.slice(home + "\x1b[H".length));
  return hasText(primary) ? `${primary}\r\n${alternate}` : alternate;
}

/** The same screen from the cursor's line on, whatever row that is; undefined where only the rows it had will do. */
function inPlace(ansi: string, { cols, rows }: Stand): string | undefined {
  const flow = lines(ansi);
  const rest = ansi.slice(flow.length);
  const [cursor, second] = rest.matchAll(/\x1b\[(\d+);(\d+)([Hr])/g);
  const printed = flow.split("\r\n");
  // A line that wraps takes more rows than we can tell.
  if (
    !cursor ||
    second ||
    cursor[3] !== "H" ||
    printed.length > rows ||
    printed.some((one) => cells(one) >= cols)
  )
    return undefined;
  const down = Number(cursor[1]) - printed.length;
  const vertical = down < 0 ? `\x1b[${-down}A` : "\n".repeat(down);
  return `${flow}${rest.replace(cursor[0], `${vertical}\x1b[${cursor[2]}G`)}`;
}

function cells(line: string): number {
  const skipped = Array.from(line.matchAll(/\x1b\[(\d*)C/g), ([, count]) => Number(count || 1));
  return skipped.reduce((sum, one) => sum + one, widthOf(line.replace(STRINGS, "").replace(SEQUENCES, "")));
}

function lines(ansi: string): string {
  return ansi.slice(0, linesEnd(ansi));
}

function linesEnd(ansi: string): number {
  return NOT_LINES.exec(ansi)?.index ?? ansi.length;
}

/** Anything but sequences. Nearly always the first character tells. */
function hasText(ansi: string): boolean {
  SEQUENCE.lastIndex = 0;
  let at = 0;
  while (SEQUENCE.test(ansi)) at = SEQUENCE.lastIndex;
  return at < ansi.length;
}

/** Nothing was printed, and the cursor is where it was at first. */
function isUntouched(ansi: string): boolean {
  if (hasText(ansi)) return false;
  const moves = ansi.match(/\x1b\[\d+;\d+[Hr]/g) ?? [];
  return moves.every((move) => move === "\x1b[1;1H");
}
