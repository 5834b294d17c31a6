// What `run`, `attach` and `resume` leave with when coven itself failed: codes that an agent hardly uses, as env(1), timeout(1) and docker have them.
import { isCovenError } from "../../errors.ts";
import { PipeClosed } from "../ui/failure.ts";

/** Coven failed, or refused. */
export const FAILED = 125;
/** The agent is there, and can't be started. */
export const NOT_STARTED = 126;
/** There is no such agent here. */
const NOT_FOUND = 127;

/** The code for an error of ours. */
export function ownCode(error: unknown): number {
  if (error instanceof PipeClosed) return error.exitCode;
  if (!isCovenError(error)) return FAILED;
  const { code, details = {} } = error;
  if (code === "harness_not_found") return NOT_FOUND;
  if (code === "not_enabled" || code === "launch_failed") return NOT_STARTED;
  // A harness that nobody knows, or one whose manifest is broken.
  if (code === "invalid_request" && details["known"] && details["harness"] !== undefined)
    return details["file"] === undefined ? NOT_FOUND : NOT_STARTED;
  return FAILED;
}
