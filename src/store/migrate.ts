// The order of the migrations and the promise that each is applied whole or not at all.
import type { Database } from "bun:sqlite";
import { CovenError } from "../errors.ts";
import first from "./migrations/001_ledger.sql" with { type: "text" };
import second from "./migrations/002_leftovers.sql" with { type: "text" };
import third from "./migrations/003_lost_seqs.sql" with { type: "text" };
import fourth from "./migrations/004_output_hashes.sql" with { type: "text" };
import fifth from "./migrations/005_members.sql" with { type: "text" };
import sixth from "./migrations/006_gaps.sql" with { type: "text" };
import seventh from "./migrations/007_feed.sql" with { type: "text" };
import eighth from "./migrations/008_worktrees.sql" with { type: "text" };
import ninth from "./migrations/009_approvals.sql" with { type: "text" };
import tenth from "./migrations/010_names.sql" with { type: "text" };

/** Every migration in order; the n-th takes a ledger from `user_version` n-1 to n. Append only. */
export const MIGRATIONS: readonly string[] = [
  first,
  second,
  third,
  fourth,
  fifth,
  sixth,
  seventh,
  eighth,
  ninth,
  tenth,
];

/** Throws `runtime_unavailable` (details `found`, `known`, `path`) when a newer coven has written the ledger. */
export function refuseNewer(found: number, known: number, path: string): void {
  if (found <= known) return;
  throw new CovenError(
    "runtime_unavailable",
    `The ledger ${path} was written by a newer coven (schema ${found}; this one knows ${known}). Update coven; nothing was changed.`,
    { found, known, path },
  );
}

/**
 * Throws `runtime_unavailable` (details `code` "foreign", `path`) for a database that is none of ours: it holds something,
 * and not the table every ledger has had since its first migration. The ledger of an earlier, different coven is one.
 */
export function refuseForeign(db: Database, path: string): void {
  const names = db.query<{ name: string }, []>("SELECT name FROM sqlite_schema").all();
  if (names.length === 0 || names.some(({ name }) => name === "session_rows")) return;
  throw new CovenError(
    "runtime_unavailable",
    `${path} was made by another program, or by an earlier, different coven. Move it out of the way; a new one is made at the next start.`,
    { code: "foreign", path },
  );
}

/** The schema number of an open ledger; 0 for an empty one. */
export function userVersion(db: Database): number {
  return db.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version ?? 0;
}

/** Brings an open ledger up to date. A crash or failure inside a migration leaves the version before it. */
export function migrate(db: Database, path: string, migrations: readonly string[] = MIGRATIONS): void {
  refuseNewer(userVersion(db), migrations.length, path);
  for (const [index, sql] of migrations.entries()) {
    if (userVersion(db) > index) continue;
    db.run("BEGIN IMMEDIATE");
    try {
      db.run(sql);
      db.run(`PRAGMA user_version = ${index + 1}`);
      db.run("COMMIT");
    } catch (cause) {
      // SQLite has already rolled back after some failures (a full disk), and a second ROLLBACK would hide the cause.
      if (db.inTransaction) db.run("ROLLBACK");
      throw cause;
    }
  }
}
