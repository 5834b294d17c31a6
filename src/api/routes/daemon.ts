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
    live: z.int().describe("Whose terminal the daemon holds now."),
    byStatus: z.record(z.enum(SESSION_STATUSES), z.int()),
    byActivity: z
      .record(z.string(), z.int())
      .describe("Of the live ones, what their programs say they are doing."),
    largest: weighed
      .nullable()
      .describe("The live one that keeps most, and the one that nobody has watched for longest."),
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
    waitingBytes: z
      .int()
      .describe(
        "Printed and not recorded yet, because the disk takes nothing: how much, and of how many sessions.",
      ),
    waitingSessions: z.int(),
  }),
  events: z
    .object({ total: z.int(), outputBytes: z.int(), perSecond: z.number() })
    .describe("Totals since the daemon started; the rate is that of the last minute."),
  /** `lagEvents` of the one furthest behind, counted to 10,000. */
  followers: z.object({
    count: z.int(),
    byKind: z.record(z.string(), z.int()),
    lagEvents: z.int(),
    gaps: z.int(),
  }),
  earlierLedger: z
    .string()
    .nullable()
    .describe("A ledger of coven 0.4 that lies in the home and was not imported yet: its path."),
  ptys: z.object({ used: z.int().nullable(), limit: z.int() }).nullable(),
  process: z
    .object({ rssBytes: z.int(), loopDelayMs: z.int() })
    .describe("`loopDelayMs`: the worst of the last minute."),
});
export type StatusAnswer = z.infer<typeof statusAnswer>;

export const daemon = {
  status: route("GET /status", {
    summary: "How the daemon fares",
    answer: statusAnswer,
    offers: { status: true },
    handle: (api) => ok(statusOf(api)),
  }),

  metrics: route("GET /metrics", {
    summary: "The same and more as Prometheus text",
    answer: "text",
    offers: { metrics: true },
    handle: (api) => ({ status: 200, text: metricsText(api), type: METRICS_TYPE }),
  }),

  shutdown: route("POST /shutdown", {
    summary: "Stop the daemon in order",
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
    summary: "Have the daemon go on as another program, sessions kept",
    body: z.object({
      pid: z.int().describe("That the client means."),
      command: z
        .array(z.string().min(1))
        .min(1)
        .max(16)
        .exactOptional()
        .describe(
          "argv of the program to go on with, without `daemon serve`; this very program where left out.",
        ),
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
    summary: "What became of the last restart",
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
