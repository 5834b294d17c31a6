// What can be said of a ledger from outside, without writing to it: sizes, counts, integrity.
import { lstatSync } from "node:fs";
import { CovenError, isCovenError } from "../errors.ts";
import { openReader, refuseEmpty } from "./connection.ts";
import { guarded, ledgerFailure } from "./failure.ts";
import { checkOutput, differing, type OutputCheck } from "./hashes.ts";
import { MIGRATIONS, refuseForeign, refuseNewer, userVersion } from "./migrate.ts";

/** The first schema that has hashes. */
const HASHES_SINCE = 4;

/** What doctor says of the ledger. */
export type LedgerReport =
  | {
      readonly ok: true;
      /** The schema number; 0 for a file that nothing was written to yet. */
      readonly userVersion: number;
      readonly sessions: number;
      readonly events: number;
      /** Whether every page was checked. */
      readonly checked: boolean;
    }
  | {
      readonly ok: false;
      /** No file yet; written by a newer coven; broken, or no ledger at all; not readable now. */
      readonly reason: "missing" | "newer" | "damaged" | "unavailable";
      readonly error: CovenError;
    };

/** The first sentence of what `quick_check` finds wrong (or why it can't), undefined when it finds nothing. Reads the whole file. */
export function quickCheck(path: string): string | undefined {
  try {
    using db = openReader(path);
    const said = db.query<{ quick_check: string }, []>("PRAGMA quick_check(1)").get()?.quick_check;
    return said === "ok" ? undefined : said;
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
}

/** Whether a session's output is what was recorded; `unknown` also where it can't be read. Reads all of it. */
export function outputCheckOf(path: string, id: string): OutputCheck {
  try {
    using db = openReader(path);
    return userVersion(db) < HASHES_SINCE ? "unknown" : checkOutput(db, id);
  } catch {
    return "unknown";
  }
}

/** Bytes on disk; 0 for a file that is not there. */
export function ledgerSizes(path: string): { ledgerBytes: number; walBytes: number } {
  return { ledgerBytes: sizeOf(path), walBytes: sizeOf(`${path}-wal`) };
}

/**
 * Throws what would keep this program from opening the ledger (as `openLedger` does), as far as reading shows; a missing file is none. It does not count:
 * that takes long in a large one.
 */
export function checkLedger(path: string): void {
  if (!lstatSync(path, { throwIfNoEntry: false })) return;
  guarded(path, () => {
    refuseEmpty(path);
    const db = openReader(path);
    try {
      refuseForeign(db, path);
      refuseNewer(userVersion(db), MIGRATIONS.length, path);
      // What a start reads first.
      db.query("SELECT max(seq), (SELECT count(*) FROM session_rows) FROM event_rows").get();
    } finally {
      db.close();
    }
  });
}

/**
 * Reads a ledger without changing it, also beside a running daemon. Never creates the file, never throws for the
 * state of the machine. `deep` checks every page, which reads the whole file.
 */
export function inspectLedger(path: string, options: { readonly deep?: boolean } = {}): LedgerReport {
  if (!lstatSync(path, { throwIfNoEntry: false })) {
    return refused("missing", `There is no ledger at ${path} yet; the daemon makes it.`, { path });
  }
  try {
    refuseEmpty(path);
    const db = openReader(path);
    try {
      const version = userVersion(db);
      refuseForeign(db, path);
      if (version === 0) return { ok: true, userVersion: 0, sessions: 0, events: 0, checked: false };
      refuseNewer(version, MIGRATIONS.length, path);
      if (options.deep) {
        const found = db.query<{ integrity_check: string }, []>("PRAGMA integrity_check(10)").all();
        const problems = found.map((row) => row.integrity_check).filter((line) => line !== "ok");
        if (problems.length > 0)
          return refused("damaged", `The ledger ${path} is damaged.`, { path, problems });
        const sessions = version >= HASHES_SINCE ? differing(db).map(({ id }) => id) : [];
        if (sessions.length > 0) {
          const message = `The disk does not give back what was recorded of ${sessions.join(", ")}.`;
          return refused("damaged", message, { path, sessions });
        }
      }
      const counts = db
        .query<{ sessions: number; events: number }, []>(
          `SELECT (SELECT count(*) FROM session_rows WHERE id IS NOT NULL) AS sessions,
            (SELECT count(*) FROM event_rows) - (SELECT count(*) FROM event_rows
              WHERE session IN (SELECT n FROM session_rows WHERE id IS NULL)) AS events`,
        )
        .get();
      return {
        ok: true,
        userVersion: version,
        sessions: counts?.sessions ?? 0,
        events: counts?.events ?? 0,
        checked: options.deep ?? false,
      };
    } finally {
      db.close();
    }
  } catch (cause) {
    const error = ledgerFailure(cause, path);
    if (!isCovenError(error)) throw error;
    const code = String(error.details?.["code"] ?? "");
    if ("found" in (error.details ?? {})) return { ok: false, reason: "newer", error };
    return {
      ok: false,
      reason: /NOTADB|CORRUPT|foreign|empty/.test(code) ? "damaged" : "unavailable",
      error,
    };
  }
}

function refused(
  reason: "missing" | "damaged",
  message: string,
  details: Readonly<Record<string, unknown>>,
): LedgerReport {
  return { ok: false, reason, error: new CovenError("runtime_unavailable", message, details) };
}

function sizeOf(path: string): number {
  return lstatSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
