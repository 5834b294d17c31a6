// How an answer becomes a Response: the one table from error codes to HTTP, the envelope, the request id, the log line.
import { CovenError, type ErrorCode, type ErrorDetails, isCovenError } from "../errors.ts";
import type { Log } from "../session/ports/world.ts";
import { type Budget, noRoom } from "./budget.ts";
import type { Meter } from "./meter.ts";
import { requestId, writtenRequestId } from "./request-id.ts";
import type { ErrorBody } from "./schema.ts";

/** What a handler returns: a value to serialise, JSON it has serialised itself, or text of a type of its own. */
export type Reply<T> =
  | { readonly status: number; readonly value: T }
  | { readonly status: number; readonly json: string | Uint8Array<ArrayBuffer> }
  | { readonly status: number; readonly text: string; readonly type: string };

/** What is known of a request when it is refused; `route` as in the table, or the method and path that matched none. */
export interface RequestFacts {
  route: string;
  sessionId?: string;
}

/** The only place where a code becomes an HTTP status (CONTRACT, Errors). */
export const STATUS: Readonly<Record<ErrorCode, number>> = {
  not_found: 404,
  invalid_request: 400,
  session_not_found: 404,
  session_not_live: 409,
  session_running: 409,
  session_id_conflict: 409,
  name_taken: 409,
  worktree_not_removed: 409,
  checkout_in_use: 409,
  external_session_not_killable: 422,
  not_external_session: 422,
  launch_failed: 500,
  harness_not_found: 400,
  not_enabled: 400,
  stale_prompt: 409,
  not_waiting: 409,
  not_supported: 409,
  view_cycle: 409,
  send_input_failed: 500,
  kill_failed: 500,
  payload_too_large: 413,
  forbidden: 403,
  daemon_identity_mismatch: 409,
  approval_not_found: 404,
  approval_settled: 409,
  runtime_unavailable: 503,
  internal_error: 500,
};

const JSON_TYPE = "application/json";
const JSON_HEADERS = { "content-type": JSON_TYPE };
const INTERNAL = "Something went wrong in the daemon. Its log has the cause under this request id.";

/** A refusal with a status of its own, with members that stand beside its `error`, or after which nothing more is heard. */
export class Refused extends CovenError {
  constructor(
    code: ErrorCode,
    message: string,
    details: ErrorDetails,
    readonly answer: { readonly status?: number; readonly beside?: object; readonly close?: true },
  ) {
    super(code, message, details);
  }
}

/** The same, an `invalid_request`. */
export class InvalidRequest extends Refused {
  constructor(message: string, details: ErrorDetails, answer: Refused["answer"]) {
    super("invalid_request", message, details, answer);
  }
}

/** A 200 with a value. */
export function ok<const T>(value: T): Reply<T> {
  return { status: 200, value };
}

/** The 202 of every control request. */
export const ACCEPTED: Reply<never> = { status: 202, json: '{"ok":true,"accepted":true}' };

/** The Response of a reply; `Content-Length` comes from the body being there whole; bytes are copied at once. What left a trace in the log names it. Throws `runtime_unavailable` where clients hold too much already. */
export function respond(reply: Reply<unknown>, budget: Budget): Response {
  if ("text" in reply) {
    return new Response(reply.text, { status: reply.status, headers: { "content-type": reply.type } });
  }
  const body = "json" in reply ? reply.json : JSON.stringify(reply.value);
  if (!budget.takeWhole(body.length)) throw noRoom();
  const id = writtenRequestId();
  const headers = id === undefined ? JSON_HEADERS : { "content-type": JSON_TYPE, "x-request-id": id };
  return new Response(body, { status: reply.status, headers });
}

/**
 * The Response of whatever was thrown, with one log line under the same request id (header `X-Request-Id`). What is no
 * CovenError is `internal_error`: fixed message, id in the details, cause and stack in the log only.
 */
export function refuse(
  thrown: unknown,
  facts: RequestFacts,
  { log, meter }: { readonly log: Log; readonly meter: Meter },
): Response {
  const id = requestId();
  const known = isCovenError(thrown) && thrown.code !== "internal_error";
  const error = known ? thrown : new CovenError("internal_error", INTERNAL, { requestId: id });
  meter.refusals[error.code] += 1;
  const own = error instanceof Refused ? error.answer : {};
  const status = own.status ?? STATUS[error.code];
  const sessionId = facts.sessionId ?? error.details?.["sessionId"];
  const line = {
    route: facts.route,
    status,
    code: error.code,
    requestId: id,
    ...(sessionId ? { sessionId } : {}),
  };
  if (known) log.warn("request_refused", { ...line, reason: error.message });
  else log.error("request_failed", { ...line, cause: causeOf(thrown) });
  return new Response(JSON.stringify({ ...own.beside, ...envelope(error) }), {
    status,
    headers: {
      "content-type": JSON_TYPE,
      "x-request-id": id,
      ...(own.close ? { connection: "close" } : {}),
    },
  });
}

/** `{"error":{code,message,details?}}`. */
export function envelope(error: CovenError): ErrorBody {
  const { code, message, details } = error;
  return { error: details === undefined ? { code, message } : { code, message, details } };
}

function causeOf(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? String(thrown)) : String(thrown);
}
