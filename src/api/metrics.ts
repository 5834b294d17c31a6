// The two readings of the daemon's own state: `GET /status` as JSON, and `GET /metrics` as Prometheus text
// (exposition format 0.0.4: prometheus.io/docs/instrumenting/exposition_formats, names by its naming rules).
import { SESSION_STATUSES, type Session } from "../session/session.ts";
import { API_VERSION } from "../version.ts";
import { FOLLOWER_KINDS, type Histogram, LATENCY_BOUNDS } from "./meter.ts";
import type { Api } from "./route.ts";

function liveSessions({ coven }: Api): Session[] {
  return coven.running().filter(({ id }) => coven.isLive(id));
}

/** Who fills the disk, and who was forgotten. */
function forgotten({ coven, monitor }: Api, live: readonly Session[]) {
  const weighed = live.map((session) => ({
    sessionId: session.id,
    harness: session.harness,
    title: session.title,
    ...monitor.printed(session.id),
    since: coven.unwatchedSince(session),
  }));
  const [heaviest] = weighed.toSorted((a, b) => b.bytes - a.bytes);
  const [longest] = weighed
    .flatMap(({ since, ...one }) => (since === undefined ? [] : [{ ...one, since }]))
    .toSorted((a, b) => (a.since < b.since ? -1 : 1));
  if (!heaviest) return { largest: null, unwatched: null };
  const { since: _, ...largest } = heaviest;
  return { largest, unwatched: longest ?? null };
}

interface FollowerSums {
  readonly count: number;
  /** Of the one furthest behind. */
  readonly lag: number;
}

/** The body of `GET /status`. */
export function statusOf(api: Api) {
  const { identity, version, meter, world } = api;
  const statistics = api.monitor.statistics();
  const live = liveSessions(api);
  const followers = followersOf(api);
  const byActivity: Record<string, number> = {};
  for (const { activity } of live) {
    if (activity !== null) byActivity[activity] = (byActivity[activity] ?? 0) + 1;
  }
  const waiting = api.coven.waiting();
  const uptime = (Date.parse(world.now()) - Date.parse(identity.startedAt)) / 1000;
  return {
    ok: true as const,
    daemon: identity,
    covenVersion: version,
    apiVersion: API_VERSION,
    uptimeSeconds: Math.max(0, Math.floor(uptime)),
    sessions: {
      live: live.length,
      byStatus: { ...statistics.sessionsByStatus },
      byActivity,
      ...forgotten(api, live),
    },
    ledger: { bytes: statistics.ledgerBytes, walBytes: statistics.walBytes },
    storage: { ...statistics.storage, waitingBytes: waiting.bytes, waitingSessions: waiting.sessions },
    events: {
      total: statistics.events,
      outputBytes: statistics.outputBytes,
      perSecond: Math.round(statistics.eventsPerSecond * 100) / 100,
    },
    followers: {
      count: FOLLOWER_KINDS.reduce((sum, kind) => sum + followers[kind].count, 0),
      byKind: Object.fromEntries(FOLLOWER_KINDS.map((kind) => [kind, followers[kind].count])),
      lagEvents: Math.max(...FOLLOWER_KINDS.map((kind) => followers[kind].lag)),
      gaps: meter.gaps,
    },
    earlierLedger: api.earlier.waiting() ?? null,
    ptys: statistics.ptys,
    process: { rssBytes: statistics.rssBytes, loopDelayMs: Math.round(statistics.worstLoopDelay * 1000) },
  };
}

