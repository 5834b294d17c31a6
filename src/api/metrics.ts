// The two readings of the daemon's own state: `GET /status` as JSON, and `GET /metrics` as Prometheus text
// (exposition format 0.0.4: prometheus.io/docs/instrumenting/exposition_formats, names by its naming rules).
import { SESSION_STATUSES, type SessionStatus } from "../session/session.ts";
import { API_VERSION } from "../version.ts";
import { FOLLOWER_KINDS, type Histogram, LATENCY_BOUNDS, type Meter } from "./meter.ts";
import type { StatusAnswer } from "./routes/daemon.ts";
import type { DaemonIdentity } from "./schema.ts";

/** What only the daemon as a whole knows. Sizes in bytes, times in seconds; null where the system doesn't say. */
export interface Vitals {
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

/** What both readings are made from. */
export interface Reading {
  readonly identity: DaemonIdentity;
  readonly version: string;
  readonly meter: Meter;
  vitals(): Vitals;
  /** Activity (null: none said) of each live session. */
  live(): readonly (string | null)[];
  /** How many output events of a session come after a seq; counts no further than 10,000. */
  behind(sessionId: string, afterSeq: number): number;
  /** RFC 3339. */
  now(): string;
}

interface FollowerSums {
  readonly count: number;
  /** Of the one furthest behind. */
  readonly lag: number;
}

/** The body of `GET /status`. */
export function statusOf(reading: Reading): StatusAnswer {
  const { identity, version, meter } = reading;
  const vitals = reading.vitals();
  const live = reading.live();
  const followers = followersOf(reading);
  const byActivity: Record<string, number> = {};
  for (const activity of live) if (activity !== null) byActivity[activity] = (byActivity[activity] ?? 0) + 1;
  const uptime = (Date.parse(reading.now()) - Date.parse(identity.startedAt)) / 1000;
  return {
    ok: true,
    daemon: identity,
    covenVersion: version,
    apiVersion: API_VERSION,
    uptimeSeconds: Math.max(0, Math.floor(uptime)),
    sessions: { live: live.length, byStatus: { ...vitals.sessionsByStatus }, byActivity },
    ledger: { bytes: vitals.ledgerBytes, walBytes: vitals.walBytes },
    events: {
      total: vitals.events,
      outputBytes: vitals.outputBytes,
      perSecond: Math.round(vitals.eventsPerSecond * 100) / 100,
    },
    followers: {
      count: FOLLOWER_KINDS.reduce((sum, kind) => sum + followers[kind].count, 0),
      byKind: Object.fromEntries(FOLLOWER_KINDS.map((kind) => [kind, followers[kind].count])),
      lagEvents: Math.max(...FOLLOWER_KINDS.map((kind) => followers[kind].lag)),
      gaps: meter.gaps,
    },
    ptys: vitals.ptys,
    process: { rssBytes: vitals.rssBytes, loopDelayMs: Math.round(vitals.worstLoopDelay * 1000) },
  };
}

/** The body of `GET /metrics`. */
export function metricsText(reading: Reading): string {
  const { identity, version, meter } = reading;
  const vitals = reading.vitals();
  const followers = followersOf(reading);
  const text = new Exposition();
  const started = Date.parse(identity.startedAt) / 1000;
  text.family("coven_build_info", "gauge", "Always 1; the labels say which build serves which contract.");
  text.sample("coven_build_info", 1, { version, api: API_VERSION });
  text.family("coven_sessions", "gauge", "Sessions in the ledger by the status of their record.");
  for (const status of SESSION_STATUSES)
    text.sample("coven_sessions", vitals.sessionsByStatus[status], { status });
  text.single(
    "coven_live_sessions",
    "gauge",
    "Sessions whose terminal the daemon holds now.",
    reading.live().length,
  );
  text.single("coven_events_total", "counter", "Events appended since the daemon started.", vitals.events);
  text.single(
    "coven_output_bytes_total",
    "counter",
    "Bytes of harness output taken into the ledger.",
    vitals.outputBytes,
  );
  text.family("coven_followers", "gauge", "Clients that follow a session now.");
  for (const kind of FOLLOWER_KINDS) text.sample("coven_followers", followers[kind].count, { kind });
  text.family(
    "coven_follower_lag_events",
    "gauge",
    "Output events the follower furthest behind has not been given yet, counted to 10000.",
  );
  for (const kind of FOLLOWER_KINDS) text.sample("coven_follower_lag_events", followers[kind].lag, { kind });
  text.single(
    "coven_follower_gaps_total",
    "counter",
    "Times an attached client fell behind and got the screen instead of the bytes.",
    meter.gaps,
  );
  text.family("coven_refusals_total", "counter", "Requests that were refused or failed, by error code.");
  for (const [code, count] of Object.entries(meter.refusals))
    text.sample("coven_refusals_total", count, { code });
  text.family("coven_request_duration_seconds", "histogram", "From a parsed request to its answer.");
  for (const [route, asked] of meter.requests) {
    // One that was never asked for would only be zeros.
    if (asked.sum > 0) text.histogram("coven_request_duration_seconds", asked, { route });
  }
  text.family("coven_launch_duration_seconds", "histogram", "From a parsed launch to the running harness.");
  text.histogram("coven_launch_duration_seconds", meter.launches);
  text.family("coven_attach_duration_seconds", "histogram", "From an attach request to its snapshot.");
  text.histogram("coven_attach_duration_seconds", meter.attaches);
  text.single("coven_ledger_bytes", "gauge", "Size of the ledger file.", vitals.ledgerBytes);
  text.single("coven_ledger_wal_bytes", "gauge", "Size of the ledger's write-ahead log.", vitals.walBytes);
  if (vitals.ptys) {
    const { used, limit } = vitals.ptys;
    if (used !== null)
      text.single("coven_ptys_used", "gauge", "Pseudo-terminals in use on this machine, by anybody.", used);
    text.single("coven_ptys_limit", "gauge", "Pseudo-terminals this machine can have.", limit);
  }
  text.family("coven_event_loop_delay_seconds", "histogram", "How late a timer of one second fired.");
  text.histogram("coven_event_loop_delay_seconds", vitals.loopDelay);
  text.single(
    "process_start_time_seconds",
    "gauge",
    "Start of the daemon, in seconds since the epoch.",
    started,
  );
  text.single(
    "process_cpu_seconds_total",
    "counter",
    "Processor time of the daemon, user and system.",
    vitals.cpuSeconds,
  );
  text.single("process_resident_memory_bytes", "gauge", "Resident memory of the daemon.", vitals.rssBytes);
  if (vitals.openFds !== null)
    text.single("process_open_fds", "gauge", "Open file descriptors of the daemon.", vitals.openFds);
  return text.toString();
}

function followersOf({ meter, behind }: Reading): Record<(typeof FOLLOWER_KINDS)[number], FollowerSums> {
  const sums = { attach: { count: 0, lag: 0 }, events: { count: 0, lag: 0 }, output: { count: 0, lag: 0 } };
  for (const { kind, sessionId, seq } of meter.followers) {
    sums[kind].count += 1;
    sums[kind].lag = Math.max(sums[kind].lag, behind(sessionId, seq));
  }
  return sums;
}

type Labels = Readonly<Record<string, string>>;

/** Lines of the text format, families in the order they were begun. */
class Exposition {
  #text = "";

  family(name: string, type: "counter" | "gauge" | "histogram", help: string): void {
    this.#text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
  }

  sample(name: string, value: number, labels: Labels = {}): void {
    const inner = Object.entries(labels).map(([label, word]) => `${label}="${escaped(word)}"`);
    this.#text += `${name}${inner.length > 0 ? `{${inner.join(",")}}` : ""} ${value}\n`;
  }

  single(name: string, type: "counter" | "gauge", help: string, value: number): void {
    this.family(name, type, help);
    this.sample(name, value);
  }

  histogram(name: string, { counts, sum }: Histogram, labels: Labels = {}): void {
    let total = 0;
    for (const [place, bound] of LATENCY_BOUNDS.entries()) {
      total += counts[place] ?? 0;
      this.sample(`${name}_bucket`, total, { ...labels, le: String(bound) });
    }
    total += counts[LATENCY_BOUNDS.length] ?? 0;
    this.sample(`${name}_bucket`, total, { ...labels, le: "+Inf" });
    this.sample(`${name}_sum`, sum, labels);
    this.sample(`${name}_count`, total, labels);
  }

  toString(): string {
    return this.#text;
  }
}

/** A label's value as the format wants it. */
function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
