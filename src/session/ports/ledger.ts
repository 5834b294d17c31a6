// What the domain asks of its store: records, events and the feed. store/ implements it.
import type { Event, EventKind, EventQuery, KeptEvent, NewEvent, OutputRow } from "../event.ts";
import type { FeedEntry, FeedNews, FeedType } from "../feed.ts";
import type { Session, Settlement } from "../session.ts";
import type { ProcessIdentity } from "./processes.ts";
import type { ScreenImage } from "./screen.ts";

export interface SessionQuery {
  /** 1..1000. */
  readonly limit: number;
  /** Opaque, from an earlier page's `nextCursor`; throws `invalid_request` when it is none of ours. */
  readonly cursor?: string;
  readonly includeArchived: boolean;
}

export interface SessionPage {
  /** Newest first. */
  readonly sessions: Session[];
  readonly nextCursor: string | null;
}

/** What the disk lets the ledger do: `ok` takes writes; `detached`: the file is not where it was. As `health.storage` says it. */
export type StorageState = "ok" | "full" | "read_only" | "failing" | "detached";

/** Reading the ledger, which is all that answering a client takes. Every method is synchronous. */
export interface LedgerReader {
  session(id: string): Session | undefined;
  /** The id of the session that is called so and has not ended. */
  liveNamed(name: string): string | undefined;
  /** All sessions that are not archived, newest first. */
  activeSessions(): Session[];
  sessions(query: SessionQuery): SessionPage;
  /** Lazily, in the order the query says; none of an unknown session. Leave the loop early as you like. */
  events(query: EventQuery): Iterable<Event>;
  /** The same events as they are kept. */
  kept(query: EventQuery): Iterable<KeptEvent>;
  /** The last event of this kind before a seq. Looks at every row between: for kinds that come now and then. */
  lastOf(sessionId: string, kind: EventKind, beforeSeq: number): Event | undefined;
  /** The seq of an event of this session by its id, or undefined when it is none. */
  seqOf(sessionId: string, eventId: string): number | undefined;
  /** Raw output after a seq, oldest first: whole rows, at least one, until `maxBytes` are reached. */
  output(sessionId: string, afterSeq: number, maxBytes: number): OutputRow[];
  /** The last seq of this session, 0 when it has none. */
  lastSeq(sessionId: string): number;
  /**
   * undefined for a cursor as clients have them. For one whose event a power cut took, or that is ahead of the whole ledger: the seq
   * to go on after.
   */
  keptBefore(cursor: number): number | undefined;
  /** The end of the feed: what a client that begins now goes on after. */
  feedEnd(): { readonly place: number; readonly cursor: string };
  /** Where in the feed a cursor stands; undefined when it is from before what is kept, or its entry was lost. */
  feedPlace(cursor: string): number | undefined;
  /** Entries after a place, the oldest first. */
  feedAfter(place: number, limit: number): FeedEntry[];
  /** The newest entries of one kind about a session, the newest first. */
  feedOf(sessionId: string, type: FeedType, limit: number): FeedEntry[];
  /** The last screen of a finished session. */
  screen(sessionId: string): ScreenImage | undefined;
}

/**
 * The append-only store as the domain sees it. Every method is synchronous; when it returns a crash of the daemon takes nothing of it. A power cut
 * may take what came last, but never a session that was created, nor for long how one settled.
 * A full disk or an unwritable file throws `runtime_unavailable`.
 */
export interface Ledger extends LedgerReader {
  /** Appends a `created` row. */
  create(session: Session): void;
  /** An entry of the feed. */
  announce(news: FeedNews, at: string): void;
  /** The harness runs: status `running`, with its process; the feed says `session.launched`. */
  started(id: string, leader: ProcessIdentity, at: string): void;
  /** Rows that say `created` or `running`, with the process recorded for them. */
  unsettled(): { session: Session; leader: ProcessIdentity | null }[];
  /** Appends in order, in one transaction; returns the last seq. Output of more than 16 KiB becomes several events. */
  append(sessionId: string, events: readonly NewEvent[], at: string): number;
  /**
   * Appends output that ends between two characters, in one transaction; returns the rows it is kept in, in order, views of
   * these bytes. Each holds at most 16 KiB of whole characters. `last`: its program was ended, so it is the little that is left, and
   * may be kept where other output waits for room on the disk.
   */
  appendOutput(sessionId: string, bytes: Uint8Array, at: string, last?: boolean): OutputRow[];
  /**
   * Last events and final status in one transaction, with the feed's `session.settled` unless `quietly`; false (and nothing written) when it was settled before. `left`: processes of it may
   * still run; it is among `leftovers` until they are `leftoversGone`.
   */
  settle(
    sessionId: string,
    settlement: Settlement,
    events: readonly NewEvent[],
    at: string,
    left?: { readonly leader: ProcessIdentity | null },
    quietly?: boolean,
  ): boolean;
  /** Settled sessions whose processes are not proved gone, the oldest first, with the harness as it was recorded. */
  leftovers(): { sessionId: string; leader: ProcessIdentity | null }[];
  leftoversGone(sessionId: string): void;
  /** The id by which its harness finds the conversation again is this one. */
  conversationIs(id: string, conversation: string): void;
  /** What it is called from now on. */
  rename(id: string, name: string | null): void;
  /** Sets or clears `archived_at`. */
  archive(id: string, at: string | null, updatedAt: string): void;
  /**
   * Deletes the record, its events and its entries of the feed, which says `session.sacrificed`; returns how many events went. Their seqs are never used again. `oneOfMany`: others follow
   * at once, and the daemon wants its turn in between.
   */
  sacrifice(id: string, oneOfMany?: boolean): number;
  /** Keeps the last screen of a finished session, as JSON. */
  saveScreen(sessionId: string, screen: ScreenImage): void;
  close(): void;
}
