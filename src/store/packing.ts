// How output is best cut so that SQLite's pages fill: what the last page of event rows has left is counted along.
import { constants, type Database } from "bun:sqlite";
import { MAX_OUTPUT_EVENT_BYTES as MOST } from "../session/event.ts";

/** Nothing shorter is cut off or left over: a row costs about 30 bytes besides its own. */
const LEAST = 64;

// https://sqlite.org/fileformat2.html, "B-tree Pages" and "Record Format". A page holds a head, pointers to cells, and the
// cells: length of the payload, rowid, payload. What a payload has beyond what may stay goes to overflow pages.
const HEAD = 8;
const POINTER = 2;
const OVERFLOW_LINK = 4;
/** Left free in each page: what characters at the cuts shift into the last row; and the longest whole row is not longer. */
const SPARE = 20;
/** What a row of output has beside its bytes, at the most: in its record, and in its cell outside the record. */
const RECORD = 15;
const CELL = POINTER + 3 + 5;

/** The numbers of a row as `event_rows` has them; `length` in bytes of its data. */
export interface RowSize {
  readonly seq: number;
  readonly session: number;
  readonly kind: number;
  readonly at: number;
  readonly length: number;
}

/**
 * How full the last page is. Of a ledger that was just opened nothing is known, and a sacrifice or a transaction that is
 * rolled back changes the page behind the count. That costs space only, and little: out of step, pages end with gaps that
 * the count does not see, each brings their ends nearer to where it expects them, and after some thirty pages they meet.
 */
export interface Packing {
  /** Lengths of all rows but the last into which so many bytes of output are best cut; each is at most 16 KiB. */
  cuts(bytes: number): number[];
  /** A row was added, the last of the table. */
  add(row: RowSize): void;
}

/** The packing of an open ledger. */
export function packingOf(db: Database): Packing {
  const page = new PageShape(usableBytes(db));
  let room = 0;
  return {
    cuts(bytes) {
      const lengths: number[] = [];
      let left = bytes;
      for (let free = Math.max(0, room - SPARE); ; ) {
        const row = bestRow(page, left, free);
        if (row.length === left) return lengths;
        lengths.push(row.length);
        left -= row.length;
        free = row.free;
      }
    },
    add(row) {
      const cell = page.cellOf(row);
      room = (cell <= room ? room : page.empty) - cell;
    },
  };
}

/** Of each page. The SQLite of macOS keeps 12 bytes at its end for itself. */
function usableBytes(db: Database): number {
  const size = db.query<{ page_size: number }, []>("PRAGMA page_size").get()?.page_size ?? 8192;
  // -1 asks. https://sqlite.org/c3ref/c_fcntl_begin_atomic_write.html#sqlitefcntlreservebytes
  const reserved = new Int32Array([-1, 0]);
  const status = db.fileControl(constants.SQLITE_FCNTL_RESERVE_BYTES, reserved);
  return size - (status === 0 ? Math.max(0, reserved[0] ?? 0) : 0);
}

/** What of a page a cell may take. */
class PageShape {
  /** Of an empty page, for cells and their pointers. */
  readonly empty: number;
  /** The longest payload that stays whole. */
  readonly whole: number;
  /** What stays at least of one that does not. */
  readonly start: number;
  /** Of an overflow page, for payload. */
  readonly overflow: number;

  constructor(usable: number) {
    this.empty = usable - HEAD;
    this.whole = usable - 35;
    this.start = Math.floor(((usable - 12) * 32) / 255) - 23;
    this.overflow = usable - OVERFLOW_LINK;
  }

  /** The bytes a row takes of its page. */
  cellOf({ seq, session, kind, at, length }: RowSize): number {
    const types = 5 + varintBytes(2 * length + 13);
    const payload = types + integerBytes(session) + integerBytes(kind) + integerBytes(at) + length;
    const head = POINTER + varintBytes(payload) + varintBytes(seq);
    if (payload <= this.whole) return head + payload;
    // The overflow pages are full, and the rest stays; only where that is too long, the last of them is not full.
    const rest = this.start + ((payload - this.start) % this.overflow);
    return head + (rest <= this.whole ? rest : this.start) + OVERFLOW_LINK;
  }
}

/** The row to begin with when `left` bytes are to be kept and the page has `free`; and what the page then has. */
function bestRow(page: PageShape, left: number, free: number): { length: number; free: number } {
  const beside = RECORD + CELL;
  const fresh = page.empty - SPARE;
  if (left <= MOST && left + beside <= free) return { length: left, free: free - left - beside };
  const room = free < LEAST + beside || left < 2 * LEAST ? fresh : free;
  if (left <= MOST && left + beside <= room) return { length: left, free: room - left - beside };
  // With as many full overflow pages as the bytes allow, its start fills the room; else it ends where the page does.
  const payload = RECORD + Math.min(left, MOST - 3);
  const start = page.start + LEAST + RECORD;
  const stays = room - CELL - OVERFLOW_LINK;
  const over = stays < start ? 0 : Math.max(0, Math.floor((payload - start) / page.overflow)) * page.overflow;
  const most = (over > 0 ? Math.min(stays, payload - over) + over : Math.min(room - CELL, payload)) - RECORD;
  const length = most < left ? Math.min(most, left - LEAST) : left;
  return { length, free: room - CELL - (RECORD + length - over) - (over > 0 ? OVERFLOW_LINK : 0) };
}

/** https://sqlite.org/fileformat2.html#varint */
function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) bytes++;
  return bytes;
}

/** What a whole number takes in a record; 0 and 1 are their own types. */
function integerBytes(value: number): number {
  if (value === 0 || value === 1) return 0;
  const size = value < 0 ? -value - 1 : value;
  if (size < 0x80) return 1;
  if (size < 0x8000) return 2;
  if (size < 0x80_0000) return 3;
  if (size < 0x8000_0000) return 4;
  return size < 0x8000_0000_0000 ? 6 : 8;
}
