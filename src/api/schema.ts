// Owns the shape of every body on the wire, once, in zod: what a request must be and what an answer is.
// Importing this file costs a zod start-up; the client takes only its types.
import * as z from "zod";
import { ERROR_CODES } from "../errors.ts";
import { EVENT_KINDS, type Event } from "../session/event.ts";
import type { HarnessInfo, ScreenImage } from "../session/ports.ts";
import { LAUNCH_MODES, SESSION_STATUSES, type Session } from "../session/session.ts";

/** What `parseBody` takes; zod's name stays in this file. */
export type Schema<T> = z.ZodType<T>;

/** Columns or rows of a terminal (CONTRACT, `resize`). */
const side = z.int().min(1).max(1000);
const seq = z.int().min(0);
const cells = { cols: z.int(), rows: z.int() };
const text = z.string();

// ---- what a client sends (unknown members are ignored; a null member counts as absent, see handlers) --------

/** Body of `POST /sessions`. Whether the paths and the harness exist is the domain's question. */
export const launchBody = z.object({
  projectRoot: text.min(1),
  harness: text.min(1),
  prompt: text.refine((prompt) => prompt.trim() !== "", "must not be blank"),
  cwd: text.exactOptional(),
  title: text.exactOptional(),
  launchMode: z.enum(LAUNCH_MODES).exactOptional(),
  env: z.record(z.string(), z.string()).exactOptional(),
  inheritEnv: z.boolean().exactOptional(),
  cols: side.exactOptional(),
  rows: side.exactOptional(),
});
export type LaunchBody = z.infer<typeof launchBody>;

/** Body of `POST /sessions/:id/input`; written as is, no newline added, unless `submit` asks to type it as a person would. */
export const inputBody = z.object({ data: text, submit: z.boolean().exactOptional() });

/** Body of `POST /sessions/:id/resize`. */
export const resizeBody = z.object({ cols: side, rows: side });
export type ResizeBody = z.infer<typeof resizeBody>;

/** Body of `POST /shutdown`: the pid the client means, and whether live sessions may be ended. */
export const shutdownBody = z.object({ pid: z.int(), force: z.boolean().exactOptional() });
export type ShutdownBody = z.infer<typeof shutdownBody>;

/** Of the routes whose body holds nothing we read; it must be an object all the same. */
export const anyObject = z.object({});

/** Body of `POST /actions` when well-formed; control/actions.ts judges it, because its refusals have their own shape. */
export const actionBody = z.object({
  action: text,
  origin: text.exactOptional(),
  intentId: text.exactOptional(),
  args: z.unknown().optional(),
});
export type ActionBody = z.infer<typeof actionBody>;

// ---- what the daemon answers --------------------------------------------------------------------------------

/** The one error envelope; clients branch on `code`. */
export const errorBody = z.object({
  error: z.object({
    code: z.enum(ERROR_CODES),
    message: text,
    details: z.record(z.string(), z.unknown()).exactOptional(),
  }),
});
export type ErrorBody = z.infer<typeof errorBody>;

export const apiVersionAnswer = z.object({ apiVersion: text, supportedApiVersions: z.array(text) });
export type ApiVersionAnswer = z.infer<typeof apiVersionAnswer>;

/** What the daemon says of itself; equals the content of `<COVEN_HOME>/daemon.json`. */
export const daemonIdentity = z.object({ pid: z.int(), startedAt: text, socket: text });
export type DaemonIdentity = z.infer<typeof daemonIdentity>;

export const healthAnswer = z.object({
  ok: z.literal(true),
  apiVersion: text,
  supportedApiVersions: z.array(text),
  covenVersion: text,
  capabilities: z.record(z.string(), z.union([z.boolean(), z.string()])),
  daemon: daemonIdentity.nullable(),
});
export type HealthAnswer = z.infer<typeof healthAnswer>;

export const capabilitiesAnswer = z.object({
  capabilities: z.array(
    z.object({
      id: text,
      label: text,
      adapter: text,
      status: z.enum(["available", "planned", "disabled", "missingSetup"]),
      policy: z.enum(["allow", "requiresApproval"]),
      actions: z.array(text),
    }),
  ),
});
export type CapabilitiesAnswer = z.infer<typeof capabilitiesAnswer>;

export const actionAnswer = z.object({
  ok: z.literal(true),
  accepted: z.literal(true),
  action: text,
  status: z.literal("completed"),
  event: z.object({
    kind: text,
    action: text,
    origin: text.exactOptional(),
    intentId: text.exactOptional(),
    payload: z.record(z.string(), z.unknown()),
  }),
});
export type ActionAnswer = z.infer<typeof actionAnswer>;

/** What `POST /actions` answers when it refuses: its own members, and the error envelope beside them. */
export const actionRefusal = errorBody.extend({
  ok: z.literal(false),
  accepted: z.literal(false),
  action: text,
  status: z.literal("rejected"),
  reason: text,
});

