// Seqs are promised to the disk ahead of their use, so that none is used twice after a power cut (decision 30).
import type { Connection } from "./connection.ts";

/** Seqs reserved at a time: one fsync for so many events. */
const BLOCK = 131_072;
/** What is left of them at least when a transaction begins; the longest takes a fourth of that. */
const MARGIN = 32_768;

/** Every statement on what is reserved and what was lost. */
export const RESERVE_SQL = {
  newest: "SELECT max(seq) AS seq FROM event_rows",
  mark: "SELECT value FROM meta WHERE key = 'seq_reserved'",
  keepMark:
    "INSERT INTO meta (key, value) VALUES ('seq_reserved', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
  dropMark: "DELETE FROM meta WHERE key = 'seq_reserved'",
  // As what is left of a sacrificed session: it is purged with its row once a newer event is there.
  nobody: `INSERT INTO session_rows (id, project_root, harness, title, status, archived_at, created_at, updated_at, cwd, launch_mode, born)
    VALUES (NULL, '', '', '', 'killed', '', '', '', '', '', 0)`,
  nothing: "INSERT INTO event_rows (seq, session, kind, at, data) VALUES (?, ?, 5, 0, '{}')",
  loseOn: "UPDATE lost_rows SET until = ? WHERE kept = (SELECT max(kept) FROM lost_rows) AND until = ?",
  lose: "INSERT INTO lost_rows (kept, until) VALUES (?, ?)",
  lost: "SELECT kept, until FROM lost_rows WHERE kept < ? ORDER BY kept DESC LIMIT 1",
} as const;

/** The seqs of an open ledger. */
export interface Reserve {
  /**
   * Before a transaction that appends, and outside it. Mostly a comparison; once in a hundred thousand events it writes and syncs. Throws
   * as a write does.
   */
  ahead(): void;
  /** An event has got this seq, the newest of the ledger. */
  given(seq: number): void;
  /** As `LedgerReader.keptBefore`. */
  keptBefore(cursor: number): number | undefined;
  /** An orderly end: the next start goes on with the next seq. */
  release(): void;
}

/** After an end that was not orderly, the first seq from here on is one that cannot have been given before. Writes nothing before that is needed. */
export function reserveOf({ db, transaction, sync }: Connection): Reserve {
  const newest = db.query<{ seq: number | null }, []>(RESERVE_SQL.newest);
  const keepMark = db.query<null, [string]>(RESERVE_SQL.keepMark);
  const dropMark = db.query<null, []>(RESERVE_SQL.dropMark);
  const nobody = db.query<null, []>(RESERVE_SQL.nobody);
  const nothing = db.query<null, [number, number]>(RESERVE_SQL.nothing);
  const loseOn = db.query<null, [number, number]>(RESERVE_SQL.loseOn);
  const lose = db.query<null, [number, number]>(RESERVE_SQL.lose);
  const lost = db.query<{ kept: number; until: number }, [number]>(RESERVE_SQL.lost);

  let last = newest.get()?.seq ?? 0;
  let reserved = 0;

  /** How far an earlier daemon may have gone that did not end orderly; 0 after one that did. */
  let left = Number(db.query<{ value: string }, []>(RESERVE_SQL.mark).get()?.value ?? 0);

  return {
    ahead() {
      if (last + MARGIN < reserved) return;
      const from = Math.max(last, left);
      transaction(() => {
        if (left > last) {
          nothing.run(left, Number(nobody.run().lastInsertRowid));
          // Nothing may have come since the last time.
          if (loseOn.run(left, last).changes === 0) lose.run(last, left);
        }
        keepMark.run(String(from + BLOCK));
      });
      last = from;
      left = 0;
      sync();
      reserved = from + BLOCK;
    },
    given(seq) {
      last = seq;
    },
    keptBefore(cursor) {
      if (cursor > last) return last;
      const before = lost.get(cursor);
      return before && cursor <= before.until ? before.kept : undefined;
    },
    release() {
      try {
        if (reserved > 0) dropMark.run();
        // Whoever goes on all the same reserves anew.
        reserved = 0;
      } catch {
        // A full or failing disk: the next start takes this for a power cut, which costs some seqs.
      }
    },
  };
}
