// Output taken out of the middle of a session that has grown too large: its head and its tail stay, and what went is written down.
import type { Connection } from "./connection.ts";
import { chained, digits, numberOf } from "./hashes.ts";

/** Every statement on gaps. */
const GAP_SQL = {
  owner: "SELECT n FROM session_rows WHERE id = ?",
  gap: "SELECT first, last, events, bytes, hash_before, hash_after FROM gap_rows WHERE session = ?",
  keep: `INSERT OR REPLACE INTO gap_rows (session, first, last, events, bytes, hash_before, hash_after)
    VALUES (?, ?, ?, ?, ?, ?, ?)`,
  rows: "SELECT seq, data FROM event_rows WHERE session = ? AND seq > ? AND kind = 0 ORDER BY seq LIMIT ?",
  remove: "DELETE FROM event_rows WHERE session = ? AND seq >= ? AND seq <= ? AND kind = 0",
} as const;

/** What is missing of a session's output. */
export interface Gap {
  /** Seqs of the first and the last event that went. */
  readonly first: number;
  readonly last: number;
  readonly events: number;
  readonly bytes: number;
}

/** The part of the ledger that takes output out. */
export interface Gaps {
  /** undefined where nothing was taken out. */
  gap(id: string): Gap | undefined;
  /**
   * Takes out up to `bytes` of output behind the first `head` bytes, or behind what went before; at most a MiB, and never the last events. Returns the gap as
   * it is then; undefined when there was nothing to take.
   */
  takeOut(id: string, head: number, bytes: number): Gap | undefined;
}

/** Rows looked at in one step: a MiB of output in rows of 16 KiB. */
const ROWS = 64;
/** Rows at the end that stay whatever their size: somebody reads them now. */
const LAST_ROWS = 64;

interface Kept extends Gap {
  readonly hash_before: string;
  readonly hash_after: string;
}

interface Walk {
  readonly seq: number;
  readonly hash: bigint;
}

/** Gaps of an open ledger. */
export function gapsOf({ db, transaction }: Connection): Gaps {
  const owner = db.query<{ n: number }, [string]>(GAP_SQL.owner);
  const gap = db.query<Kept, [number]>(GAP_SQL.gap);
  const keep = db.query<null, [number, number, number, number, number, string, string]>(GAP_SQL.keep);
  const rows = db.query<{ seq: number; data: Uint8Array }, [number, number, number]>(GAP_SQL.rows);
  const remove = db.query<null, [number, number, number]>(GAP_SQL.remove);
  /** How far the heads of sessions without a gap were read. */
  const heads = new Map<number, Walk>();

  /** Where the gap begins, or goes on. Reads the head once. */
  function from(n: number, head: number): Walk {
    const kept = gap.get(n);
    if (kept) return { seq: kept.last, hash: numberOf(kept.hash_after) };
    const known = heads.get(n);
    if (known) return known;
    let walk: Walk = { seq: 0, hash: 0n };
    for (let bytes = 0; bytes < head; ) {
      const some = rows.all(n, walk.seq, ROWS);
      for (const row of some) {
        if (bytes >= head) break;
        bytes += row.data.length;
        walk = { seq: row.seq, hash: chained(walk.hash, row.data) };
      }
      if (some.length < ROWS) break;
    }
    heads.set(n, walk);
    return walk;
  }

  return {
    gap(id) {
      const n = owner.get(id)?.n;
      return (n !== undefined && gap.get(n)) || undefined;
    },
    takeOut(id, head, bytes) {
      const n = owner.get(id)?.n;
      if (n === undefined) return undefined;
      const begin = from(n, head);
      const found = rows.all(n, begin.seq, ROWS + LAST_ROWS);
      const going = found.slice(0, Math.min(ROWS, found.length - LAST_ROWS));
      let hash = begin.hash;
      let took = 0;
      let last = 0;
      let events = 0;
      for (const row of going) {
        if (took >= bytes) break;
        hash = chained(hash, row.data);
        took += row.data.length;
        last = row.seq;
        events += 1;
      }
      const [first] = going;
      if (!first || events === 0) return undefined;
      return transaction(() => {
        const before = gap.get(n);
        const now = {
          first: before?.first ?? first.seq,
          last,
          events: (before?.events ?? 0) + events,
          bytes: (before?.bytes ?? 0) + took,
        };
        const hashBefore = before?.hash_before ?? digits(begin.hash);
        keep.run(n, now.first, now.last, now.events, now.bytes, hashBefore, digits(hash));
        remove.run(n, first.seq, last);
        heads.delete(n);
        return now;
      });
    },
  };
}
