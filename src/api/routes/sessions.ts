// Sessions as records: listing, launching, and the rituals.
import * as z from "zod";
import { CovenError } from "../../errors.ts";
import type { Launched } from "../../session/coven.ts";
import type { Familiar } from "../../session/familiar.ts";
import { LAUNCH_MODES, PERMISSIONS, type Session, VISIBILITIES } from "../../session/session.ts";
import { ok } from "../respond.ts";
import { type Api, route } from "../route.ts";
import { anyObject, between, flag, labels, parameter, sessionName, sessionRecord, side } from "../schema.ts";

const page = z.object({ sessions: z.array(sessionRecord), next_cursor: z.string().nullable() });
export type SessionsPage = z.infer<typeof page>;

/** It becomes an argument of the harness: nothing that could be read as another one. */
const conversationName = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/, "must be letters, digits, '-', '_' or '.'");

/** A member that would select or restrict what is launched, and that this daemon does not serve. */
const UNSERVED = "is not served by this daemon, so the launch is refused";
const unserved = z.never(UNSERVED).optional();
/** The same for an id, which clients also write blank where there is none. */
const unservedId = z.string(UNSERVED).trim().max(0, UNSERVED).exactOptional();

/** What a launch takes. Whether the paths and the harness exist is the domain's question. */
export const launchBody = z
  .object({
    projectRoot: z.string().min(1),
    harness: z.string().min(1),
    prompt: z.string(),
    withoutPrompt: z
      .literal(true)
      .exactOptional()
      .describe("The prompt is blank then: an interactive harness is opened, and waits for what is typed."),
    /** Arguments of the harness's own, as they are, behind what the members below are told with. */
    args: z
      .array(
        z
          .string()
          .max(131_000)
          .regex(/^[^\0]*$/, "must not hold a NUL"),
      )
      .max(256)
      .readonly()
      .exactOptional(),
    cwd: z.string().exactOptional(),
    title: z.string().exactOptional(),
    /** Refused while a live session is called so (`name_taken`). */
    name: sessionName.exactOptional(),
    launchMode: z.enum(LAUNCH_MODES).exactOptional(),
    labels: labels.exactOptional(),
    visibility: z.enum(VISIBILITIES).exactOptional(),
    env: z.record(z.string(), z.string()).exactOptional(),
    inheritEnv: z.boolean().exactOptional(),
    cols: side.exactOptional(),
    rows: side.exactOptional(),
    /** With a provider in front (`openai/…`) or without; blank asks for nothing. */
    model: z
      .string()
      .max(256)
      .trim()
      .regex(/^(?!-)[^\p{Cc}]*(?<!\/)$/u, "must be the name of a model")
      .exactOptional(),
    permission: z.enum(PERMISSIONS).exactOptional(),
    addDirs: z.array(z.string()).max(64).readonly().exactOptional(),
    conversation: z.strictObject({ mode: z.enum(["init", "resume"]), id: conversationName }).exactOptional(),
    conversationId: z.string().trim().max(256).exactOptional(),
    familiarId: z.string().trim().max(256).exactOptional().describe("One of `GET /familiars`."),
    launchPolicy: z
      .strictObject({
        approval: z.literal("never"),
        sandbox: z.literal("workspace-write"),
        addDirs: z.array(z.string()).max(64).readonly().exactOptional(),
      })
      .exactOptional(),
    /** A session that has ended: its conversation goes on in this one. */
    continues: z
      .string()
      .regex(/^[A-Za-z0-9._:-]{1,128}$/, "must be the id of a session")
      .exactOptional(),
    /** Refused while another live session works in the same checkout. */
    exclusive: z.boolean().exactOptional(),
    /** What it has in common with sessions that were started together. */
    group: z
      .string()
      .regex(/^[A-Za-z0-9._:-]{1,128}$/, "must be 1 to 128 letters, digits or . _ : -")
      .exactOptional(),
    /** The project root is a git worktree made for this session: branch and base are compared with git's own files. */
    worktree: z
      .strictObject({
        path: z.string().exactOptional(),
        branch: z.string().min(1).max(1024),
        base: z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/, "must be the full id of a commit"),
      })
      .exactOptional(),
    // What would select or restrict and isn't known here is refused: nobody who asks for less gets the default.
    callerFamiliarId: unservedId,
    sessionPolicy: unserved,
    executionBinding: unserved,
    requestAdoption: unserved,
  })
  .superRefine(({ prompt, withoutPrompt = false }, context) => {
    if ((prompt.trim() === "") === withoutPrompt) return;
    const message = withoutPrompt ? "must be blank with withoutPrompt" : "must not be blank";
    context.addIssue({ code: "custom", path: ["prompt"], message });
  });

