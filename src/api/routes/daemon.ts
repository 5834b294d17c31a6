// The daemon itself: how it fares, and its end.
import * as z from "zod";
import { CovenError } from "../../errors.ts";
import { SESSION_STATUSES } from "../../session/session.ts";
import { metricsText, statusOf } from "../metrics.ts";
import { ACCEPTED, ok } from "../respond.ts";
import { route } from "../route.ts";
import { accepted, daemonIdentity, storageState } from "../schema.ts";

const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** A live session and what it keeps of its output; the growth is null where it was not measured for ten minutes. */
const weighed = z.object({
  sessionId: z.string(),
  harness: z.string(),
  title: z.string(),
  bytes: z.int(),
  growthPerDay: z.int().nullable(),
});

/** What the daemon says of its own state; sizes in bytes. */
const statusAnswer = z.object({
  ok: z.literal(true),
  daemon: daemonIdentity,
  covenVersion: z.string(),
  apiVersion: z.string(),
  uptimeSeconds: z.int(),
  sessions: z.object({
    /** Whose terminal the daemon holds now. */
    live: z.int(),
    byStatus: z.record(z.enum(SESSION_STATUSES), z.int()),
    /** Of the live ones, what their programs say they are doing. */
    byActivity: z.record(z.string(), z.int()),
    /** The live one that keeps most, and the one that nobody has watched for longest. */
    largest: weighed.nullable(),
    unwatched: weighed.extend({ since: z.string() }).nullable(),
  }),
  ledger: z.object({ bytes: z.int(), walBytes: z.int() }),
  /** Null where nobody knows; `daysLeft` until the disk is full at this rate. */
  storage: z.object({
    state: storageState,
    bytes: z.int(),
    freeBytes: z.int().nullable(),
    growthPerDay: z.int().nullable(),
    daysLeft: z.int().nullable(),
    /** Printed and not recorded yet, because the disk takes nothing: how much, and of how many sessions. */
    waitingBytes: z.int(),
    waitingSessions: z.int(),
  }),
  /** Totals since the daemon started; the rate is that of the last minute. */
  events: z.object({ total: z.int(), outputBytes: z.int(), perSecond: z.number() }),
  /** `lagEvents` of the one furthest behind, counted to 10,000. */
  followers: z.object({
    count: z.int(),
    byKind: z.record(z.string(), z.int()),
    lagEvents: z.int(),
    gaps: z.int(),
  }),
  /** A ledger of coven 0.4 that lies in the home and was not imported yet: its path. */
  earlierLedger: z.string().nullable(),
  ptys: z.object({ used: z.int().nullable(), limit: z.int() }).nullable(),
  /** `loopDelayMs`: the worst of the last minute. */
  process: z.object({ rssBytes: z.int(), loopDelayMs: z.int() }),
});
export type StatusAnswer = z.infer<typeof statusAnswer>;

export const daemon = {
  status: route("GET /status", {
    answer: statusAnswer,
    offers: { status: true },
    handle: (api) => ok(statusOf(api)),
  }),

  metrics: route("GET /metrics", {
    answer: "text",
    offers: { metrics: true },
    handle: (api) => ({ status: 200, text: metricsText(api), type: METRICS_TYPE }),
  }),

  shutdown: route("POST /shutdown", {
    /** The pid that the client means (`health.daemon` names it), and whether running sessions may be ended. */
    body: z.object({ pid: z.int(), force: z.boolean().exactOptional() }),
    answer: accepted,
    status: 202,
    refuses: ["daemon_identity_mismatch", "session_running"],
    offers: { shutdown: true },
    handle: ({ coven, identity, shutdown }, { body: { pid, force = false } }) => {
      requirePid(identity.pid, pid);
      const sessions = coven.running().map((session) => session.id);
      if (sessions.length > 0 && !force) {
        throw new CovenError("session_running", `${sessions.length} sessions are running; force ends them.`, {
          sessions,
        });
      }
      shutdown(force);
      return ACCEPTED;
    },
  }),

  restart: route("POST /restart", {
    body: z.object({
      /** That the client means. */
      pid: z.int(),
      /** argv of the program to go on with, without `daemon serve`; this very program where left out. */
      command: z.array(z.string().min(1)).min(1).max(16).exactOptional(),
    }),
    answer: accepted,
    status: 202,
    refuses: ["daemon_identity_mismatch", "runtime_unavailable"],
    handle: ({ identity, restart }, { body: { pid, command } }) => {
      requirePid(identity.pid, pid);
      restart.request(command);
      return ACCEPTED;
    },
  }),

  restarting: route("GET /restart", {
    answer: z.object({
      restart: z
        .object({
          state: z.enum(["checking", "handing_over", "refused"]),
          reason: z.string().nullable(),
          requestedAt: z.string(),
        })
        .nullable(),
    }),
    handle: ({ restart }) => ok({ restart: restart.state() }),
  }),
};

function requirePid(ours: number, meant: number): void {
  if (meant === ours) return;
  throw new CovenError("daemon_identity_mismatch", `This daemon is process ${ours}, not ${meant}.`, {
    pid: ours,
  });
}
