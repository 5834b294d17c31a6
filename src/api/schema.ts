// The shapes that several routes share, in zod: parameters, records, the error envelope, the frames of attach. What one route
// alone has stands beside it in routes/. Importing zod costs a start 20 ms: the client takes only types from here.
import * as z from "zod";
import { APPROVAL_STATUSES, APPROVAL_STEPS, type Approval, type ApprovalStep } from "../control/approval.ts";
import { ERROR_CODES } from "../errors.ts";
import { ATTENTION_KINDS, ATTENTION_SOURCES, ATTENTION_STATES } from "../session/attention.ts";
import { EVENT_KINDS, type Event } from "../session/event.ts";
import { NAME, NAME_RULE } from "../session/name.ts";
import {
  LAUNCH_MODES,
  PERMISSIONS,
  SESSION_STATUSES,
  type Session,
  VISIBILITIES,
} from "../session/session.ts";
import type { Picture } from "../vt/picture.ts";

const text = z.string();
const MOST = Number.MAX_SAFE_INTEGER;

/** The seq of an event, or of none: 0. */
export const seq = z.int().min(0);
/** Columns or rows of a terminal (CONTRACT, `resize`). */
export const side = z.int().min(1).max(1000);
/** What a client sorts sessions by, as 0.4.6 takes them for external runs, and with `=`. */
export const labels = z
  .array(z.string().regex(/^[A-Za-z0-9._:=-]{1,128}$/, "must be 1 to 128 letters, digits or . _ : = -"))
  .max(64)
  .refine((list) => new Set(list).size === list.length, "must not hold one twice")
  .readonly();
/** What a session is called. */
export const sessionName = z.string().regex(NAME, NAME_RULE);
/** A terminal's size in cells, as the daemon says it. */
export const cells = { cols: z.int(), rows: z.int() };

// ---- parameters: strings on the wire, which may be given once ------------------------------------------------

/** A parameter as it was sent. */
export const parameter = z.string({
  error: ({ input }) => (input === undefined ? "is required" : "must be given once"),
});

/** The session in whose terminal a client shows what it gets: the `COVEN_SESSION_ID` of its environment. */
export const within = parameter
  .regex(/^[A-Za-z0-9._:/-]{1,128}$/, "must be the id of a session")
  .describe("The session in whose terminal the client shows this; refused where that would go round.");

/**
 * A whole number, possibly negative. What is beyond 2^53 is cut to it: no seq gets there, and clients ask with the greatest
 * number they have.
 */
export function whole(range: z.ZodType<number, number> = z.int()) {
  return parameter
    .regex(/^-?[0-9]{1,32}$/, "must be a whole number")
    .transform((digits) => Math.max(Math.min(Number(digits), MOST), -MOST))
    .pipe(range);
}

/** A whole number between two others. `problem` is what is said of one that is not. */
export function between(least: number, most: number, problem = `must be ${least}..${most}`) {
  return whole(z.int().min(least, problem).max(most, problem));
}

/** One of two sets of words, for true and for false. */
export function flag(truthy: string[], falsy: string[], problem: string) {
  return parameter.pipe(z.stringbool({ truthy, falsy, case: "sensitive", error: problem }));
}

// ---- bodies and answers --------------------------------------------------------------------------------------

/** Of the routes whose body holds nothing we read; it must be an object all the same. */
export const anyObject = z.object({});

/** The one error envelope; clients branch on `code`. */
export const errorBody = z
  .object({
    error: z.object({
      code: z.enum(ERROR_CODES),
      message: text,
      details: z.record(z.string(), z.unknown()).exactOptional(),
    }),
  })
  .meta({ id: "Error" });
export type ErrorBody = z.infer<typeof errorBody>;

/** What the disk lets the ledger do: the domain's StorageState. */
export const storageState = z.enum(["ok", "full", "read_only", "failing", "detached"]);

/** What the daemon says of itself; equals the content of `<COVEN_HOME>/daemon.json`. */
export const daemonIdentity = z
  .object({ pid: z.int(), startedAt: text, socket: text })
  .meta({ id: "Daemon" });
export type DaemonIdentity = z.infer<typeof daemonIdentity>;

