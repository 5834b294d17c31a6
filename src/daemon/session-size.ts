// How much each live session has printed and how fast, and what is done where one grows past what a session may keep.
import { failureFields } from "../session/evidence.ts";
import type { Ledger } from "../session/ports/ledger.ts";
import type { Log, World } from "../session/ports/world.ts";
import type { Session } from "../session/session.ts";
import type { Gap, Gaps } from "../store/gaps.ts";
import { every } from "./world.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** A rate is told once it was measured for so long. */
const MEASURED_MS = 600_000;
/** Between two steps of taking out, in which the daemon does its work. */
const PAUSE_MS = 10;
/** What is kept of the beginning at most: what was asked, and how it began. */
const MOST_HEAD_BYTES = 64 * 1024 * 1024;

/** How much a session keeps. */
export interface Printed {
  readonly bytes: number;
  /** By what it has printed since this daemon knows it; null in the first ten minutes. */
  readonly growthPerDay: number | null;
}

export interface SessionSizes {
  printed(id: string): Printed;
  stop(): void;
}

interface Dependencies {
  readonly ledger: Pick<Ledger, "append"> & Gaps & { bytesOf(id: string): number };
  /** Those that run. */
  running(): Session[];
  /** Bytes of output that this daemon has taken from it. */
  taken(id: string): number;
  readonly world: Pick<World, "now" | "after" | "monotonic">;
  readonly log: Log;
}

interface Known {
  readonly since: number;
  /** What it had before this daemon counted, and what was counted by then. */
  readonly base: number;
  readonly counted: number;
  removed: number;
}

/**
 * Looks each minute. A session with more than `maxBytes` of output (0: any) keeps its head and its tail, three fourths of that together; what goes is
 * said by a `metadata` event `output_removed`, with the range.
 */
export function watchSizes(
  { ledger, running, taken, world, log }: Dependencies,
  maxBytes: number,
): SessionSizes {
  const known = new Map<string, Known>();
  const inherited = new Set(running().map(({ id }) => id));
  const thinning = new Set<string>();
  let stopped = false;

  function of(id: string): Known {
    const found = known.get(id);
    if (found) return found;
    // One that the daemon before has begun is measured, once.
    const [base, counted] = inherited.has(id) ? [ledger.bytesOf(id), taken(id)] : [0, 0];
    const made: Known = { since: world.monotonic(), base, counted, removed: 0 };
    known.set(id, made);
    return made;
  }

  const bytesOf = (id: string): number => {
    const { base, counted, removed } = of(id);
    return Math.max(0, base + taken(id) - counted - removed);
  };

  /** Step by step, so that nobody waits for it. What a step has taken out is said in the same turn: nothing goes silently, and nothing comes behind an exit. */
  function thin(id: string, excess: number): void {
    const step = () => {
      if (stopped) return;
      try {
        // With nothing left to take it gives back the space.
        const left = running().some((one) => one.id === id) ? Math.max(0, excess) : 0;
        const before = ledger.gap(id)?.bytes ?? 0;
        const now = ledger.takeOut(id, Math.min(maxBytes / 4, MOST_HEAD_BYTES), left);
        if (now) {
          say(id, now);
          const went = now.bytes - before;
          of(id).removed += went;
          thin(id, excess - went);
          return;
        }
        log.warn("output_removed", { sessionId: id, bytes: before, maxBytes });
      } catch (error) {
        log.warn("output_not_removed", { sessionId: id, ...failureFields(error) });
      }
      thinning.delete(id);
    };
    world.after(PAUSE_MS, step);
  }

  function say(id: string, { first, last, events, bytes }: Gap): void {
    const payload = { event: "output_removed", firstSeq: first, lastSeq: last, events, bytes, maxBytes };
    ledger.append(id, [{ kind: "metadata", payload }], world.now());
  }

  const look = () => {
    const all = running();
    for (const id of known.keys()) if (!all.some((one) => one.id === id)) known.delete(id);
    for (const { id } of all) {
      const bytes = bytesOf(id);
      if (maxBytes === 0 || bytes <= maxBytes || thinning.has(id)) continue;
      thinning.add(id);
      thin(id, bytes - Math.floor((maxBytes * 3) / 4));
    }
  };

  const stop = every(world, MINUTE_MS, look);
  return {
    printed(id) {
      const { since, counted } = of(id);
      const elapsed = world.monotonic() - since;
      const growth = Math.round(((taken(id) - counted) * DAY_MS) / Math.max(1, elapsed));
      return { bytes: bytesOf(id), growthPerDay: elapsed < MEASURED_MS ? null : growth };
    },
    stop() {
      stopped = true;
      stop();
    },
  };
}
