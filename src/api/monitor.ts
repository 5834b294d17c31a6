// What the daemon as a whole knows of its own state, for the two readings of it.
import type { SessionStatus } from "../session/session.ts";
import type { Histogram } from "./meter.ts";

/** What only the daemon as a whole knows. Sizes in bytes, times in seconds; null where the system doesn't say. */
export interface Statistics {
  readonly sessionsByStatus: Readonly<Record<SessionStatus, number>>;
  readonly ledgerBytes: number;
  readonly walBytes: number;
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

/** By which the daemon is asked for them. */
export interface Monitor {
  statistics(): Statistics;
  /** How many output events of a session come after a seq; counts no further than 10,000. */
  behind(sessionId: string, afterSeq: number): number;
}
