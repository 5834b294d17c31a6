// The control plane: what may be asked of it, and asking.
import * as z from "zod";
import type { ActionInfo } from "../../control/action.ts";
import type { AdapterInfo } from "../../control/external/adapters.ts";
import { isCovenError } from "../../errors.ts";
import type { Body } from "../body.ts";
import { readJson } from "../parse.ts";
import { ok, Refused } from "../respond.ts";
import { route } from "../route.ts";
import { parameter } from "../schema.ts";

/** What an action may be refused with beside `invalid_request`: what its route is refused with. */
const OF_ACTIONS = [
  "session_not_found",
  "session_not_live",
  "session_running",
  "external_session_not_killable",
  "worktree_not_removed",
  "harness_not_found",
  "not_enabled",
  "launch_failed",
  "send_input_failed",
  "kill_failed",
  "not_enabled",
  "worktree_not_removed",
  "stale_prompt",
  "not_waiting",
  "not_supported",
  "runtime_unavailable",
] as const;

/** What stands beside the envelope where an action is refused. */
const rejection = z
  .object({
    ok: z.literal(false),
    accepted: z.literal(false),
    action: z.string(),
    status: z.literal("rejected"),
    reason: z.string(),
  })
  .meta({ id: "ActionRejection" });

export const control = {
  capabilities: route("GET /capabilities", {
    summary: "What there is to be asked for by action",
    answer: z.object({
      capabilities: z.array(
        z.object({
          id: z.string(),
          label: z.string(),
          adapter: z.string(),
          status: z.enum(["available", "planned", "disabled", "missingSetup"]),
          policy: z.enum(["allow", "requiresApproval"]),
          actions: z.array(z.string()).readonly(),
        }),
      ),
    }),
    handle: ({ control }) => ok({ capabilities: control.capabilities() }),
  }),

  actionList: route("GET /actions", {
    summary: "Every action, with the policy that applies to it",
    query: z.object({ origin: parameter.max(256).exactOptional() }),
    answer: z.object({
      actions: z.array(
        z.object({
          id: z.string(),
          capability: z.string(),
          adapter: z.string(),
          summary: z.string(),
          policy: z.enum(["allow", "requiresApproval", "deny"]).describe("For this origin."),
          timeoutMs: z.int(),
          args: z.record(z.string(), z.unknown()).describe("JSON Schema."),
        }) satisfies z.ZodType<ActionInfo>,
      ),
    }),
    offers: { actions: true },
    handle: ({ control }, { query }) => ok({ actions: control.actions(query.origin) }),
  }),

  adapters: route("GET /adapters", {
    summary: "The adapters that programs of the user serve, and how they fare",
    answer: z.object({
      adapters: z.array(
        z.object({
          id: z.string(),
          label: z.string(),
          /** Its manifest. */
          file: z.string(),
          state: z.enum(["idle", "starting", "running", "pausing", "ending"]),
          pid: z.int().nullable(),
          starts: z.int(),
          /** Why it ended last, or could not be started. */
          problem: z.string().nullable(),
          /** A program that it needs and that isn't there. */
          missing: z.string().nullable(),
        }) satisfies z.ZodType<AdapterInfo>,
      ),
      /** Manifests that are not taken, and why. */
      problems: z.array(z.object({ file: z.string(), reason: z.string() })).readonly(),
    }),
    offers: { adapters: true },
    handle: ({ control }) => ok(control.adapters()),
  }),

  actions: route("POST /actions", {
    summary: "Ask for an action",
    body: z.object({
      action: z.string(),
      origin: z.string().exactOptional(),
      intentId: z.string().exactOptional(),
      args: z.unknown().optional(),
    }),
    judgesBody: true,
    answer: z.union([
      z.object({
        ok: z.literal(true),
        accepted: z.literal(true),
        action: z.string(),
        status: z.literal("completed"),
        event: z.object({
          kind: z.string(),
          action: z.string(),
          origin: z.string().exactOptional(),
          intentId: z.string().exactOptional(),
          payload: z.record(z.string(), z.unknown()),
        }),
      }),
      z.object({
        ok: z.literal(true),
        accepted: z.literal(true),
        action: z.string(),
        status: z.enum(["pending", "running"]).describe("A person has to agree; or it takes its time."),
        approval: z.object({ id: z.string(), expiresAt: z.string() }),
      }),
    ]),
    status: [202, 200],
    refuses: OF_ACTIONS,
    beside: rejection,
    handle: ({ control }, { raw }) => {
      const outcome = control.act(jsonOrNothing(raw));
      if (!("rejected" in outcome)) return { status: "approval" in outcome ? 202 : 200, value: outcome };
      const { rejected, code, details } = outcome;
      throw new Refused(code, rejected.reason, details, { beside: rejected });
    },
  }),
};

/** What is no JSON is no object either, which the plane refuses in its own words. */
function jsonOrNothing(body: Body): unknown {
  try {
    return readJson(body);
  } catch (error) {
    if (isCovenError(error) && error.code === "invalid_request") return undefined;
    throw error;
  }
}
