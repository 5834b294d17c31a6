// What the server counts of itself: how long things take, who follows what, what was refused. Counting costs nanoseconds.
import { ERROR_CODES, type ErrorCode } from "../errors.ts";

/** Upper bounds in seconds; a request of health takes 20 us, a launch milliseconds, a stalled disk seconds. */
export const LATENCY_BOUNDS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10,
] as const;

/** Counts of durations by upper bound, as Prometheus takes them. */
export class Histogram {
  /** One more than there are bounds: the last one is for what is longer than all. Not cumulative. */
  readonly counts = new Float64Array(LATENCY_BOUNDS.length + 1);
  /** Seconds. */
  sum = 0;

  observe(seconds: number): void {
    let place = 0;
    while (place < LATENCY_BOUNDS.length && seconds > (LATENCY_BOUNDS[place] ?? 0)) place += 1;
    this.counts[place] = (this.counts[place] ?? 0) + 1;
    this.sum += seconds;
  }
}

/** How a client follows: the attach WebSocket, events as SSE, raw output; the feed and the steps of an approval, which are of no session. */
export const FOLLOWER_KINDS = ["attach", "events", "output", "feed", "approval"] as const;

/** One client that follows one session, or what is of none (`sessionId` empty); `seq` is how far it has been given. */
export interface Follower {
  readonly kind: (typeof FOLLOWER_KINDS)[number];
  readonly sessionId: string;
  seq: number;
}

/** Everything that is counted; one for each server. */
export class Meter {
  /** From the parsed request to its answer, in seconds; by route, as `GET /sessions/:id`. */
  readonly requests: ReadonlyMap<string, Histogram>;
  /** From the parsed request to the running harness. */
  readonly launches = new Histogram();
  /** From the request to the snapshot sent. */
  readonly attaches = new Histogram();
  readonly refusals: Record<ErrorCode, number>;
  readonly followers = new Set<Follower>();
  /** How often a follower fell behind so far that it was given the screen instead of the bytes, or came with a cursor that a power cut took. */
  gaps = 0;

  constructor(routes: readonly string[]) {
    this.requests = new Map(routes.map((route) => [route, new Histogram()]));
    // Total over the list of codes; fromEntries gives names as strings.
    this.refusals = Object.fromEntries(ERROR_CODES.map((code) => [code, 0])) as Record<ErrorCode, number>;
  }

  /** Enters a follower; the returned function takes it out again. */
  follow(follower: Follower): () => void {
    this.followers.add(follower);
    return () => this.followers.delete(follower);
  }
}
