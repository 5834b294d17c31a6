// What has gone from a screen that keeps no scrollback: the lines of the alternate screen that a program has scrolled off its top.

/** Lines that are kept of one program. */
const MOST_LINES = 200_000;
/** Of a screen less of which is still there has been replaced, and not scrolled. */
const STILL_THERE = 0.3;

/** Looks at a screen again and again, and keeps what scrolls off. */
export interface ScrolledOff {
  /** The screen as it is now, its rows without blanks at their ends. */
  look(rows: readonly string[]): void;
  /** What has gone so far, the oldest first; the next program begins anew. */
  take(): string[];
}

/** Of a program that has just begun: nothing has gone yet. */
export function scrolledOff(): ScrolledOff {
  let gone: string[] = [];
  let before: readonly string[] | undefined;
  return {
    look(rows) {
      // Cleared, to be drawn anew: what comes is compared with what was.
      if (!rows.some((row) => row !== "")) return;
      if (before) {
        const { out, back } = change(before, rows);
        // Scrolled back: what came in again at the top is on the screen, and not gone.
        for (const row of back.toReversed()) if (gone.at(-1) === row) gone.pop();
        gone.push(...out);
        if (gone.length > MOST_LINES) gone = gone.slice(-MOST_LINES);
      }
      before = rows;
    },
    take() {
      const all = gone;
      gone = [];
      before = undefined;
      return all;
    },
  };
}

interface Change {
  /** Rows that went off the top of the part that scrolled. */
  readonly out: readonly string[];
  /** Rows that came in there, the other way. */
  readonly back: readonly string[];
}

const NOTHING: Change = { out: [], back: [] };

function change(before: readonly string[], now: readonly string[]): Change {
  const rows = Math.max(before.length, now.length);
  let changed = 0;
  for (let y = 0; y < rows; y++) if (before[y] !== now[y]) changed += 1;
  // One row that counts or spins is the most common change of all.
  if (changed < 2) return NOTHING;
  let best: Block | undefined;
  for (let by = 1; by < rows; by++) {
    for (const [from, to, up] of [
      [before, now, true],
      [now, before, false],
    ] as const) {
      const block = blockMoved(from, to, by);
      if (block && block.rows > (best?.rows ?? 1)) best = { ...block, by, up };
    }
  }
  if (best) {
    const { at, by, up } = best;
    if (!up) return { out: [], back: now.slice(at, at + by) };
    // A frame that is drawn from the top may have been looked at half way: what went in its upper half is shown there still.
    const above = new Set(now.slice(0, at));
    const left = (row: string) => row !== "" && !above.has(row);
    // A heading that was put over what would have moved; one that only counts or spins is the same as before.
    const covered = before
      .slice(0, at)
      .filter((row, y) => left(row) && letters(row) !== letters(now[y] ?? ""));
    return { out: [...covered, ...before.slice(at, at + by).filter(left)], back: [] };
  }
  const there = new Set(now);
  const filled = before.filter((row) => row !== "");
  const kept = filled.filter((row) => there.has(row)).length;
  return kept < filled.length * STILL_THERE
    ? { out: filled.filter((row) => !there.has(row)), back: [] }
    : NOTHING;
}

function letters(row: string): string {
  return row.replace(/\P{L}+/gu, " ");
}

interface Block {
  /** Its first row after it has moved. */
  readonly at: number;
  /** Rows of it that hold something, and did not stand there before. */
  readonly rows: number;
  readonly by: number;
  readonly up: boolean;
}

/** The block that moved up by so many rows and has the most rows with something in them. */
function blockMoved(
  before: readonly string[],
  now: readonly string[],
  by: number,
): Pick<Block, "at" | "rows"> | undefined {
  let best: Pick<Block, "at" | "rows"> | undefined;
  let at = 0;
  let rows = 0;
  for (let y = 0; y + by < before.length; y++) {
    const row = now[y];
    if (row === undefined || row !== before[y + by]) {
      at = y + 1;
      rows = 0;
      continue;
    }
    if (row !== "" && before[y] !== row) rows += 1;
    // What stands where it stood is none of it, until something has moved.
    if (rows === 0) at = y + 1;
    if (rows > (best?.rows ?? 0)) best = { at, rows };
  }
  return best;
}
