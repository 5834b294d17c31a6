// How many there are: sessions by status, and how far a follower is behind. For the daemon's readings of itself.
import { SESSION_STATUSES, type SessionStatus } from "../session/session.ts";
import type { Connection } from "./connection.ts";

/** A follower further behind than this is far behind; the rest is not counted. */
const MOST_BEHIND = 10_000;

/** Every statement that counts. */
const CENSUS_SQL = {
  byStatus: "SELECT status, count(*) AS count FROM session_rows WHERE id IS NOT NULL GROUP BY status",
  behind: `SELECT count(*) AS count FROM (SELECT 1 FROM event_rows
    WHERE session = (SELECT n FROM session_rows WHERE id = ?) AND seq > ? AND kind = 0 LIMIT ${MOST_BEHIND})`,
} as const;

/** The part of the ledger that counts. */
export interface Census {
  /** How many sessions have each status, archived ones too. Reads every record, so it is asked once, at the start. */
  byStatus(): Record<SessionStatus, number>;
  /** Output events of the session after a seq, counted to 10,000; 0 for an unknown session. */
  behind(sessionId: string, afterSeq: number): number;
}

/** The census of an open ledger. */
export function censusOf({ db }: Connection): Census {
  const statuses = db.query<{ status: string; count: number }, []>(CENSUS_SQL.byStatus);
  const behind = db.query<{ count: number }, [string, number]>(CENSUS_SQL.behind);
  return {
    byStatus() {
      const found = new Map(statuses.all().map(({ status, count }) => [status, count]));
      // Total over its own list; fromEntries gives names as strings.
      return Object.fromEntries(SESSION_STATUSES.map((status) => [status, found.get(status) ?? 0])) as Record<
        SessionStatus,
        number
      >;
    },
    behind: (sessionId, afterSeq) => behind.get(sessionId, afterSeq)?.count ?? 0,
  };
}
