// What the daemon as a whole knows of its own state, for the two readings of it.
import type { StorageState } from "../session/ports/ledger.ts";
import type { SessionStatus } from "../session/session.ts";
import type { Histogram } from "./meter.ts";

/** What only the daemon as a whole knows. Sizes in bytes, times in seconds; null where the system doesn't say. */
export interface Statistics {
  readonly sessionsByStatus: Readonly<Record<SessionStatus, number>>;
  readonly ledgerBytes: number;
  readonly walBytes: number;
  readonly storage: Storage;
  /** Since this daemon started. */
  readonly events: number;
  readonly outputBytes: number;
  /** Over the last minute, or since the start when that is later. */
  readonly eventsPerSecond: number;
  /** Of the whole machine: pseudo-terminals in use, and how many there can be. */
  readonly ptys: { readonly used: number | null; readonly limit: number } | null;
  /** How much later than planned a timer of one second fired. */
  readonly loopDelay: Histogram;
  /** The worst of the last minute. */
  readonly worstLoopDelay: number;
  readonly rssBytes: number;
  readonly cpuSeconds: number;
  readonly openFds: number | null;
}

/** The ledger and the disk beneath it. */
export interface Storage {
  readonly state: StorageState;
  /** Of the ledger and its log. */
  readonly bytes: number;
  readonly freeBytes: number | null;
  /** By what the ledger grew since this daemon started; null in its first ten minutes. */
  readonly growthPerDay: number | null;
  /** Until the disk is full at this rate; null where it doesn't grow, or nobody knows. */
  readonly daysLeft: number | null;
}

/** By which the daemon is asked for them. */
export interface Monitor {
  /** What the disk lets the ledger do now. Costs nothing. */
  storage(): StorageState;
  statistics(): Statistics;
  /** What a live session keeps of its output in bytes, and by how much that grows in a day; null where it was not measured for long enough. */
  printed(sessionId: string): { readonly bytes: number; readonly growthPerDay: number | null };
  /** How many output events of a session come after a seq; counts no further than 10,000. */
  behind(sessionId: string, afterSeq: number): number;
}
