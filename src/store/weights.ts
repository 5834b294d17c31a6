// What retention asks of the ledger: sessions oldest first, and what each of them and all of them weigh.
import type { Session } from "../session/session.ts";
import type { Connection } from "./connection.ts";
import { RECORD, type RecordRow, recordOf } from "./sessions.ts";

/** Beside its data, what a row of events costs in the file (row head, index entry, the unused rest of its page). */
const ROW_BYTES = 24;

/** Every statement that weighs. */
export const WEIGHTS_SQL = {
  oldest: `SELECT n, ${RECORD} FROM session_rows WHERE n > ? AND id IS NOT NULL ORDER BY n LIMIT ?`,
  // Of a BLOB, length reads the row's head and never its data; texts are short.
  bytesOf: `SELECT total(length(data) + ${ROW_BYTES}) AS bytes FROM event_rows
    WHERE session = (SELECT n FROM session_rows WHERE id = ?)`,
  newest: "SELECT max(updated_at) AS at FROM session_rows WHERE id IS NOT NULL AND updated_at <= ?",
  note: "SELECT value FROM meta WHERE key = ?",
  keepNote:
    "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
  forgotten: `SELECT total(length(data) + ${ROW_BYTES}) AS bytes FROM event_rows
    WHERE session IN (SELECT n FROM session_rows WHERE id IS NULL)`,
} as const;

/** Names under which something is kept beside the sessions: retention's clock; the state of the ledger of 0.4 when it was imported. */
export type Note = "retention_clock" | "imported_0.4";

/** The part of the ledger that weighs. Bytes are those of the file, give or take its packing. */
export interface Weights {
  /** Sessions in the order they were made, after the place of an earlier answer (0 for the first); `next` goes on from there. */
  oldest(after: number, limit: number): { readonly sessions: Session[]; readonly next: number };
  /** What a session's events take; 0 for an unknown one. Reads one page per few rows: not for every session there is. */
  bytesOf(id: string): number;
  /** What the ledger takes without its free pages and without what was sacrificed and is still being purged. */
  bytesKept(): number;
  /** When a record changed last, of those not after `now`; undefined without any. */
  newest(now: string): string | undefined;
  /** What somebody keeps under a name, as it was given; undefined when it never was. */
  note(name: Note): string | undefined;
  keepNote(name: Note, value: string): void;
}

/** The weights of an open ledger. */
export function weightsOf({ db }: Connection): Weights {
  const oldest = db.query<RecordRow & { readonly n: number }, [number, number]>(WEIGHTS_SQL.oldest);
  const bytesOf = db.query<{ bytes: number }, [string]>(WEIGHTS_SQL.bytesOf);
  const forgotten = db.query<{ bytes: number }, []>(WEIGHTS_SQL.forgotten);
  const newest = db.query<{ at: string | null }, [string]>(WEIGHTS_SQL.newest);
  const note = db.query<{ value: string }, [string]>(WEIGHTS_SQL.note);
  const keepNote = db.query<null, [string, string]>(WEIGHTS_SQL.keepNote);
  const pages = db.query<{ page_count: number }, []>("PRAGMA page_count");
  const free = db.query<{ freelist_count: number }, []>("PRAGMA freelist_count");
  const size = db.query<{ page_size: number }, []>("PRAGMA page_size");
  return {
    oldest(after, limit) {
      const rows = oldest.all(after, limit);
      return { sessions: rows.map(({ n: _, ...row }) => recordOf(row)), next: rows.at(-1)?.n ?? after };
    },
    bytesOf: (id) => bytesOf.get(id)?.bytes ?? 0,
    bytesKept() {
      const used = (pages.get()?.page_count ?? 0) - (free.get()?.freelist_count ?? 0);
      return Math.max(0, used * (size.get()?.page_size ?? 0) - (forgotten.get()?.bytes ?? 0));
    },
    newest: (now) => newest.get(now)?.at ?? undefined,
    note: (name) => note.get(name)?.value,
    keepNote: (name, value) => void keepNote.run(name, value),
  };
}
