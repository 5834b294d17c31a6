// What a client makes of a failed request: the daemon's envelope as the error it stands for, or that nobody answered.
import { CovenError, ERROR_CODES, type ErrorCode, type ErrorDetails } from "../errors.ts";
import { codeOf } from "../os/file-failure.ts";

/** True when the daemon itself could not be asked: nobody listens, it hung up, or it took too long. */
export function isUnreachable(error: unknown): error is CovenError {
  return error instanceof CovenError && error.details?.["reason"] === "unreachable";
}

/** `runtime_unavailable` that `isUnreachable` knows; `cause` is the system's word (`ENOENT`, …) or `timeout`. */
export function unreachable(socket: string, error: unknown): CovenError {
  const cause = codeOf(error);
  return new CovenError("runtime_unavailable", `No Coven daemon answers on ${socket} (${cause}).`, {
    reason: "unreachable",
    cause,
    socket,
  });
}

/** The body as JSON; throws `internal_error` when it is none. */
export function parseAnswer(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new CovenError("internal_error", "What answers on the socket is not a Coven daemon.", {
      reason: "unintelligible",
    });
  }
}

/** The envelope as the error it stands for. A code this build does not know keeps its word in `details.code`. */
export function errorOf(status: number, body: string): CovenError {
  const envelope = parseAnswer(body);
  const error: unknown =
    typeof envelope === "object" && envelope !== null && "error" in envelope ? envelope.error : undefined;
  if (typeof error !== "object" || error === null || !("code" in error)) {
    return new CovenError("internal_error", `The daemon answered ${status} without saying why.`, { status });
  }
  const message = "message" in error ? String(error.message) : `The daemon answered ${status}.`;
  const details =
    "details" in error && typeof error.details === "object" && error.details !== null
      ? // A JSON object, checked above.
        (error.details as ErrorDetails)
      : undefined;
  const code: ErrorCode | undefined = ERROR_CODES.find((known) => known === error.code);
  if (code) return new CovenError(code, message, details);
  return new CovenError("internal_error", message, { ...details, code: error.code, status });
}
