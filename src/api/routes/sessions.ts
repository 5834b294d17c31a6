// Sessions as records: listing, launching, and the rituals.
import * as z from "zod";
import { LAUNCH_MODES, type Session } from "../../session/session.ts";
import { ok } from "../respond.ts";
import { route } from "../route.ts";
import { anyObject, between, flag, parameter, sessionRecord, side } from "../schema.ts";

const page = z.object({ sessions: z.array(sessionRecord), next_cursor: z.string().nullable() });
export type SessionsPage = z.infer<typeof page>;

export const sessions = {
  sessions: route("GET /sessions", {
    query: z.object({
      limit: between(1, 1000).exactOptional(),
      cursor: parameter
        .min(1, "must not be empty")
        .describe("next_cursor of the page before")
        .exactOptional(),
      includeArchived: flag(["true"], ["false"], "must be true or false").exactOptional(),
    }),
    /** Bare without a query; a page with any of it. */
    answer: z.union([z.array(sessionRecord), page]),
    offers: { sessionPaging: true },
    handle: ({ coven, ledger }, { query }) => {
      const shown = (records: Session[]) => records.map((record) => coven.withActivity(record));
      if (Object.keys(query).length === 0) return ok(shown(ledger.activeSessions()));
      const { sessions, nextCursor } = ledger.sessions({ limit: 100, includeArchived: false, ...query });
      return ok({ sessions: shown(sessions), next_cursor: nextCursor });
    },
  }),

  launch: route("POST /sessions", {
    headers: z.object({
      /** The same key again gives the first one's record, for the daemon's life. */
      "Idempotency-Key": parameter.max(255, "must be at most 255 characters").exactOptional(),
    }),
    /** Whether the paths and the harness exist is the domain's question. */
    body: z.object({
      projectRoot: z.string().min(1),
      harness: z.string().min(1),
      prompt: z.string().refine((prompt) => prompt.trim() !== "", "must not be blank"),
      cwd: z.string().exactOptional(),
      title: z.string().exactOptional(),
      launchMode: z.enum(LAUNCH_MODES).exactOptional(),
      env: z.record(z.string(), z.string()).exactOptional(),
      inheritEnv: z.boolean().exactOptional(),
      cols: side.exactOptional(),
      rows: side.exactOptional(),
    }),
    answer: sessionRecord,
    status: [201, 200],
    refuses: ["harness_not_found", "launch_failed", "runtime_unavailable"],
    handle: ({ coven, meter, world }, { body, headers }) => {
      const began = world.monotonic();
      const { session, created } = coven.launch(
        { ...body, prompt: body.prompt.trim() },
        headers["Idempotency-Key"],
      );
      if (created) meter.launches.observe((world.monotonic() - began) / 1000);
      return { status: created ? 201 : 200, value: session };
    },
  }),

  session: route("GET /sessions/:id", {
    answer: sessionRecord,
    handle: ({ coven }, { id }) => ok(coven.session(id)),
  }),

  archive: route("POST /sessions/:id/archive", {
    body: anyObject,
    answer: sessionRecord,
    refuses: ["session_running"],
    offers: { rituals: true },
    handle: ({ coven }, { id }) => ok(coven.archive(id)),
  }),

  summon: route("POST /sessions/:id/summon", {
    body: anyObject,
    answer: sessionRecord,
    offers: { rituals: true },
    handle: ({ coven }, { id }) => ok(coven.summon(id)),
  }),

  sacrifice: route("DELETE /sessions/:id", {
    body: anyObject,
    answer: z.object({ ok: z.literal(true), deletedEvents: z.int() }),
    refuses: ["session_running"],
    offers: { rituals: true },
    handle: ({ coven }, { id }) => ok({ ok: true, deletedEvents: coven.sacrifice(id) }),
  }),
};
