// The one error type and the closed list of codes a client may branch on.

/** Every code that can stand in an error body of `coven.daemon.v1`. Nothing else is ever sent. */
export const ERROR_CODES = [
  "not_found",
  "invalid_request",
  "session_not_found",
  "session_not_live",
  "session_running",
  "stale_prompt",
  "not_waiting",
  "not_supported",
  "view_cycle",
  "session_id_conflict",
  "name_taken",
  "worktree_not_removed",
  "checkout_in_use",
  "external_session_not_killable",
  "not_external_session",
  "launch_failed",
  "harness_not_found",
  "not_enabled",
  "send_input_failed",
  "kill_failed",
  "payload_too_large",
  "forbidden",
  "daemon_identity_mismatch",
  "approval_not_found",
  "approval_settled",
  "runtime_unavailable",
  "internal_error",
] as const;

/** One word of the closed list. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** Facts a client can act on, beside the code; JSON values only, never an environment value or output. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/**
 * A refusal or failure with a code, one sentence for a person, and details for a program.
 * Thrown anywhere; translated once, at the edge (api/respond.ts for HTTP, cli/ for a terminal).
 */
export class CovenError extends Error {
  override readonly name = "CovenError";

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details?: ErrorDetails,
  ) {
    super(message);
  }
}

/** True for the errors this program raised on purpose; everything else is a bug or the machine. */
export function isCovenError(error: unknown): error is CovenError {
  return error instanceof CovenError;
}
