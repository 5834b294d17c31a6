// How a session leaves the ledger: out of sight at once, its rows and the file's space after it in small steps.
import type { World } from "../session/ports/world.ts";
import type { Connection } from "./connection.ts";
import { sessionNotFound } from "./sessions.ts";

/** Every statement that deletes. */
export const SACRIFICE_SQL = {
  owner: "SELECT n FROM session_rows WHERE id = ?",
  count: "SELECT count(*) AS events FROM event_rows WHERE session = ?",
  screen: "DELETE FROM screen_rows WHERE session = ?",
  leftovers: "DELETE FROM leftover_rows WHERE session = ?",
  hash: "DELETE FROM hash_rows WHERE session = ?",
  gap: "DELETE FROM gap_rows WHERE session = ?",
  // Out of every view and every index that is searched; the ordinal stays while rows refer to it.
  forget: `UPDATE session_rows SET id = NULL, project_root = '', harness = '', title = '', status = 'killed',
    exit_code = NULL, archived_at = '', created_at = '', updated_at = '', cwd = '', launch_mode = '',
    pid = NULL, pid_started_at = NULL, signal = NULL, labels = '[]', visibility = 'private', external = 0, conversation_id = NULL,
    familiar_id = NULL, transcript_path = NULL, model = NULL, permission = NULL, add_dirs = '[]',
    base_commit = NULL, worktree = NULL, continues = NULL, agent_session_id = NULL, "group" = NULL, name = NULL WHERE n = ?`,
  // The newest row of the ledger is emptied, not deleted: the next seq is counted from it.
  blank:
    "UPDATE event_rows SET kind = 5, data = '{}' WHERE seq = (SELECT max(seq) FROM event_rows) AND session = ?",
  forgotten: "SELECT n FROM session_rows WHERE id IS NULL",
  purge: `DELETE FROM event_rows WHERE seq IN (
    SELECT seq FROM event_rows WHERE session = ? AND seq < (SELECT max(seq) FROM event_rows) ORDER BY seq LIMIT ?)`,
  remove:
    "DELETE FROM session_rows WHERE n = ?1 AND NOT EXISTS (SELECT 1 FROM event_rows WHERE session = ?1)",
} as const;

/** Rows deleted, and pages given back, in one transaction: 2-4 ms each on the machine of decision 0003. */
const ROWS_PER_STEP = 256;
const PAGES_PER_STEP = 128;
/** A sacrifice goes on purging this long before it leaves the rest for later, in ms. */
const AT_ONCE_MS = 20;
/** The same for one of many, so that the daemon answers in between. */
const ONE_OF_MANY_MS = 2;
/** What is left is done in turns this long, with pauses in which the daemon does its work, in ms. */
const TURN_MS = 5;
const PAUSE_MS = 10;
/** After the disk has refused, in ms. */
const RETRY_MS = 1_000;

/** The part of the ledger that forgets. */
export interface Purge {
  /**
   * As the port `Ledger` says. The session is gone when it returns; a large one frees its space over the next seconds. `within`: what else belongs to that
   * transaction, while the session's row still has its id.
   */
  sacrifice(id: string, oneOfMany?: boolean, within?: () => void): number;
  /** Takes up what an earlier daemon left undone. */
  resume(): void;
  /** Nothing more is purged after this; the next start goes on. */
  stop(): void;
}

/** Sacrifice on an open ledger; `after` is the clock's (a real timer in the daemon), `write` runs each step that frees space. */
export function purgeOf(
  connection: Connection,
  after: World["after"],
  write: <T>(step: () => T) => T = (step) => step(),
): Purge {
  const { db } = connection;
  const owner = connection.db.query<{ n: number }, [string]>(SACRIFICE_SQL.owner);
  const count = connection.db.query<{ events: number }, [number]>(SACRIFICE_SQL.count);
  const screen = connection.db.query<null, [number]>(SACRIFICE_SQL.screen);
  const leftovers = connection.db.query<null, [number]>(SACRIFICE_SQL.leftovers);
  const hash = connection.db.query<null, [number]>(SACRIFICE_SQL.hash);
  const gap = connection.db.query<null, [number]>(SACRIFICE_SQL.gap);
  const forget = connection.db.query<null, [number]>(SACRIFICE_SQL.forget);
  const blank = connection.db.query<null, [number]>(SACRIFICE_SQL.blank);
  const forgotten = connection.db.query<{ n: number }, []>(SACRIFICE_SQL.forgotten);
  const purge = connection.db.query<null, [number, number]>(SACRIFICE_SQL.purge);
  const remove = connection.db.query<null, [number]>(SACRIFICE_SQL.remove);
  const free = connection.db.query<{ freelist_count: number }, []>("PRAGMA freelist_count");
  let cancel: (() => void) | undefined;

  /** One small step; false when nothing is left to do. */
  function step(): boolean {
    for (const { n } of forgotten.all()) {
      if (purge.run(n, ROWS_PER_STEP).changes > 0) return true;
      remove.run(n);
    }
    const before = free.get()?.freelist_count ?? 0;
    if (before === 0) return false;
    db.run(`PRAGMA incremental_vacuum(${PAGES_PER_STEP})`);
    return (free.get()?.freelist_count ?? 0) < before;
  }

  /** Steps until nothing is left or the time is used up; the rest later. */
  function sweep(milliseconds: number): void {
    cancel?.();
    cancel = undefined;
    const start = performance.now();
    while (write(step)) {
      if (performance.now() - start < milliseconds) continue;
      later();
      return;
    }
  }

  function later(): void {
    cancel = after(PAUSE_MS, () => {
      cancel = undefined;
      try {
        sweep(TURN_MS);
      } catch {
        // A full or failing disk. The session is out of sight already; what is left of it goes when the disk takes it.
        cancel = after(RETRY_MS, later);
      }
    });
  }

  return {
    sacrifice(id, oneOfMany, within) {
      const events = connection.transaction(() => {
        const session = owner.get(id);
        if (!session) throw sessionNotFound(id);
        within?.();
        const found = count.get(session.n)?.events ?? 0;
        screen.run(session.n);
        leftovers.run(session.n);
        hash.run(session.n);
        gap.run(session.n);
        blank.run(session.n);
        forget.run(session.n);
        return found;
      });
      try {
        sweep(oneOfMany ? ONE_OF_MANY_MS : AT_ONCE_MS);
      } catch {
        // The session is gone, and that is what was asked; its space follows as in `later`.
      }
      return events;
    },
    resume() {
      if (forgotten.get() || (free.get()?.freelist_count ?? 0) > 0) later();
    },
    stop() {
      cancel?.();
      cancel = undefined;
    },
  };
}
