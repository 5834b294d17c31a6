// Owns where a byte stream may be cut: never inside a UTF-8 character, never past the size of one output event.
import { MAX_OUTPUT_EVENT_BYTES } from "./event.ts";

/**
 * How many bytes (0..3) at the end of `bytes` begin a UTF-8 character that later bytes may still finish. Invalid
 * sequences count as finished, so that a row decoded alone reads as it would in one stream.
 */
export function unfinishedTail(bytes: Uint8Array): number {
  const end = bytes.length;
  for (let back = 1; back <= 3 && back <= end; back++) {
    const byte = bytes[end - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    return back < characterLength(byte) && (back === 1 || mayFollow(byte, bytes[end - back + 1] ?? 0))
      ? back
      : 0;
  }
  return 0;
}

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

function characterLength(lead: number): number {
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  if (lead >= 0xf0 && lead <= 0xf4) return 4;
  return 1;
}

// The second byte of some leads is narrower than 80..BF (Unicode, table 3-7): overlong forms, surrogates, past U+10FFFF.
function mayFollow(lead: number, second: number): boolean {
  if (lead === 0xe0) return second >= 0xa0;
  if (lead === 0xed) return second <= 0x9f;
  if (lead === 0xf0) return second >= 0x90;
  if (lead === 0xf4) return second <= 0x8f;
  return true;
}
