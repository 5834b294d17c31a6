// Where the prompt of the shell goes after a program: below everything the program left on the screen.

/** What of a screen decides it (`GET screen`). */
export interface Ground {
  readonly rows: number;
  readonly cursor: { readonly x: number; readonly y: number };
  readonly lines: readonly string[];
}

/** How the program had the terminal. */
export interface Had {
  /** The alternate screen was shown; it is left by now. */
  readonly alternate: boolean;
  /** The rows of the primary screen were the program's rows. */
  readonly framed: boolean;
  /** Of the terminal. */
  readonly rows: number;
}

/** Moves from the program's cursor to the beginning of a free line; `ground` is what the primary screen shows, if that is known. */
export function belowScreen(had: Had, ground: Ground | undefined): string {
  const bottom = `\x1b[${had.rows};1H\r\n`;
  if (had.alternate) return had.framed ? bottom : "\r";
  if (!ground) return had.framed ? bottom : "\r\n";
  const { x, y } = ground.cursor;
  const last = ground.lines.findLastIndex((line) => line !== "");
  if (had.framed) {
    const free = Math.max(last + 1, x > 0 ? y + 1 : y);
    return ground.rows === had.rows && free < had.rows ? `\x1b[${free + 1};1H\x1b[J` : bottom;
  }
  const down = Math.max(0, last - y);
  return `\r${"\n".repeat(down)}${last >= y || x > 0 ? "\n" : ""}\x1b[J`;
}
