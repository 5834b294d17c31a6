// What happened to any session, as one list for clients that follow all of them.

export const FEED_TYPES = [
  "session.launched",
  "session.attention",
  "session.settled",
  "session.archived",
  "session.summoned",
  "session.sacrificed",
  "daemon.restarted",
  "approval.requested",
  "approval.settled",
] as const;
export type FeedType = (typeof FEED_TYPES)[number];

/** One entry. */
export interface FeedEntry {
  /** Grows with each; its number in the list. */
  readonly place: number;
  /** What a client goes on after; opaque. */
  readonly cursor: string;
  readonly type: FeedType;
  /** RFC 3339 UTC, milliseconds. */
  readonly at: string;
  /** Of the session it is about; null where it is about none, or that one was sacrificed. */
  readonly sessionId: string | null;
  /** What was said with it, as JSON. */
  readonly data: unknown;
}

/** An entry to be made. */
export interface FeedNews {
  readonly type: FeedType;
  readonly sessionId?: string;
  /** Kept as JSON. */
  readonly data?: unknown;
}
