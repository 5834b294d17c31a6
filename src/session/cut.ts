// Owns where a byte stream may be cut: never inside a UTF-8 character, never past the size of one output event.
import { unfinishedTail } from "../vt/utf8.ts";
import { MAX_OUTPUT_EVENT_BYTES } from "./event.ts";

/** No row is cut shorter, so that each holds a whole character. */
const LEAST_ROW_BYTES = 4;

/**
 * Cuts a stream that came in pieces into rows at character borders. The first are as long as `lengths` says (the ledger's
 * advice; a character that is not whole goes into the next), those behind them as long as 16 KiB allow, as all are at the most.
 * `rest` (0..3 bytes) waits for what comes next. Only rows across a border of pieces are copied.
 */
export function cutRows(
  pieces: readonly Uint8Array[],
  lengths: readonly number[] = [],
): { rows: Uint8Array[]; rest: Uint8Array } {
  const rows: Uint8Array[] = [];
  let open: Uint8Array[] = [];
  let size = 0;
  let full = lengthOf(lengths[0]);
  for (const piece of pieces) {
    let from = 0;
    while (size + piece.length - from >= full) {
      const to = from + full - size;
      const row = joined([...open, piece.subarray(from, to)]);
      const tail = unfinishedTail(row);
      rows.push(row.subarray(0, row.length - tail));
      full = lengthOf(lengths[rows.length]);
      // Its character goes on in this piece, or in one before: then the next row begins with a copy.
      const within = tail <= to - from;
      open = within ? [] : [row.subarray(row.length - tail)];
      size = within ? 0 : tail;
      from = within ? to - tail : to;
    }
    if (from === piece.length) continue;
    open.push(piece.subarray(from));
    size += piece.length - from;
  }
  const last = joined(open);
  const whole = last.length - unfinishedTail(last);
  if (whole > 0) rows.push(last.subarray(0, whole));
  return { rows, rest: last.slice(whole) };
}

function lengthOf(advice = MAX_OUTPUT_EVENT_BYTES): number {
  return Math.max(LEAST_ROW_BYTES, Math.min(advice, MAX_OUTPUT_EVENT_BYTES));
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const [only] = pieces;
  return only && pieces.length === 1 ? only : Buffer.concat(pieces);
}
