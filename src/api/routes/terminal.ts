// A session's terminal: typing, its size, its end, its screen, its bytes.
import * as z from "zod";
import { CovenError } from "../../errors.ts";
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
} from "../schema.ts";
import { outputStream } from "../stream.ts";

const FOLLOW = flag(["1", "true"], ["0", "false"], "must be 1 or 0");
/** Asks for the screen as data. */
const PICTURE = flag(["true"], ["false"], "must be true or false");
const MODE = parameter.pipe(z.enum(["interactive", "observe"], "must be interactive or observe"));
/** Of the client's terminal; 0 where it has none. */
const CELLS = between(0, 1000, "must be 1..1000");

export const terminal = {
  input: route("POST /sessions/:id/input", {
    live: "keys",
    /** Written as is, no newline added, unless `submit` asks to type it as a person would. */
    body: z.object({ data: z.string(), submit: z.boolean().exactOptional() }),
    answer: accepted,
    status: 202,
    refuses: ["send_input_failed"],
    handle: ({ coven }, { id, body }) => {
      const bytes = new TextEncoder().encode(body.data);
      if (body.submit) coven.submit(id, bytes);
      else coven.input(id, bytes);
      return ACCEPTED;
    },
  }),

  resize: route("POST /sessions/:id/resize", {
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
    live: "kill",
    body: anyObject,
    answer: accepted,
    status: 202,
    refuses: ["kill_failed", "external_session_not_killable"],
    handle: ({ coven }, { id }) => {
      coven.kill(id);
      return ACCEPTED;
    },
  }),

  screen: route("GET /sessions/:id/screen", {
    /** What the terminal shows, or showed last. */
    answer: z.object({
      asOfSeq: seq,
      ...cells,
      cursor: z.object({ x: z.int(), y: z.int() }),
      title: z.string(),
      alternate: z.boolean(),
      lines: z.array(z.string()).readonly(),
      /** What, written to a fresh terminal of this size, shows scrollback, screen and modes. */
      ansi: z.string(),
      picture: picture.exactOptional(),
    }),
    query: z.object({
      /** The same as data as well. */
      picture: PICTURE.exactOptional(),
    }),
    offers: { screen: true, picture: true },
    handle: ({ coven }, { id, query }) => {
      const { picture, ...image } = coven.screen(id);
      return ok({ ...image, ansi: draw(picture).text, ...(query.picture ? { picture } : {}) });
    },
  }),

  output: route("GET /sessions/:id/output", {
    query: z.object({
      afterSeq: whole().exactOptional(),
      follow: FOLLOW.describe("Stays until the session ends.").exactOptional(),
    }),
    answer: "bytes",
    offers: { output: true },
    handle: (api, { id, query: { afterSeq = 0, follow = false }, http: { signal } }) =>
      outputStream(api, id, Math.max(afterSeq, 0), { follow, signal }),
  }),

  attach: route("GET /sessions/:id/attach", {
    query: z.object({
      mode: MODE.describe("An observer never types and never decides the size.").exactOptional(),
      cols: CELLS.exactOptional(),
      rows: CELLS.exactOptional(),
      /** The screen comes as a text frame `screen` with its picture, not as bytes. */
      picture: PICTURE.exactOptional(),
    }),
    answer: "websocket",
    offers: { attach: "websocket" },
    handle: (api, { id, query: { mode, cols = 0, rows = 0, picture = false }, http }) => {
      const asked = {
        id,
        observe: mode === "observe",
        picture,
        ...(cols > 0 && rows > 0 ? { size: { cols, rows } } : {}),
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
