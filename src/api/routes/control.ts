// The control plane: what may be asked of it, and asking.
import * as z from "zod";
import { act } from "../../control/actions.ts";
import { CAPABILITIES } from "../../control/capabilities.ts";
import { isCovenError } from "../../errors.ts";
import type { Body } from "../body.ts";
import { readJson } from "../parse.ts";
import { InvalidRequest, ok } from "../respond.ts";
import { route } from "../route.ts";

const CATALOGUE = JSON.stringify({ capabilities: CAPABILITIES });

export const control = {
  capabilities: route("GET /capabilities", {
    answer: z.object({
      capabilities: z.array(
        z.object({
          id: z.string(),
          label: z.string(),
          adapter: z.string(),
          status: z.enum(["available", "planned", "disabled", "missingSetup"]),
          policy: z.enum(["allow", "requiresApproval"]),
          actions: z.array(z.string()),
        }),
      ),
    }),
    handle: () => ({ status: 200, json: CATALOGUE }),
  }),

  actions: route("POST /actions", {
    body: z.object({
      action: z.string(),
      origin: z.string().exactOptional(),
      intentId: z.string().exactOptional(),
      args: z.unknown().optional(),
    }),
    judgesBody: true,
    answer: z.object({
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
    handle: (_, { raw }) => {
      const outcome = act(jsonOrNothing(raw));
      if (outcome.ok) return ok(outcome);
      const details = { action: outcome.action.slice(0, 128) };
      throw new InvalidRequest(outcome.reason, details, { beside: outcome });
    },
  }),
};

/** What is no JSON is no object either, which act() refuses in its own words. */
function jsonOrNothing(body: Body): unknown {
  try {
    return readJson(body);
  } catch (error) {
    if (isCovenError(error) && error.code === "invalid_request") return undefined;
    throw error;
  }
}
