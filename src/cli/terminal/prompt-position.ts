// Where the prompt of the shell goes after a program: below everything the program left on the screen.

/** The members of `GET screen` that decide it. */
export interface LastScreen {
  readonly rows: number;
  readonly cursor: { readonly x: number; readonly y: number };
  readonly lines: readonly string[];
}

/** What the program did with the terminal. */
export interface TerminalState {
  /** The alternate screen was shown; it has been left by now. */
  readonly alternate: boolean;
  /** The rows of the primary screen were the program's rows. */
  readonly framed: boolean;
  /** Of the terminal. */
  readonly rows: number;
}

/** Moves from the program's cursor to the beginning of a free line; `screen` is what the primary screen shows, where known. */
export function belowScreen(had: TerminalState, screen: LastScreen | undefined): string {
  const bottom = `\x1b[${had.rows};1H\r\n`;
  if (had.alternate) return had.framed ? bottom : "\r";
  if (!screen) return had.framed ? bottom : "\r\n";
  const { x, y } = screen.cursor;
  const last = screen.lines.findLastIndex((line) => line !== "");
  if (had.framed) {
    const free = Math.max(last + 1, x > 0 ? y + 1 : y);
    return screen.rows === had.rows && free < had.rows ? `\x1b[${free + 1};1H\x1b[J` : bottom;
  }
  const down = Math.max(0, last - y);
  return `\r${"\n".repeat(down)}${last >= y || x > 0 ? "\n" : ""}\x1b[J`;
}
