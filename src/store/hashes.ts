// A hash over the output of each session, by which it is seen later that the disk gives back what was written.
import type { Database } from "bun:sqlite";
import { isDamage } from "./failure.ts";

/** Every statement on hashes. */
export const HASH_SQL = {
  kept: "SELECT seq, hash, sealed FROM hash_rows WHERE session = ?",
  keep: "INSERT OR REPLACE INTO hash_rows (session, seq, hash, sealed) VALUES (?, ?, ?, ?)",
  forget: "DELETE FROM hash_rows WHERE session = ?",
  rows: "SELECT seq, data FROM event_rows WHERE session = ? AND seq > ? AND seq <= ? AND kind = 0 ORDER BY seq LIMIT ?",
  all: "SELECT s.n AS n, s.id AS id FROM hash_rows h JOIN session_rows s ON s.n = h.session WHERE s.id IS NOT NULL ORDER BY s.n",
  one: "SELECT n FROM session_rows WHERE id = ?",
  gap: "SELECT first, last, hash_before, hash_after FROM gap_rows WHERE session = ?",
} as const;

/** Kept at least so often while a session prints, in bytes. */
const KEEP_BYTES = 1024 * 1024;
/** Rows read at a time. */
const BATCH = 64;

/** `unknown`: nothing was recorded to compare with. */
export type OutputCheck = "ok" | "differs" | "unknown";

interface State {
  readonly seq: number;
  readonly hash: bigint;
}

interface Kept {
  readonly seq: number;
  readonly hash: string;
  readonly sealed: number;
}

/** The hashes of an open ledger. */
export interface Hashes {
  /** A row of output of session `n` is kept. Never throws: who appended it would append it again. */
  add(n: number, seq: number, data: Uint8Array): void;
  /**
   * The session has settled: what it hashes to is final. Within the transaction that says so. Throws what any write throws, but for damage: a session is
   * settled also where the hashes can't be read, and has none then.
   */
  seal(id: string): void;
  /** What was added may have been rolled back: it is read again when it is needed. */
  forget(id: string): void;
}

interface Gap {
  readonly first: number;
  readonly last: number;
  readonly hash_before: string;
  readonly hash_after: string;
}

/** XXH64 of each row, with that of the row before as its seed: 12 ms for 100 MB in rows of 16 KiB, 30 in rows of 100 bytes. */
export function chained(before: bigint, data: Uint8Array): bigint {
  return Bun.hash.xxHash64(data, before);
}

/** The hashes of an open ledger; `damaged` is told what SQLite says where they can't be read or written. */
export function hashesOf(db: Database, damaged: (cause: unknown) => void): Hashes {
  const kept = db.query<Kept, [number]>(HASH_SQL.kept);
  const keep = db.query<null, [number, number, string, number]>(HASH_SQL.keep);
  const one = db.query<{ n: number }, [string]>(HASH_SQL.one);
  const running = new Map<number, State & { unkept: number }>();
  /** Of these sessions no hash can be told any more. */
  const unhashed = new Set<number>();

  /** As far as the rows before `seq`; of a session that an earlier daemon began they are read. */
  function before(n: number, seq: number): State & { unkept: number } {
    const known = running.get(n);
    if (known) return known;
    const row = kept.get(n);
    const state = walk(db, n, row ? stateOf(row) : { seq: 0, hash: 0n }, seq - 1);
    return { ...state, unkept: 0 };
  }

  return {
    add(n, seq, data) {
      if (unhashed.has(n)) return;
      try {
        const { hash, unkept } = before(n, seq);
        const state = { seq, hash: chained(hash, data), unkept: unkept + data.length };
        running.set(n, state);
        // The transaction that settles seals it.
        if (state.unkept < KEEP_BYTES || db.inTransaction) return;
        keep.run(n, seq, digits(state.hash), 0);
        state.unkept = 0;
      } catch (cause) {
        damaged(cause);
        // Of a disk that is only full it is tried again with the next row.
        if (!running.has(n)) unhashed.add(n);
      }
    },
    seal(id) {
      const n = one.get(id)?.n;
      if (n === undefined || unhashed.delete(n)) return;
      try {
        const { seq, hash } = before(n, Number.MAX_SAFE_INTEGER);
        if (seq > 0) keep.run(n, seq, digits(hash), 1);
      } catch (cause) {
        if (!isDamage(cause)) throw cause;
        damaged(cause);
      }
      running.delete(n);
    },
    forget(id) {
      running.delete(one.get(id)?.n ?? 0);
    },
  };
}

/** Compares what is recorded of a session's output with what the ledger holds now; reads all of it, as of one moment. */
function check(db: Database, n: number): OutputCheck {
  return db.transaction(() => {
    const row = db.query<Kept, [number]>(HASH_SQL.kept).get(n);
    if (!row) return "unknown";
    const found = walk(db, n, { seq: 0, hash: 0n }, row.sealed ? Number.MAX_SAFE_INTEGER : row.seq);
    return found.seq === row.seq && digits(found.hash) === row.hash ? "ok" : "differs";
  })();
}

/** As `check`, for a session by its id. */
export function checkOutput(db: Database, id: string): OutputCheck {
  const session = db.query<{ n: number }, [string]>(HASH_SQL.one).get(id);
  return session ? check(db, session.n) : "unknown";
}

/** The sessions whose output is not what was recorded. Reads the whole ledger. */
export function differing(db: Database): { readonly n: number; readonly id: string }[] {
  const sessions = db.query<{ n: number; id: string }, []>(HASH_SQL.all).all();
  return sessions.filter(({ n }) => check(db, n) === "differs");
}

/** Goes on from `state` over the rows up to `last`. */
function walk(db: Database, n: number, state: State, last: number): State {
  const rows = db.query<{ seq: number; data: Uint8Array }, [number, number, number, number]>(HASH_SQL.rows);
  const gap = db.query<Gap, [number]>(HASH_SQL.gap).get(n);
  let { seq, hash } = state;
  for (;;) {
    const some = rows.all(n, seq, last, BATCH);
    for (const row of some) {
      if (gap && seq < gap.first && row.seq > gap.last) hash = across(gap, hash);
      seq = row.seq;
      hash = chained(hash, row.data);
    }
    if (some.length < BATCH) return { seq, hash };
  }
}

/** The hash behind what was taken out; where what stands before it is not what was recorded, one that nothing hashes to as well. */
function across({ hash_before, hash_after }: Gap, hash: bigint): bigint {
  return numberOf(hash_after) ^ (digits(hash) === hash_before ? 0n : 1n);
}

function stateOf({ seq, hash }: Kept): State {
  return { seq, hash: numberOf(hash) };
}

/** A hash as its sixteen digits say it. */
export function numberOf(text: string): bigint {
  return BigInt(`0x${text}`);
}

/** A hash in sixteen digits. */
export function digits(hash: bigint): string {
  return hash.toString(16).padStart(16, "0");
}
