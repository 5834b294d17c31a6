// The steps of an approval, as they are and as they come: whoever has asked for an action waits here for its answer.
import type { Approval, ApprovalStatus, ApprovalStep } from "../control/approval.ts";
import type { ControlPlane } from "../control/plane.ts";
import { follow } from "./follow.ts";
import type { Api } from "./route.ts";
import type { ApprovalEvent } from "./schema.ts";
import { type Frames, HEARTBEAT_MS, pulled, SSE_HEADERS, SSE_HELLO, sse } from "./stream.ts";

/** Nothing comes after these. */
const LAST: readonly ApprovalStatus[] = ["denied", "expired", "completed", "failed"];

/** Every step after a seq. Throws `approval_not_found`. */
export function approvalEvents(control: ControlPlane, id: string, afterSeq: number): ApprovalEvent[] {
  const approval = control.approval(id);
  return control.steps(id, afterSeq).map((step) => eventOf(approval, step));
}

/** The same, then those that come, as SSE; ends after the last one. Throws `approval_not_found`. */
export function approvalStream(api: Api, id: string, afterSeq: number, signal: AbortSignal): Response {
  const { control } = api;
  const read = (after: number): Frames => {
    const events = approvalEvents(control, id, after);
    const frames = new TextEncoder().encode(events.map(frameOf).join(""));
    const final = control.closed || LAST.includes(control.approval(id).status);
    return { frames, bytes: frames.length, seq: events.at(-1)?.seq ?? after, whole: true, final };
  };
  // Here, where it can still be refused. What is over goes out whole: a chunked answer is cut off where the client has half-closed.
  const { frames, final } = read(afterSeq);
  if (final) return new Response(SSE_HELLO + new TextDecoder().decode(frames), { headers: SSE_HEADERS });
  const batches = follow(api, {
    kind: "approval",
    sessionId: "",
    seq: afterSeq,
    read,
    watch: (wake) => control.watch(id, wake),
    stay: true,
    signal,
    quietMs: HEARTBEAT_MS,
  });
  return new Response(pulled(api, id, sse(SSE_HELLO, batches)), { headers: SSE_HEADERS });
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
