// A SQLite file read page by page, past whatever of it is damaged: the rows that its leaves hold, whichever tree they hang on.
// Source: https://sqlite.org/fileformat2.html ("The Database Header", "B-tree Pages", "Record Format", "The WAL File Format").

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { codeOf } from "../os/file-failure.ts";

/** What a column of a row holds. */
export type Value = null | number | bigint | string | Uint8Array;

/** One row as a leaf has it. */
export interface Row {
  readonly page: number;
  /** Of a table with a rowid. */
  readonly rowid: number;
  readonly values: readonly Value[];
}

/** An open file, with what its write-ahead log has on top of it. */
export interface Pages extends Disposable {
  readonly count: number;
  /** Pages that hold nothing any more; undefined where the list of them is damaged. */
  readonly free: ReadonlySet<number> | undefined;
  /** Rows of the tables' leaves, page after page; what makes no sense is left out, and its page is in `bad`. */
  rows(): Generator<Row, void, undefined>;
  /** Entries of the leaves of indexes, as rows without a rowid. */
  entries(): Generator<readonly Value[], void, undefined>;
  readonly bad: ReadonlySet<number>;
}

const LEAF_TABLE = 0x0d;
const LEAF_INDEX = 0x0a;
const FILE_HEAD = 100;
const MAGIC = "SQLite format 3\0";
const MOST_COLUMNS = 64;
/** Nothing of ours is longer: a row of output is 16 KiB, a screen some hundred. */
const MOST_PAYLOAD = 64 * 1024 * 1024;

class Damaged extends Error {}

/** Opens the file at `path` and its log, for reading. Throws what the system throws. `pageBytes` where the head of the file doesn't say it. */
export function openPages(path: string, pageBytes = 8192): Pages {
  const fd = openSync(path, "r");
  const head = Buffer.alloc(FILE_HEAD);
  // Where it can't be read it is as one of zeros.
  readAt(fd, head, 0);
  const said = head.readUInt16BE(16) === 1 ? 65_536 : head.readUInt16BE(16);
  const size = said >= 512 && (said & (said - 1)) === 0 ? said : pageBytes;
  const log = logOf(`${path}-wal`, size);
  const reserved = head[20] ?? 0;
  const usable = size - (reserved <= 32 ? reserved : 0);
  const count = Math.max(Math.ceil(fstatSync(fd).size / size), log.pages);
  const bad = new Set<number>();

  function page(number: number): Buffer {
    if (number < 1 || number > count) throw new Damaged("no such page");
    const logged = log.page(number);
    if (logged) return logged;
    return pageAt(fd, size, (number - 1) * size);
  }

  /** The payload of a cell at `at`, wherever it goes on. */
  function payloadOf(bytes: Buffer, at: number, length: number, most: number): Buffer {
    if (length > MOST_PAYLOAD) throw new Damaged("longer than anything");
    if (length <= most) return slice(bytes, at, length);
    const least = Math.floor(((usable - 12) * 32) / 255) - 23;
    const fits = least + ((length - least) % (usable - 4));
    const local = fits <= most ? fits : least;
    const parts = [slice(bytes, at, local)];
    let next = slice(bytes, at + local, 4).readUInt32BE(0);
    for (let left = length - local; left > 0; ) {
      const over = page(next);
      const part = slice(over, 4, Math.min(left, usable - 4));
      parts.push(part);
      left -= part.length;
      next = over.readUInt32BE(0);
    }
    return Buffer.concat(parts, length);
  }

  function* cells(kind: number): Generator<{ number: number; bytes: Buffer; at: number }, void, undefined> {
    for (let number = 1; number <= count; number++) {
      if (free?.has(number)) continue;
      const bytes = readable(number, () => page(number));
      if (!bytes) continue;
      const start = number === 1 ? FILE_HEAD : 0;
      if (bytes[start] !== kind) continue;
      const cellCount = bytes.readUInt16BE(start + 3);
      for (let i = 0; i < cellCount; i++) {
        const pointer = start + 8 + 2 * i;
        if (pointer + 2 > usable) {
          bad.add(number);
          break;
        }
        yield { number, bytes, at: bytes.readUInt16BE(pointer) };
      }
    }
  }

  function readable<T>(number: number, read: () => T): T | undefined {
    try {
      return read();
    } catch (cause) {
      if (!(cause instanceof Damaged)) throw cause;
      bad.add(number);
      return undefined;
    }
  }

  const free = readable(1, () => freePages(page, usable));
  return {
    count,
    free,
    bad,
    *rows() {
      for (const { number, bytes, at } of cells(LEAF_TABLE)) {
        const row = readable(number, () => {
          const length = varint(bytes, at);
          const rowid = varint(bytes, length.next);
          const payload = payloadOf(bytes, rowid.next, Number(length.value), usable - 35);
          return { page: number, rowid: Number(rowid.value), values: recordOf(payload) };
        });
        if (row) yield row;
      }
    },
    *entries() {
      for (const { number, bytes, at } of cells(LEAF_INDEX)) {
        const most = Math.floor(((usable - 12) * 64) / 255) - 23;
        const entry = readable(number, () => {
          const length = varint(bytes, at);
          return recordOf(payloadOf(bytes, length.next, Number(length.value), most));
        });
        if (entry) yield entry;
      }
    },
    [Symbol.dispose]() {
      closeSync(fd);
      log[Symbol.dispose]();
    },
  };
}