export const sessions = {
  sessions: route("GET /sessions", {
    summary: "Sessions, newest first",
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
    summary: "Launch a harness in a project",
    description:
      "The first contract had `projectRoot`, `harness`, `prompt`, `cwd`, `title` and `launchMode`; every other member is (+). Who asks for less power never gets more: what a harness can't be told is refused, and nothing is launched.",
    headers: z.object({
      "Idempotency-Key": parameter
        .max(255, "must be at most 255 characters")
        .exactOptional()
        .describe("The same key again gives the first one's record, for the daemon's life."),
    }),
    body: launchBody,
    large: "prompt",
    /** The record, and where others work in the same checkout the ids of those live sessions, for that one time. */
    answer: sessionRecord.extend({ alongside: z.array(z.string()).readonly().exactOptional() }),
    status: [201, 200],
    refuses: [
      "name_taken",
      "harness_not_found",
      "not_enabled",
      "launch_failed",
      "runtime_unavailable",
      "session_not_found",
      "session_running",
      "not_supported",
      "checkout_in_use",
    ],
    offers: {
      labels: true,
      names: true,
      sessionLaunchPolicy: true,
      model: true,
      permission: true,
      addDirs: true,
      conversation: true,
      familiarId: true,
      args: true,
      withoutPrompt: true,
      worktrees: true,
      continue: true,
      group: true,
      exclusive: true,
    },
    handle: (api, { body, headers }) => {
      const { session, created, alongside } = launchSession(api, body, headers["Idempotency-Key"]);
      return {
        status: created ? 201 : 200,
        value: alongside.length > 0 ? { ...session, alongside } : session,
      };
    },
  }),

  session: route("GET /sessions/:id", {
    summary: "The record of a session, archived or not",
    answer: sessionRecord,
    offers: { attention: true },
    handle: ({ coven }, { id }) => ok(coven.session(id)),
  }),

  rename: route("POST /sessions/:id/rename", {
    summary: "Give a session a name, or take it away",
    body: z.object({
      /** Left out or null: it has none any more. */
      name: sessionName.exactOptional(),
    }),
    answer: sessionRecord,
    refuses: ["name_taken"],
    offers: { names: true },
    handle: ({ coven }, { id, body }) => ok(coven.rename(id, body.name ?? null)),
  }),

  archive: route("POST /sessions/:id/archive", {
    summary: "Take a session from the list, and keep it",
    body: anyObject,
    answer: sessionRecord,
    refuses: ["session_running"],
    offers: { rituals: true },
    handle: ({ coven }, { id }) => ok(coven.archive(id)),
  }),

  summon: route("POST /sessions/:id/summon", {
    summary: "Put an archived session back on the list",
    body: anyObject,
    answer: sessionRecord,
    offers: { rituals: true },
    handle: ({ coven }, { id }) => ok(coven.summon(id)),
  }),

  sacrifice: route("DELETE /sessions/:id", {
    summary: "Delete a session and all its events",
    body: z.object({
      worktree: z
        .literal("keep")
        .exactOptional()
        .describe(
          "Its git worktree stays where it is; without this word a session whose worktree is there is not deleted.",
        ),
    }),
    answer: z.object({ ok: z.literal(true), deletedEvents: z.int() }),
    refuses: ["session_running", "worktree_not_removed"],
    offers: { rituals: true, worktrees: true },
    handle: ({ coven }, { id, body }) =>
      ok({ ok: true, deletedEvents: coven.sacrifice(id, { keepsWorktree: body.worktree === "keep" }) }),
  }),
};

/** Launches, and throws, as `Coven.launch`; `invalid_request` for a familiar that is not there. */
export function launchSession(
  { coven, meter, world, familiars }: Api,
  body: z.output<typeof launchBody>,
  idempotencyKey?: string,
): Launched {
  const began = world.monotonic();
  const { model, familiarId, withoutPrompt: _, ...rest } = body;
  const familiar = familiarId ? familiarOf(familiars(), familiarId) : undefined;
  const launched = coven.launch(
    {
      ...rest,
      ...(model ? { model } : {}),
      ...(familiar ? { familiar } : {}),
      prompt: body.prompt.trim(),
    },
    idempotencyKey,
  );
  if (launched.created) meter.launches.observe((world.monotonic() - began) / 1000);
  return launched;
}

function familiarOf(all: readonly Familiar[], id: string): Familiar {
  const found = all.find((one) => one.id === id);
  if (found) return found;
  const known = all.map((one) => one.id);
  throw new CovenError("invalid_request", `There is no familiar called ${JSON.stringify(id)}.`, {
    field: "familiarId",
    known,
    hint: known.length > 0 ? `Use one of: ${known.join(", ")}.` : "Name it in familiars.toml of COVEN_HOME.",
  });
}
