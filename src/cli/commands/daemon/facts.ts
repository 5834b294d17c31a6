// What `coven daemon status` says beyond whether it runs: GET /status as lines and as JSON.
import { covenClient, type StatusAnswer } from "../../../api/client.ts";
import { isCovenError } from "../../../errors.ts";
import { API_VERSION, COVEN_VERSION } from "../../../version.ts";
import { harmless } from "../../ui/text.ts";
import { size } from "../../ui/time.ts";

/** `GET /status`; undefined where the daemon is too old for it, or has just gone. */
export async function factsOf(socket: string): Promise<StatusAnswer | undefined> {
  try {
    return await covenClient(socket, { timeoutMs: 5_000, fresh: true }).status();
  } catch (error) {
    if (isCovenError(error)) return undefined;
    throw error;
  }
}

/** The facts for a person, one line each. */
export function factLines(facts: StatusAnswer): string[] {
  const { sessions, ledger, storage, events, followers, ptys, process } = facts;
  const doing = counted(sessions.byActivity);
  const records = counted(sessions.byStatus);
  const followed = counted(followers.byKind);
  const terminals = ptys && `, ${ptys.used ?? "?"} of ${ptys.limit} terminals in use`;
  return [
    `Sessions: ${sessions.live} live${doing && ` (${doing})`}; records: ${records || "none"}`,
    `Ledger: ${size(ledger.bytes)} and ${size(ledger.walBytes)} of write-ahead log`,
    storageLine(storage),
    `Events: ${events.perSecond} per second, ${events.total} (${size(events.outputBytes)} of output) since it started`,
    `Followers: ${followers.count}${followed && ` (${followed})`}, at most ${followers.lagEvents} events behind, ${followers.gaps} gaps`,
    `Machine: ${size(process.rssBytes)} of memory, loop at most ${process.loopDelayMs} ms late${terminals ?? ""}`,
  ];
}

function storageLine({ state, freeBytes, growthPerDay, daysLeft }: StatusAnswer["storage"]): string {
  const free = freeBytes === null ? "" : `, ${size(freeBytes)} free`;
  const grows = growthPerDay ? `, grows ${size(growthPerDay)} a day` : "";
  return `Disk: ${STORAGE[state]}${free}${grows}${daysLeft === null ? "" : ` (full in ${daysLeft} days)`}`;
}

const STORAGE = {
  ok: "takes writes",
  full: "FULL: output waits in its programs, and nothing can be launched",
  read_only: "READ ONLY: nothing can be recorded",
  failing: "FAILING: see coven doctor",
  detached: "the ledger's file is GONE: see coven doctor",
} as const;

/** What the facts add to the frozen members of `daemon status --json`. */
export function factsJson(facts: StatusAnswer): Readonly<Record<string, unknown>> {
  const { sessions, ledger, storage, events, followers, ptys, process } = facts;
  return {
    client_version: COVEN_VERSION,
    client_api_version: API_VERSION,
    sessions: { live: sessions.live, by_status: sessions.byStatus, by_activity: sessions.byActivity },
    ledger: { bytes: ledger.bytes, wal_bytes: ledger.walBytes },
    storage: {
      state: storage.state,
      bytes: storage.bytes,
      free_bytes: storage.freeBytes,
      growth_per_day: storage.growthPerDay,
      days_left: storage.daysLeft,
    },
    events: { total: events.total, output_bytes: events.outputBytes, per_second: events.perSecond },
    followers: {
      count: followers.count,
      by_kind: followers.byKind,
      lag_events: followers.lagEvents,
      gaps: followers.gaps,
    },
    ptys,
    process: { rss_bytes: process.rssBytes, loop_delay_ms: process.loopDelayMs },
  };
}

/** `3 running, 1 failed`; counts of 0 are left out. */
function counted(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([word, count]) => `${count} ${harmless(word)}`)
    .join(", ");
}
