// What `coven daemon status` says beyond whether it runs: GET /status as lines and as JSON.
import { API_VERSION, COVEN_VERSION } from "../../../version.ts";
import type { Facts, Storage } from "../../client/facts.ts";
import { type Weighed, weighed } from "../../client/weighed.ts";
import { harmless } from "../../ui/text.ts";
import { size } from "../../ui/time.ts";

/** The facts for a person, one line each. */
export function factLines(facts: Facts, now = Date.now()): string[] {
  const { sessions, ledger, storage, events, followers, ptys, process } = facts;
  const doing = counted(sessions.byActivity);
  const records = counted(sessions.byStatus);
  const followed = counted(followers.byKind);
  const terminals = ptys && `, ${ptys.used ?? "?"} of ${ptys.limit} terminals in use`;
  return [
    `Sessions: ${sessions.live} live${doing && ` (${doing})`}; records: ${records || "none"}`,
    ...(sessions.largest ? [`Largest live: ${weighed(sessions.largest, now)}`] : []),
    ...(sessions.unwatched ? [`Longest unwatched: ${weighed(sessions.unwatched, now)}`] : []),
    `Ledger: ${size(ledger.bytes)} and ${size(ledger.walBytes)} of write-ahead log`,
    ...(storage ? [storageLine(storage)] : []),
    `Events: ${events.perSecond} per second, ${events.total} (${size(events.outputBytes)} of output) since it started`,
    `Followers: ${followers.count}${followed && ` (${followed})`}, at most ${followers.lagEvents} events behind, ${followers.gaps} gaps`,
    `Machine: ${size(process.rssBytes)} of memory, loop at most ${process.loopDelayMs} ms late${terminals ?? ""}`,
  ];
}

function storageLine(storage: Storage): string {
  const { state, freeBytes, growthPerDay, daysLeft } = storage;
  const free = freeBytes === null ? "" : `, ${size(freeBytes)} free`;
  const grows = growthPerDay ? `, grows ${size(growthPerDay)} a day` : "";
  const left = daysLeft === null ? "" : ` (full in ${daysLeft} days)`;
  const waits = storage.waitingSessions > 0 ? `; ${waiting(storage)} not recorded yet` : "";
  return `Disk: ${STORAGE[state]}${free}${grows}${left}${waits}`;
}

/** How much of what sessions have printed is not recorded. */
export function waiting({ waitingBytes, waitingSessions }: Storage): string {
  const who = waitingSessions === 1 ? "1 session has" : `${waitingSessions} sessions have`;
  return `${size(waitingBytes)} that ${who} printed`;
}

const STORAGE = {
  ok: "takes writes",
  full: "FULL: output waits in its programs, and nothing can be launched",
  read_only: "READ ONLY: nothing can be recorded",
  failing: "FAILING: see coven doctor",
  detached: "the ledger's file is GONE: see coven doctor",
} as const;

/** What the facts add to the frozen members of `daemon status --json`. */
export function factsJson(facts: Facts): Readonly<Record<string, unknown>> {
  const { sessions, ledger, storage, events, followers, ptys, process } = facts;
  return {
    client_version: COVEN_VERSION,
    client_api_version: API_VERSION,
    sessions: {
      live: sessions.live,
      by_status: sessions.byStatus,
      by_activity: sessions.byActivity,
      largest: sessions.largest ? weighedJson(sessions.largest) : null,
      unwatched: sessions.unwatched ? weighedJson(sessions.unwatched) : null,
    },
    ledger: { bytes: ledger.bytes, wal_bytes: ledger.walBytes },
    ...(storage ? { storage: storageJson(storage) } : {}),
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

function weighedJson({ sessionId, bytes, growthPerDay, since }: Weighed) {
  const grown = { session_id: sessionId, bytes, growth_per_day: growthPerDay };
  return since === undefined ? grown : { ...grown, since };
}

function storageJson(storage: Storage) {
  return {
    state: storage.state,
    bytes: storage.bytes,
    free_bytes: storage.freeBytes,
    growth_per_day: storage.growthPerDay,
    days_left: storage.daysLeft,
    waiting_bytes: storage.waitingBytes,
    waiting_sessions: storage.waitingSessions,
  };
}

/** `3 running, 1 failed`; counts of 0 are left out. */
function counted(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([word, count]) => `${count} ${harmless(word)}`)
    .join(", ");
}
