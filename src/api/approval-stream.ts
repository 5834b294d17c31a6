// The steps of an approval, as they are and as they come: whoever has asked for an action waits here for its answer.
import type { Approval, ApprovalStatus, ApprovalStep } from "../control/approval.ts";
import type { ControlPlane } from "../control/plane.ts";
import { within } from "./follow.ts";
import type { Api } from "./route.ts";
import type { ApprovalEvent } from "./routes/approvals.ts";
import { HEARTBEAT_MS, pulled, SSE_HEADERS, SSE_HEARTBEAT, SSE_HELLO } from "./stream.ts";

/** Nothing comes after these. */
const LAST: readonly ApprovalStatus[] = ["denied", "expired", "completed", "failed"];

/** Every step after a seq. Throws `approval_not_found`. */
export function approvalEvents(control: ControlPlane, id: string, afterSeq: number): ApprovalEvent[] {
  const approval = control.approval(id);
  return control.steps(id, afterSeq).map((step) => eventOf(approval, step));
}

/** The same, then those that come, as SSE; ends after the last one. Throws `approval_not_found`. */
export function approvalStream(api: Api, id: string, afterSeq: number, signal: AbortSignal): Response {
  // Here, where it can still be refused.
  const frames = approvalEvents(api.control, id, afterSeq).map(frameOf).join("");
  // What is over goes out whole: a chunked answer is cut off where the client has half-closed.
  if (LAST.includes(api.control.approval(id).status)) {
    return new Response(SSE_HELLO + frames, { headers: SSE_HEADERS });
  }
  return new Response(pulled(api, id, follow(api, id, afterSeq, signal)), { headers: SSE_HEADERS });
}

async function* follow(
  { control, coven, world }: Api,
  id: string,
  afterSeq: number,
  signal: AbortSignal,
): AsyncGenerator<string> {
  let news = Promise.withResolvers<void>();
  const wake = () => news.resolve();
  const leave = control.watch(id, wake);
  signal.addEventListener("abort", wake);
  try {
    yield SSE_HELLO;
    for (let after = afterSeq; !signal.aborted; ) {
      news = Promise.withResolvers();
      const over = LAST.includes(control.approval(id).status);
      const events = approvalEvents(control, id, after);
      after = events.at(-1)?.seq ?? after;
      if (events.length > 0) yield events.map(frameOf).join("");
      // Another program goes on in this one's place, or none: the client comes again with the last id it has.
      if (over || coven.handingOver || control.closed) return;
      await within(world, HEARTBEAT_MS, news);
      if (!signal.aborted && control.steps(id, after).length === 0) yield SSE_HEARTBEAT;
    }
  } finally {
    leave();
    signal.removeEventListener("abort", wake);
  }
}

function eventOf(approval: Approval, { seq, at, kind, by, reason }: ApprovalStep): ApprovalEvent {
  const { id: approvalId, action, origin, intentId } = approval;
  const result = kind === "completed" || kind === "failed" ? approval.result : null;
  return { seq, at, kind, approvalId, action, origin, intentId, by, reason, result };
}

/** JSON holds no line break: one data line is enough. */
function frameOf(event: ApprovalEvent): string {
  return `id: ${event.seq}\nevent: approval.${event.kind}\ndata: ${JSON.stringify(event)}\n\n`;
}
