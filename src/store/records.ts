// Reads records and output of a ledger from outside, without writing to it: for diagnostics, with the daemon up or down.
import type { Session } from "../session/session.ts";
import { openReader } from "./connection.ts";
import { RECORD, type RecordRow, recordOf } from "./sessions.ts";

/** What one session printed, as far as it is kept. */
export interface KeptOutput {
  readonly id: string;
  /** The last bytes, whole rows. */
  readonly bytes: Uint8Array;
  /** Bytes before them that were left out. */
  readonly before: number;
}

/** The newest records, newest first. Throws SQLite's errors for a file that can't be read. */
export function newestRecords(path: string, limit: number): Session[] {
  const db = openReader(path);
  try {
    return db
      .query<RecordRow, [number]>(
        `SELECT ${RECORD} FROM session_rows WHERE id IS NOT NULL ORDER BY n DESC LIMIT ?`,
      )
      .all(limit)
      .map(recordOf);
  } finally {
    db.close();
  }
}

/** The id of the session that is called so, else those that begin with these characters, at most two of them. */
export function idsMeant(path: string, typed: string): string[] {
  const db = openReader(path);
  try {
    const called = db
      .query<{ id: string }, [string]>(
        `SELECT id FROM session_rows WHERE name = ? AND id IS NOT NULL
          ORDER BY status IN ('created', 'running') DESC, n DESC LIMIT 1`,
      )
      .get(typed);
    if (called) return [called.id];
    const prefix = typed.toLowerCase();
    // U+FFFF sorts after everything an id is made of.
    return db
      .query<{ id: string }, [string, string]>("SELECT id FROM session_rows WHERE id >= ? AND id < ? LIMIT 2")
      .all(prefix, `${prefix}\uffff`)
      .map(({ id }) => id);
  } finally {
    db.close();
  }
}

/** The end of what a session printed, `most` bytes or a little more. */
export function lastOutput(path: string, id: string, most: number): KeptOutput {
  const db = openReader(path);
  try {
    const rows = db.query<{ data: Uint8Array }, [string]>(
      `SELECT data FROM event_rows WHERE session = (SELECT n FROM session_rows WHERE id = ?) AND kind = 0
       ORDER BY seq DESC`,
    );
    const kept: Uint8Array[] = [];
    let bytes = 0;
    let before = 0;
    for (const { data } of rows.iterate(id)) {
      if (bytes >= most) before += data.length;
      else {
        kept.push(data);
        bytes += data.length;
      }
    }
    return { id, bytes: Buffer.concat(kept.reverse()), before };
  } finally {
    db.close();
  }
}
