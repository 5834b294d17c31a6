// Runs that somebody else started: told to the daemon, which lists them, and told when they have ended.
import * as z from "zod";
import { isExternalId } from "../parse.ts";
import { ok } from "../respond.ts";
import { route } from "../route.ts";
import { labels, sessionRecord } from "../schema.ts";

/** Nothing that drives a terminal. */
const name = (most: number) =>
  z
    .string()
    .trim()
    .min(1, "must not be blank")
    .max(most)
    .regex(/^\P{Cc}*$/u, "must not hold control characters");

export const external = {
  registerExternal: route("POST /sessions/external", {
    summary: "Put a run on the list that somebody else started",
    body: z.object({
      id: z
        .string()
        .trim()
        .refine(isExternalId, "must be 1 to 128 letters, digits or . _ : - /, and end like no route"),
      projectRoot: z.string().min(1),
      harness: name(64),
      title: z.string().max(1_000).exactOptional(),
      labels: labels.exactOptional(),
      transcriptPath: name(4_096).exactOptional(),
    }),
    answer: sessionRecord,
    status: [201, 200],
    refuses: ["session_id_conflict", "runtime_unavailable"],
    offers: { externalSessions: true },
    handle: ({ coven }, { body }) => {
      const { session, created } = coven.registerExternal(body);
      return { status: created ? 201 : 200, value: session };
    },
  }),

  completeExternal: route("POST /sessions/:id/complete", {
    summary: "Say that an external run has ended",
    /** Without a code, or with 0, it is completed; any other is failed. */
    body: z.object({ exitCode: z.int32().exactOptional() }),
    answer: sessionRecord,
    refuses: ["not_external_session"],
    handle: ({ coven }, { id, body }) => ok(coven.completeExternal(id, body.exitCode ?? null)),
  }),
};