/** The body of `GET /metrics`. What the system does not say (null) is left out. */
export function metricsText(api: Api): string {
  const { identity, version, meter } = api;
  const live = liveSessions(api);
  const statistics = api.monitor.statistics();
  const followers = followersOf(api);
  const byKind = (of: (sums: FollowerSums) => number): Sample[] =>
    FOLLOWER_KINDS.map((kind) => [of(followers[kind]), { kind }]);
  const byStatus = SESSION_STATUSES.map(
    (status): Sample => [statistics.sessionsByStatus[status], { status }],
  );
  const refusals = Object.entries(meter.refusals).map(([code, count]): Sample => [count, { code }]);
  // One that was never asked for would only be zeros.
  const requests = Array.from(meter.requests).filter(([, asked]) => asked.sum > 0);
  return [
    gauge("coven_build_info", "Always 1; the labels say which build serves which contract.", [
      [1, { version, api: API_VERSION }],
    ]),
    gauge("coven_sessions", "Sessions in the ledger by the status of their record.", byStatus),
    gauge("coven_live_sessions", "Sessions whose terminal the daemon holds now.", live.length),
    counter("coven_events_total", "Events appended since the daemon started.", statistics.events),
    counter(
      "coven_output_bytes_total",
      "Bytes of harness output taken into the ledger.",
      statistics.outputBytes,
    ),
    gauge(
      "coven_followers",
      "Clients that follow a session now.",
      byKind(({ count }) => count),
    ),
    gauge(
      "coven_follower_lag_events",
      "Output events the follower furthest behind has not been given yet, counted to 10000.",
      byKind(({ lag }) => lag),
    ),
    counter(
      "coven_follower_gaps_total",
      "Times a client was told of a gap: it fell behind and got the screen instead, or a power cut took what it had seen.",
      meter.gaps,
    ),
    counter("coven_refusals_total", "Requests that were refused or failed, by error code.", refusals),
    head("coven_request_duration_seconds", "histogram", "From a parsed request to its answer."),
    ...requests.map(([route, asked]) => histogram("coven_request_duration_seconds", asked, { route })),
    head("coven_launch_duration_seconds", "histogram", "From a parsed launch to the running harness."),
    histogram("coven_launch_duration_seconds", meter.launches),
    head("coven_attach_duration_seconds", "histogram", "From an attach request to its snapshot."),
    histogram("coven_attach_duration_seconds", meter.attaches),
    gauge("coven_ledger_bytes", "Size of the ledger file.", statistics.ledgerBytes),
    gauge("coven_ledger_wal_bytes", "Size of the ledger's write-ahead log.", statistics.walBytes),
    gauge(
      "coven_storage_writable",
      "1 while the disk takes what is to be recorded.",
      statistics.storage.state === "ok" ? 1 : 0,
    ),
    gauge("coven_storage_free_bytes", "Free on the ledger's file system.", statistics.storage.freeBytes),
    gauge(
      "coven_output_waiting_bytes",
      "Printed and not recorded yet, because the disk takes nothing.",
      api.coven.waiting().bytes,
    ),
    gauge("coven_ptys_used", "Pseudo-terminals in use on this machine, by anybody.", statistics.ptys?.used),
    gauge("coven_ptys_limit", "Pseudo-terminals this machine can have.", statistics.ptys?.limit),
    head("coven_event_loop_delay_seconds", "histogram", "How late a timer of one second fired."),
    histogram("coven_event_loop_delay_seconds", statistics.loopDelay),
    gauge(
      "process_start_time_seconds",
      "Start of the daemon, in seconds since the epoch.",
      Date.parse(identity.startedAt) / 1000,
    ),
    counter(
      "process_cpu_seconds_total",
      "Processor time of the daemon, user and system.",
      statistics.cpuSeconds,
    ),
    gauge("process_resident_memory_bytes", "Resident memory of the daemon.", statistics.rssBytes),
    gauge("process_open_fds", "Open file descriptors of the daemon.", statistics.openFds),
  ].join("");
}

function followersOf({ meter, monitor }: Api): Record<(typeof FOLLOWER_KINDS)[number], FollowerSums> {
  const none = () => ({ count: 0, lag: 0 });
  const sums = { attach: none(), events: none(), output: none(), feed: none(), approval: none() };
  for (const { kind, sessionId, seq } of meter.followers) {
    sums[kind].count += 1;
    sums[kind].lag = Math.max(sums[kind].lag, monitor.behind(sessionId, seq));
  }
  return sums;
}

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [value: number, labels: Labels];
type Samples = number | null | undefined | readonly Sample[];

const gauge = (name: string, help: string, samples: Samples) => family(name, "gauge", help, samples);
const counter = (name: string, help: string, samples: Samples) => family(name, "counter", help, samples);

function family(name: string, type: "counter" | "gauge", help: string, samples: Samples): string {
  if (samples === null || samples === undefined) return "";
  const all = typeof samples === "number" ? [[samples, {}] as const] : samples;
  return head(name, type, help) + all.map(([value, labels]) => line(name, value, labels)).join("");
}

function head(name: string, type: "counter" | "gauge" | "histogram", help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

function histogram(name: string, { counts, sum }: Histogram, labels: Labels = {}): string {
  let total = 0;
  const buckets = [...LATENCY_BOUNDS, "+Inf"].map((bound, place) => {
    total += counts[place] ?? 0;
    return line(`${name}_bucket`, total, { ...labels, le: String(bound) });
  });
  return buckets.join("") + line(`${name}_sum`, sum, labels) + line(`${name}_count`, total, labels);
}

function line(name: string, value: number, labels: Labels): string {
  const inner = Object.entries(labels).map(([label, word]) => `${label}="${escaped(word)}"`);
  return `${name}${inner.length > 0 ? `{${inner.join(",")}}` : ""} ${value}\n`;
}

/** A label's value as the format wants it. */
function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