function freePages(page: (number: number) => Buffer, usable: number): Set<number> {
  const free = new Set<number>();
  const head = page(1);
  // Of a head that is damaged nobody knows which pages are free, none at all included.
  if (head.toString("latin1", 0, MAGIC.length) !== MAGIC) throw new Damaged("no head of a database");
  const wanted = head.readUInt32BE(36);
  for (let trunk = head.readUInt32BE(32); trunk !== 0; ) {
    if (free.has(trunk)) throw new Damaged("the list of free pages goes in a circle");
    free.add(trunk);
    const bytes = page(trunk);
    const leaves = bytes.readUInt32BE(4);
    if (leaves > usable / 4 - 2) throw new Damaged("more free pages than fit");
    for (let i = 0; i < leaves; i++) free.add(bytes.readUInt32BE(8 + 4 * i));
    trunk = bytes.readUInt32BE(0);
  }
  if (free.size !== wanted) throw new Damaged("not as many free pages as there should be");
  return free;
}

/** How many bytes were read; -1 where the disk gives none back. */
function readAt(fd: number, bytes: Buffer, at: number): number {
  try {
    return readSync(fd, bytes, 0, bytes.length, at);
  } catch (cause) {
    if (codeOf(cause) === "EIO") return -1;
    throw cause;
  }
}

function pageAt(fd: number, size: number, at: number): Buffer {
  const bytes = Buffer.alloc(size);
  if (readAt(fd, bytes, at) < 0) throw new Damaged("the disk does not give it back");
  return bytes;
}

function slice(bytes: Buffer, at: number, length: number): Buffer {
  if (at < 0 || length < 0 || at + length > bytes.length) throw new Damaged("past the page");
  return bytes.subarray(at, at + length);
}

function varint(bytes: Uint8Array, at: number): { value: bigint; next: number } {
  let value = 0n;
  for (let i = 0; i < 9; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) throw new Damaged("a number goes past the page");
    if (i === 8) return { value: BigInt.asIntN(64, (value << 8n) | BigInt(byte)), next: at + 9 };
    value = (value << 7n) | BigInt(byte & 0x7f);
    if (byte < 0x80) return { value, next: at + i + 1 };
  }
  throw new Damaged("unreachable");
}

const FIXED = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0];

function recordOf(payload: Buffer): Value[] {
  const head = varint(payload, 0);
  const end = Number(head.value);
  if (end < 1 || end > payload.length) throw new Damaged("a head longer than its row");
  const values: Value[] = [];
  let body = end;
  for (let at = head.next; at < end; ) {
    const { value, next } = varint(payload, at);
    const type = Number(value);
    at = next;
    if (type === 10 || type === 11 || type < 0 || values.length === MOST_COLUMNS)
      throw new Damaged("no such type");
    const length = type < 12 ? (FIXED[type] ?? 0) : (type - 12) >> 1;
    values.push(columnOf(type, slice(payload, body, length)));
    body += length;
  }
  if (body !== payload.length) throw new Damaged("a row longer than its columns");
  return values;
}

function columnOf(type: number, bytes: Buffer): Value {
  if (type === 0) return null;
  if (type === 8 || type === 9) return type - 8;
  if (type === 7) return bytes.readDoubleBE(0);
  if (type === 6) {
    const long = bytes.readBigInt64BE(0);
    return Number.isSafeInteger(Number(long)) ? Number(long) : long;
  }
  if (type < 7) return bytes.readIntBE(0, bytes.length);
  if (type % 2 === 0) return Uint8Array.from(bytes);
  return new TextDecoder().decode(bytes);
}

/** The pages that a log has, each as its last committed frame has it; a frame whose checksum is wrong is left out. */
function logOf(
  path: string,
  size: number,
): { pages: number; page(number: number): Buffer | undefined } & Disposable {
  const none = { pages: 0, page: () => undefined, [Symbol.dispose]() {} };
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch {
    return none;
  }
  const head = Buffer.alloc(32);
  readAt(fd, head, 0);
  const magic = head.readUInt32BE(0);
  if ((magic & 0xffff_fffe) >>> 0 !== 0x377f_0682 || head.readUInt32BE(8) !== size) {
    closeSync(fd);
    return none;
  }
  const little = (magic & 1) === 0;
  const places = new Map<number, number>();
  let pending = new Map<number, number>();
  let pages = 0;
  const frame = Buffer.alloc(24 + size);
  let before: Sum = [head.readUInt32BE(24), head.readUInt32BE(28)];
  for (let at = 32; readAt(fd, frame, at) === frame.length; at += frame.length) {
    if (!frame.subarray(8, 16).equals(head.subarray(16, 24))) break;
    const said: Sum = [frame.readUInt32BE(16), frame.readUInt32BE(20)];
    const sum = checksum(frame.subarray(24), checksum(frame.subarray(0, 8), before, little), little);
    before = said;
    if (sum[0] === said[0] && sum[1] === said[1]) pending.set(frame.readUInt32BE(0), at + 24);
    const commit = frame.readUInt32BE(4);
    if (commit === 0) continue;
    for (const [number, place] of pending) places.set(number, place);
    pending = new Map();
    pages = commit;
  }
  return {
    pages,
    page(number) {
      const place = places.get(number);
      return place === undefined ? undefined : pageAt(fd, size, place);
    },
    [Symbol.dispose]: () => closeSync(fd),
  };
}

type Sum = readonly [number, number];

/** "Checksum Algorithm" of the WAL file format. */
function checksum(bytes: Buffer, [first, second]: Sum, little: boolean): Sum {
  let [a, b] = [first, second];
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    const x = little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
    const y = little ? bytes.readUInt32LE(at + 4) : bytes.readUInt32BE(at + 4);
    a = (a + x + b) >>> 0;
    b = (b + y + a) >>> 0;
  }
  return [a, b];
}
