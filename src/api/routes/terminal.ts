// A session's terminal: typing, its size, its end, its screen, its bytes.
import * as z from "zod";
import { CovenError } from "../../errors.ts";
import type { Answer } from "../../session/attention.ts";
import { draw } from "../../vt/picture.ts";
import { requestId } from "../request-id.ts";
import { ACCEPTED, ok } from "../respond.ts";
import { route } from "../route.ts";
import {
  accepted,
  anyObject,
  between,
  cells,
  flag,
  parameter,
  picture,
  seq,
  side,
  whole,
  within,
} from "../schema.ts";
import { outputStream } from "../stream.ts";

const FOLLOW = flag(["1", "true"], ["0", "false"], "must be 1 or 0");
/** Asks for the screen as data. */
const PICTURE = flag(["true"], ["false"], "must be true or false");
const MODE = parameter.pipe(z.enum(["interactive", "observe"], "must be interactive or observe"));
const CLIENT = parameter.regex(/^[A-Za-z0-9-]{1,64}$/, "must be 1 to 64 letters, digits or -");
/** Of the client's terminal; 0 where it has none. */
const CELLS = between(0, 1000, "must be 1..1000");

/** What was typed was taken: `seq` is the last event before it. */
const typed = accepted.extend({ seq });

/** Who asks, as they say themselves. */
function askerOf(http: Request): string {
  const agent = (http.headers.get("user-agent") ?? "").replace(/\P{ASCII}|\p{Cc}/gu, "").slice(0, 100);
  return agent === "" ? "a client" : `a client (${agent})`;
}

function receipt(status: number, seq: number) {
  return { status, value: { ok: true, accepted: true, seq } } as const;
}

/** Types the keys by which the harness of a session is answered when it asks for leave. */
function answering<A extends Answer>(answer: A) {
  return route(`POST /sessions/:id/${answer}`, {
    summary: `Type the keys that ${answer} what the session asks leave for`,
    live: "keys",
    body: z.object({
      ifAttentionSeq: seq.exactOptional().describe("Only the question with this `attention.seq`."),
      reason: z.string().max(1_000).exactOptional().describe("Kept in the session's events."),
    }),
    answer: typed,
    status: 202,
    refuses: ["send_input_failed", "stale_prompt", "not_waiting", "not_supported"],
    offers: { answers: true },
    handle: ({ coven }, { id, body }) => {
      return receipt(202, coven.answer(id, answer, body));
    },
  });
}

export const terminal = {
  input: route("POST /sessions/:id/input", {
    summary: "Type into a session",
    description:
      "Written as is, no newline added; with `submit` typed as a person would, Enter included. A repeat with the same `Idempotency-Key` types nothing.",
    live: "keys",
    headers: z.object({
      "Idempotency-Key": parameter
        .max(255, "must be at most 255 characters")
        .exactOptional()
        .describe("The same key again types nothing and gives the first one's answer."),
    }),
    /** Written as is, no newline added, unless `submit` asks to type it as a person would. */
    body: z.object({
      data: z.string(),
      submit: z.boolean().exactOptional(),
      ifAttentionSeq: seq
        .exactOptional()
        .describe("Typed only while the session waits with this `attention.seq`."),
    }),
    answer: typed,
    status: [202, 200],
    refuses: ["send_input_failed", "stale_prompt"],
    offers: { inputGuard: true },
    handle: ({ coven }, { id, body, headers }) => {
      const { data, ...options } = body;
      const idempotencyKey = headers["Idempotency-Key"];
      const { seq, typed } = coven.input(id, new TextEncoder().encode(data), { ...options, idempotencyKey });
      return receipt(typed ? 202 : 200, seq);
    },
  }),

  approve: answering("approve"),
  deny: answering("deny"),

  resize: route("POST /sessions/:id/resize", {
    summary: "Set the size of a session's terminal",
    live: "keys",
    body: z.object({ cols: side, rows: side }),
    answer: accepted,
    status: 202,
    refuses: ["send_input_failed"],
    offers: { resize: true },
    handle: ({ coven }, { id, body }) => {
      coven.resize(id, body.cols, body.rows);
      return ACCEPTED;
    },
  }),

  kill: route("POST /sessions/:id/kill", {
    summary: "End a session's whole process tree",
    live: "kill",
    body: anyObject,
    answer: accepted,
    status: 202,
    refuses: ["kill_failed", "external_session_not_killable"],
    handle: ({ coven }, { id, http }) => {
      coven.kill(id, askerOf(http));
      return ACCEPTED;
    },
  }),

  screen: route("GET /sessions/:id/screen", {
    summary: "What the terminal shows, or showed last",
    /** What the terminal shows, or showed last. */
    answer: z.object({
      asOfSeq: seq,
      ...cells,
      cursor: z.object({ x: z.int(), y: z.int() }),
      title: z.string(),
      alternate: z.boolean(),
      lines: z.array(z.string()).readonly(),
      ansi: z
        .string()
        .describe("What, written to a fresh terminal of this size, shows scrollback, screen and modes."),
      picture: picture.exactOptional(),
    }),
    query: z.object({
      picture: PICTURE.exactOptional().describe("The same as data as well."),
    }),
    offers: { screen: true, picture: true },
    handle: ({ coven }, { id, query }) => {
      const { picture, ...image } = coven.screen(id);
      return ok({ ...image, ansi: draw(picture).text, ...(query.picture ? { picture } : {}) });
    },
  }),

  output: route("GET /sessions/:id/output", {
    summary: "The exact bytes that a session printed",
    query: z.object({
      afterSeq: whole().exactOptional(),
      follow: FOLLOW.describe("Stays until the session ends.").exactOptional(),
      /** Each row with its seq in front, and an end, so that who was cut off can go on (api/rows.ts). */
      rows: PICTURE.exactOptional(),
      within: within.exactOptional(),
    }),
    answer: "bytes",
    refuses: ["view_cycle"],
    offers: { output: true, outputRows: true, within: true },
    handle: (api, { id, query: { afterSeq = 0, follow = false, rows = false, within }, http: { signal } }) =>
      outputStream(api, id, Math.max(afterSeq, 0), { follow, rows, within, signal }),
  }),

  attach: route("GET /sessions/:id/attach", {
    summary: "A terminal of one's own on a session, as a WebSocket",
    description:
      "First a text frame `attached` and a drawing of the whole screen, then live output; `exit` is last. Keys go as binary messages, sizes as text.",
    query: z.object({
      mode: MODE.describe("An observer never types and never decides the size.").exactOptional(),
      cols: CELLS.exactOptional(),
      rows: CELLS.exactOptional(),
      picture: PICTURE.exactOptional().describe(
        "The screen comes as a text frame `screen` with its picture, not as bytes.",
      ),
      client: CLIENT.exactOptional().describe(
        "The client's own name: what it types is counted, and it is told how much was taken, also by the next daemon.",
      ),
      within: within.exactOptional(),
    }),
    answer: "websocket",
    offers: { attach: "websocket", inputCount: true, within: true },
    handle: (api, { id, query: { mode, cols = 0, rows = 0, picture = false, client, within }, http }) => {
      const asked = {
        id,
        observe: mode === "observe",
        picture,
        ...(cols > 0 && rows > 0 ? { size: { cols, rows } } : {}),
        ...(client === undefined ? {} : { client }),
        ...(within === undefined ? {} : { within }),
        began: api.world.monotonic(),
        requestId: requestId(),
      };
      if (api.upgrade(http, asked)) return undefined;
      throw new CovenError("invalid_request", "attach is a WebSocket: ask for it with an Upgrade header.", {
        field: "Upgrade",
      });
    },
  }),
};
