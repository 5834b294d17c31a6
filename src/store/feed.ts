// The feed: entries of what happened to sessions, the newest of them kept, each with a cursor that survives daemons.
import { FEED_TYPES, type FeedEntry, type FeedNews } from "../session/feed.ts";
import type { Ledger } from "../session/ports/ledger.ts";
import type { Connection } from "./connection.ts";

/** Every statement on feed rows. */
export const FEED_SQL = {
  add: `INSERT INTO feed_rows (session, type, at, data) VALUES ((SELECT n FROM session_rows WHERE id = ?), ?, ?, ?)`,
  trim: "DELETE FROM feed_rows WHERE n <= ?",
  end: "SELECT max(n) AS n FROM feed_rows",
  entry: "SELECT at FROM feed_rows WHERE n = ?",
  after: `SELECT f.n, f.type, f.at, f.data, s.id FROM feed_rows f LEFT JOIN session_rows s ON s.n = f.session
    WHERE f.n > ? ORDER BY f.n LIMIT ?`,
  of: `SELECT f.n, f.type, f.at, f.data, s.id FROM session_rows s JOIN feed_rows f ON f.session = s.n
    WHERE s.id = ? AND f.type = ? ORDER BY f.n DESC LIMIT ?`,
  forget: "DELETE FROM feed_rows WHERE session = (SELECT n FROM session_rows WHERE id = ?)",
} as const;

/** Entries that are kept. */
const KEPT = 10_000;
/** Older ones are deleted each time so many have come. */
const TRIM_EACH = 128;

interface FeedRow {
  readonly n: number;
  readonly type: string;
  readonly at: number;
  readonly data: string | null;
  readonly id: string | null;
}

/** The part of the ledger that keeps the feed. `add` is part of the caller's transaction where there is one. */
export interface FeedTable extends Pick<Ledger, "feedEnd" | "feedPlace" | "feedAfter" | "feedOf"> {
  /** `at`: milliseconds since 1970. */
  add(news: FeedNews, at: number): void;
  /** Takes out all that is said of a session. */
  forget(sessionId: string): void;
}

/** The feed of an open ledger. */
export function feedTable({ db }: Connection): FeedTable {
  const add = db.query<null, [string | null, string, number, string | null]>(FEED_SQL.add);
  const trim = db.query<null, [number]>(FEED_SQL.trim);
  const end = db.query<{ n: number | null }, []>(FEED_SQL.end);
  const entry = db.query<{ at: number }, [number]>(FEED_SQL.entry);
  const after = db.query<FeedRow, [number, number]>(FEED_SQL.after);
  const of = db.query<FeedRow, [string, string, number]>(FEED_SQL.of);
  const forget = db.query<null, [string]>(FEED_SQL.forget);

  const feedEnd = () => end.get()?.n ?? 0;
  const entryOf = ({ n, type, at, data, id }: FeedRow): FeedEntry => ({
    place: n,
    cursor: `${n}.${at.toString(36)}`,
    // What `add` has written.
    type: FEED_TYPES.find((one) => one === type) ?? "daemon.restarted",
    at: new Date(at).toISOString(),
    sessionId: id,
    data: data === null ? null : JSON.parse(data),
  });

  return {
    add({ type, sessionId, data }, at) {
      const n = Number(
        add.run(sessionId ?? null, type, at, data === undefined ? null : JSON.stringify(data))
          .lastInsertRowid,
      );
      if (n % TRIM_EACH === 0) trim.run(n - KEPT);
    },
    forget: (sessionId) => void forget.run(sessionId),
    feedEnd: () => {
      const n = feedEnd();
      const at = entry.get(n)?.at;
      return { place: n, cursor: `${n}.${(at ?? 0).toString(36)}` };
    },
    feedPlace(cursor) {
      const [digits = "", at = ""] = cursor.split(".");
      const n = Number(digits);
      // The beginning.
      if (n === 0) return feedEnd() > KEPT ? undefined : 0;
      const last = feedEnd();
      if (n > last || n < last - KEPT) return undefined;
      const found = entry.get(n);
      // One that was sacrificed meanwhile is missing; one of another time was written after a power cut took the client's.
      return found && found.at.toString(36) !== at ? undefined : n;
    },
    feedAfter: (place, limit) => after.all(place, limit).map(entryOf),
    feedOf: (sessionId, type, limit) => of.all(sessionId, type, limit).map(entryOf),
  };
}