/** The record of one run, exactly the domain's (session/session.ts). */
export const sessionRecord = z.object({
  id: text,
  project_root: text,
  harness: text,
  title: text,
  status: z.enum(SESSION_STATUSES),
  exit_code: z.int().nullable(),
  archived_at: text.nullable(),
  created_at: text,
  updated_at: text,
  cwd: text,
  launch_mode: z.enum(LAUNCH_MODES),
  pid: z.int().nullable(),
  signal: text.nullable(),
  activity: text.nullable(),
}) satisfies z.ZodType<Session>;

/** `GET /sessions` without a query: bare. */
export const sessionList = z.array(sessionRecord);
/** `GET /sessions` with any of `limit`, `cursor`, `includeArchived`. */
export const sessionsPage = z.object({ sessions: z.array(sessionRecord), next_cursor: text.nullable() });
export type SessionsPage = z.infer<typeof sessionsPage>;

/** What a session's terminal shows, or showed last. */
export const screenAnswer = z.object({
  asOfSeq: seq,
  cols: z.int(),
  rows: z.int(),
  cursor: z.object({ x: z.int(), y: z.int() }),
  title: text,
  alternate: z.boolean(),
  lines: z.array(text),
  ansi: text,
}) satisfies z.ZodType<ScreenImage, unknown>;
export type ScreenAnswer = z.infer<typeof screenAnswer>;

/** A control request was taken; its effect shows in the record and the events. */
export const accepted = z.object({ ok: z.literal(true), accepted: z.literal(true) });
export type Accepted = z.infer<typeof accepted>;

export const sacrificeAnswer = z.object({ ok: z.literal(true), deletedEvents: z.int() });
export type SacrificeAnswer = z.infer<typeof sacrificeAnswer>;

export const eventRecord = z.object({
  seq,
  id: text,
  session_id: text,
  kind: z.enum(EVENT_KINDS),
  payload_json: text,
  created_at: text,
}) satisfies z.ZodType<Event>;

// ---- attach: what either end says in text -------------------------------------------------------------------

/** What a client may say: its terminal's size, 0 x 0 where it has none. */
export const attachMessage = z.object({
  type: z.literal("resize"),
  cols: z.int().min(0).max(1000),
  rows: z.int().min(0).max(1000),
});
export type AttachMessage = z.infer<typeof attachMessage>;

/** What the daemon says. A snapshot follows `attached` and `gap`, as one message of bytes. */
export const attachFrame = z.discriminatedUnion("type", [
  z.object({ type: z.literal("attached"), session: sessionRecord, asOfSeq: seq, ...cells }),
  z.object({ type: z.literal("gap"), asOfSeq: seq, ...cells }),
  z.object({ type: z.literal("resized"), ...cells }),
  errorBody.extend({ type: z.literal("error") }),
  z.object({
    type: z.literal("exit"),
    status: z.enum(SESSION_STATUSES),
    exitCode: z.int().nullable(),
    signal: text.exactOptional(),
  }),
]);
export type AttachFrame = z.infer<typeof attachFrame>;

/** One page of events, oldest first. `prevCursor` stands only on pages asked for with `beforeSeq`. */
export const eventsPage = z.object({
  events: z.array(eventRecord),
  nextCursor: z.object({ afterSeq: seq }).nullable(),
  hasMore: z.boolean(),
  prevCursor: z.object({ beforeSeq: seq }).nullable().exactOptional(),
});
export type EventsPage = z.infer<typeof eventsPage>;

/** What the daemon says of its own state; sizes in bytes. */
export const statusAnswer = z.object({
  ok: z.literal(true),
  daemon: daemonIdentity,
  covenVersion: text,
  apiVersion: text,
  uptimeSeconds: z.int(),
  sessions: z.object({
    /** Whose terminal the daemon holds now. */
    live: z.int(),
    byStatus: z.record(z.enum(SESSION_STATUSES), z.int()),
    /** Of the live ones, what their programs say they are doing. */
    byActivity: z.record(z.string(), z.int()),
  }),
  ledger: z.object({ bytes: z.int(), walBytes: z.int() }),
  /** Totals since the daemon started; the rate is that of the last minute. */
  events: z.object({ total: z.int(), outputBytes: z.int(), perSecond: z.number() }),
  /** `lagEvents` of the one furthest behind, counted to 10,000. */
  followers: z.object({
    count: z.int(),
    byKind: z.record(z.string(), z.int()),
    lagEvents: z.int(),
    gaps: z.int(),
  }),
  ptys: z.object({ used: z.int().nullable(), limit: z.int() }).nullable(),
  /** `loopDelayMs`: the worst of the last minute. */
  process: z.object({ rssBytes: z.int(), loopDelayMs: z.int() }),
});
export type StatusAnswer = z.infer<typeof statusAnswer>;

export const harnessesAnswer = z.array(
  z.object({
    id: text,
    label: text,
    executable: text,
    available: z.boolean(),
    path: text.nullable(),
    hint: text,
    source: z.enum(["built-in", "manifest"]),
  }) satisfies z.ZodType<HarnessInfo>,
);
export type HarnessesAnswer = z.infer<typeof harnessesAnswer>;
