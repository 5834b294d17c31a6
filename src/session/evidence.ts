// How a failure stands in the log: why in words, and the code to look for. Never output, input or environment values.
import { isCovenError } from "../errors.ts";

/** What a line of the log says of a failure. */
export interface FailureFields {
  readonly reason: string;
  /** One of ERROR_CODES, or the system's own word (`ENOENT`, `SQLITE_FULL`). */
  readonly code?: string;
  /** The system's word behind one of ours. */
  readonly cause?: string;
}

/** The fields of anything thrown. */
export function failureFields(error: unknown): FailureFields {
  if (!(error instanceof Error)) return { reason: String(error) };
  const reason = error.message;
  if (isCovenError(error)) {
    const cause = error.details?.["cause"] ?? error.details?.["code"];
    return { reason, code: error.code, ...(typeof cause === "string" ? { cause } : {}) };
  }
  return "code" in error && typeof error.code === "string" ? { reason, code: error.code } : { reason };
}