/** What a live session wants from a person (session/attention.ts). */
export const attention = z
  .object({
    state: z.enum(ATTENTION_STATES),
    kind: z.enum(ATTENTION_KINDS).nullable().describe("What it waits for: leave, an answer, the next task."),
    message: text.nullable().describe("The program's own words."),
    source: z.enum(ATTENTION_SOURCES),
    seq: seq.describe("Of the event that proves it; it names the question."),
    at: text,
  })
  .meta({ id: "Attention" });

/** The record of one run, exactly the domain's (session/session.ts). */
export const sessionRecord = z
  .object({
    id: text,
    project_root: text.describe("Canonical."),
    harness: text,
    title: text.describe("As given, else the first line of the prompt."),
    status: z
      .enum(SESSION_STATUSES)
      .describe(
        "`completed`: exit 0. `failed`: another code, a signal that was not ours, or no start. `killed`: ended by kill. `orphaned`: its daemon died.",
      ),
    exit_code: z.int().nullable().describe("Null while it runs, and when a signal ended it."),
    archived_at: text.nullable().describe("Null unless it is archived."),
    created_at: text,
    updated_at: text,
    cwd: text.describe("(+) Where the harness runs."),
    launch_mode: z.enum(LAUNCH_MODES).describe("(+)"),
    pid: z.int().nullable().describe("(+) While it lives."),
    signal: text.nullable().describe("(+) The name of the signal that ended it."),
    activity: text
      .nullable()
      .describe("(+) What the program of a live session says it is doing, in its own word."),
    attention: attention.nullable().describe("(+) What a live session wants from a person."),
    labels: z.array(text).readonly().describe("(+)"),
    visibility: z.enum(VISIBILITIES).describe("(+) A note for other clients; it hides nothing."),
    external: z.boolean().describe("(+) Somebody else started it."),
    conversation_id: text.nullable().describe("(+)"),
    familiar_id: text.nullable().describe("(+)"),
    transcript_path: text.nullable().describe("(+) Of an external run; never opened."),
    model: text.nullable().describe("(+)"),
    permission: z.enum(PERMISSIONS).nullable().describe("(+)"),
    add_dirs: z.array(text).readonly().describe("(+)"),
    removed_bytes: z.int().describe("(+) Of its oldest output, removed because it kept too much."),
    base_commit: text.nullable().describe("(+) What was checked out in its project when it began."),
    worktree: z
      .object({ path: text, branch: text, base: text })
      .nullable()
      .describe("(+) The git worktree that was made for it, which is its root."),
    continues: text.nullable().describe("(+) The session that it goes on with."),
    agent_session_id: text.nullable().describe("(+) The harness's own name for the conversation."),
    group: text.nullable().describe("(+)"),
    name: text.nullable().describe("(+) What a person calls it."),
  })
  .meta({ id: "Session" }) satisfies z.ZodType<Session>;

/** A wish for an action that a person has to agree to, or that takes its time. */
export const approvalRecord = z
  .object({
    id: text,
    action: text,
    origin: text.nullable(),
    intentId: text.nullable(),
    args: z.unknown(),
    status: z.enum(APPROVAL_STATUSES),
    requestedAt: text,
    expiresAt: text,
    decidedAt: text.nullable(),
    /** `owner`, `policy`, `timeout`, or the origin that decided. */
    decidedBy: text.nullable(),
    reason: text.nullable(),
    result: z.record(z.string(), z.unknown()).nullable(),
  })
  .meta({ id: "Approval" }) satisfies z.ZodType<Approval>;

/** One step of an approval, with what it is about. */
export const approvalStep = z.object({
  seq: z.int(),
  at: z.string(),
  kind: z.enum(APPROVAL_STEPS),
  approvalId: z.string(),
  action: z.string(),
  origin: z.string().nullable(),
  intentId: z.string().nullable(),
  by: z.string().nullable(),
  reason: z.string().nullable(),
  result: z
    .record(z.string(), z.unknown())
    .nullable()
    .describe("Of the approval, from when it was done or failed."),
}) satisfies z.ZodType<ApprovalStep>;
export type ApprovalEvent = z.infer<typeof approvalStep>;

/** A member of `familiars.toml` as 0.4.6 sends it; nothing here knows which of them is at work. */
export const familiarRecord = z.object({
  id: z.string(),
  name: z.string(),
  display_name: z.string(),
  emoji: z.string(),
  icon: z.string().exactOptional(),
  role: z.string(),
  description: z.string(),
  pronouns: z.string().exactOptional(),
  status: z.literal("offline"),
  active_channel: z.string().exactOptional(),
  last_seen: z.literal("—"),
  active_sessions: z.literal(0),
  memory_freshness: z.literal("—"),
  workspace: z.string().exactOptional(),
});
export type FamiliarRecord = z.infer<typeof familiarRecord>;

