// How output becomes rows: where the ledger's pages want it, never inside a character.
import { MAX_OUTPUT_EVENT_BYTES } from "../session/event.ts";
import { unfinishedTail } from "../vt/utf8.ts";

/** No row is cut shorter, so that each holds a whole character. */
const LEAST_BYTES = 4;

/**
 * Cuts bytes into rows: the first as long as `lengths` says, those behind them, and all at the most, 16 KiB. A character that
 * would be cut goes into the next row; only at the end of the bytes it may be unfinished. Nothing is copied.
 */
export function rowsOf(bytes: Uint8Array, lengths: readonly number[] = []): Uint8Array[] {
  const rows: Uint8Array[] = [];
  for (let from = 0; from < bytes.length; ) {
    const length = lengths[rows.length] ?? MAX_OUTPUT_EVENT_BYTES;
    let to = from + Math.max(LEAST_BYTES, Math.min(length, MAX_OUTPUT_EVENT_BYTES));
    if (to < bytes.length) to -= unfinishedTail(bytes.subarray(from, to));
    rows.push(bytes.subarray(from, to));
    from = to;
  }
  return rows;
}
