// What can be appended to the ledger, and the shape a reader gets back.
import type { SessionStatus, Settlement } from "./session.ts";

/** Every kind of event, as on the wire (docs/API-CONTRACT.md). */
export const EVENT_KINDS = ["output", "input", "kill", "exit", "resize", "metadata"] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** One event as a reader sees it; `payload_json` is a JSON document as a string. */
export interface Event {
  /** One counter over the whole ledger, growing, never reused. */
  readonly seq: number;
  /** UUID v4 in shape, fixed for this event. */
  readonly id: string;
  readonly session_id: string;
  readonly kind: EventKind;
  readonly payload_json: string;
  /** RFC 3339 UTC, milliseconds. */
  readonly created_at: string;
}

/** The same as the ledger has it: output is still its bytes, and the payload of every other kind its JSON text. */
export interface KeptEvent extends Omit<Event, "payload_json"> {
  readonly payload: Uint8Array | string;
}

/** Which events are read. */
export interface EventQuery {
  readonly sessionId: string;
  /** Events with a greater seq, oldest first. */
  readonly afterSeq?: number;
  /** Events before this seq. Alone: NEWEST first, the nearest before it. With `afterSeq`: those between, oldest first. */
  readonly beforeSeq?: number;
  /** The most rows to look at. */
  readonly limit: number;
}

/** One row of output, as it is kept: whole characters, at most 16 KiB. */
export interface OutputRow {
  readonly seq: number;
  readonly data: Uint8Array;
}

/** An event about to be appended. Output is bytes, exact; everything else is a JSON payload. */
export type NewEvent =
  | { readonly kind: "output"; readonly data: Uint8Array }
  | { readonly kind: "input"; readonly payload: { readonly data: string } }
  | { readonly kind: "kill"; readonly payload: { readonly status: "killed" } }
  | { readonly kind: "exit"; readonly payload: ExitPayload }
  | { readonly kind: "resize"; readonly payload: { readonly cols: number; readonly rows: number } }
  | { readonly kind: "metadata"; readonly payload: Readonly<Record<string, unknown>> };

/** Once, last, with the record's final status; `signal` only when one ended the harness. */
export interface ExitPayload {
  readonly exitCode: number | null;
  readonly status: SessionStatus;
  readonly signal?: string;
}

/** What the exit event says of how a run ended. */
export function exitPayload({ exitCode, status, signal }: Settlement): ExitPayload {
  return signal === null ? { exitCode, status } : { exitCode, status, signal };
}

/** The most bytes one output event holds (docs/API-CONTRACT.md). */
export const MAX_OUTPUT_EVENT_BYTES = 16 * 1024;
