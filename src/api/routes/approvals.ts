// Approvals: what waits for a person, what becomes of it, and deciding.
import * as z from "zod";
import { APPROVAL_STATUSES, type Approval } from "../../control/approval.ts";
import { CovenError } from "../../errors.ts";
import { approvalEvents, approvalStream } from "../approval-stream.ts";
import { ok } from "../respond.ts";
import { type Api, route } from "../route.ts";
import { approvalRecord, approvalStep, between, parameter, whole } from "../schema.ts";
import { wantsStream } from "../stream.ts";

/** Known clients refuse bodies over 1,000,000 bytes. */
const MOST_BYTES = 900_000;

const headers = z.object({
  Authorization: parameter.exactOptional().describe("`Bearer` and the key in `<COVEN_HOME>/owner.key`."),
});

const decision = z.object({
  reason: z.string().max(1_000).trim().exactOptional(),
  origin: z
    .string()
    .max(256)
    .exactOptional()
    .describe("As whoever decides names itself, where it shows no key."),
});

function deciderOf({ isOwner }: Api, shown: string | undefined, origin: string | undefined) {
  const owner = shown !== undefined && isOwner(shown);
  // Who shows a key means to be the owner: a wrong one is never taken for none.
  if (shown !== undefined && !owner) {
    throw new CovenError("forbidden", "The key that was shown is not the owner's.", {
      hint: "coven approvals",
    });
  }
  return { owner, origin };
}

export const approvals = {
  approvals: route("GET /approvals", {
    summary: "Approvals, newest first",
    query: z.object({
      status: parameter.pipe(z.enum(APPROVAL_STATUSES)).exactOptional(),
      limit: between(1, 1000).exactOptional(),
    }),
    answer: z.object({ approvals: z.array(approvalRecord), hasMore: z.boolean() }),
    offers: { approvals: true },
    handle({ control }, { query: { status, limit = 100 } }) {
      const found = control.approvals({ ...(status ? { status } : {}), limit: limit + 1 });
      const shown: Approval[] = [];
      for (let bytes = 0; shown.length < Math.min(limit, found.length); ) {
        const next = found[shown.length];
        bytes += Buffer.byteLength(JSON.stringify(next));
        if (!next || (bytes > MOST_BYTES && shown.length > 0)) break;
        shown.push(next);
      }
      return ok({ approvals: shown, hasMore: shown.length < found.length });
    },
  }),

  approval: route("GET /approvals/:id", {
    summary: "An approval",
    of: "approval",
    answer: approvalRecord,
    refuses: ["approval_not_found"],
    handle: ({ control }, { id }) => ok(control.approval(id)),
  }),

  approvalEvents: route("GET /approvals/:id/events", {
    summary: "The steps of an approval, as a page or as a stream",
    of: "approval",
    query: z.object({ afterSeq: whole().exactOptional() }),
    headers: z.object({ "Last-Event-ID": whole().exactOptional() }),
    answer: z.object({ events: z.array(approvalStep) }),
    stream: approvalStep,
    refuses: ["approval_not_found"],
    handle(api, { id, query, headers, http }) {
      const after = headers["Last-Event-ID"] ?? query.afterSeq ?? 0;
      if (wantsStream(http)) return approvalStream(api, id, after, http.signal);
      return ok({ events: approvalEvents(api.control, id, after) });
    },
  }),

  approveAction: route("POST /approvals/:id/approve", {
    summary: "Agree to an action that waits",
    of: "approval",
    headers,
    body: decision,
    answer: approvalRecord,
    refuses: ["approval_not_found", "approval_settled", "runtime_unavailable"],
    handle: (api, { id, headers: { Authorization: shown }, body: { origin, reason } }) =>
      ok(api.control.approve(id, deciderOf(api, shown, origin), reason || null)),
  }),

  denyAction: route("POST /approvals/:id/deny", {
    summary: "Refuse an action that waits",
    of: "approval",
    headers,
    body: decision,
    answer: approvalRecord,
    refuses: ["approval_not_found", "approval_settled", "runtime_unavailable"],
    handle: (api, { id, headers: { Authorization: shown }, body: { origin, reason } }) =>
      ok(api.control.deny(id, deciderOf(api, shown, origin), reason || null)),
  }),
};