/** A control request was taken; its effect shows in the record and the events. */
export const accepted = z.object({ ok: z.literal(true), accepted: z.literal(true) }).meta({ id: "Accepted" });
export type Accepted = z.infer<typeof accepted>;

/** One event as a reader sees it (session/event.ts). */
export const eventRecord = z
  .object({
    seq: seq.describe("Rises over all sessions; never given twice."),
    id: text,
    session_id: text,
    kind: z.enum(EVENT_KINDS),
    payload_json: text.describe("A JSON document, as a string."),
    created_at: text,
  })
  .meta({ id: "Event" }) satisfies z.ZodType<Event>;

// ---- the screen ---------------------------------------------------------------------------------------------

const run = z.tuple([z.union([text, z.int()]), z.int()]).readonly();
const list = <T extends z.ZodType>(of: T) => z.array(of).readonly();
const page = z.object({
  lines: list(list(run)),
  above: z.int(),
  wrapped: list(z.int()),
  margins: z.tuple([z.int(), z.int()]).readonly().nullable(),
  tabs: list(z.int()).nullable(),
  saved: z.object({ x: z.int(), y: z.int(), style: z.int(), charset: text.nullable() }),
  keyboard: list(z.int()),
});

/** Everything a terminal shows and everything that was set on it; vt/picture.ts says what each member means. */
export const picture = z
  .object({
    ...cells,
    styles: list(
      z.object({
        sgr: text,
        background: z.literal(true).exactOptional(),
        protected: z.literal(true).exactOptional(),
        link: z.object({ uri: text, id: text.exactOptional() }).exactOptional(),
      }),
    ),
    primary: page,
    alternate: page.extend({ mode: z.int() }).nullable(),
    cursor: z.object({
      x: z.int(),
      y: z.int(),
      shape: z.int(),
      last: z.object({ x: z.int(), text, style: z.int(), room: z.int(), joins: z.boolean() }).nullable(),
    }),
    pen: z.object({ style: z.int(), charsets: list(text.nullable()), shift: z.int() }),
    modes: z.object({
      private: list(z.tuple([z.int(), z.boolean()]).readonly()),
      ansi: list(z.int()),
    }),
    title: text,
    titles: list(text),
    colours: list(z.tuple([text, text]).readonly()),
    modifiers: list(z.tuple([z.int(), z.int()]).readonly()),
  })
  .meta({ id: "Picture" }) satisfies z.ZodType<Picture>;

// ---- attach: what either end says in text -------------------------------------------------------------------

/** What a client may say: its terminal's size, 0 x 0 where it has none. */
export const attachMessage = z
  .object({
    type: z.literal("resize"),
    cols: z.int().min(0).max(1000),
    rows: z.int().min(0).max(1000),
  })
  .meta({ id: "AttachMessage" });
export type AttachMessage = z.infer<typeof attachMessage>;

/** What the daemon says. A snapshot follows `attached` and `gap`: one message of bytes, or `screen` for who asked for the picture. */
export const attachFrame = z
  .discriminatedUnion("type", [
    z.object({
      type: z.literal("attached"),
      session: sessionRecord,
      asOfSeq: seq,
      ...cells,
      // For who has given a name: how many of its messages were taken, null where that name is new here.
      typed: z.int().nullable().exactOptional(),
    }),
    // So many messages of keys of this client were taken, since it first came with its name.
    z.object({ type: z.literal("typed"), count: z.int() }),
    z.object({ type: z.literal("gap"), asOfSeq: seq, ...cells }),
    z.object({ type: z.literal("screen"), picture }),
    z.object({ type: z.literal("resized"), ...cells }),
    z.object({ type: z.literal("storage"), state: storageState }),
    // Another program goes on in the daemon's place: hang up, and attach again in a moment.
    z.object({ type: z.literal("restarting") }),
    errorBody.extend({ type: z.literal("error") }),
    z.object({
      type: z.literal("exit"),
      status: z.enum(SESSION_STATUSES),
      exitCode: z.int().nullable(),
      signal: text.exactOptional(),
    }),
  ])
  .meta({ id: "AttachFrame" });
export type AttachFrame = z.infer<typeof attachFrame>;
