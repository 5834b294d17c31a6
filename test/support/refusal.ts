// What tests of refusals share: the error a call throws, and tests that only root can run.

import { CovenError } from "../../src/errors.ts";
import { notLinux, notRoot, testUnless } from "./unless.ts";

/** The CovenError that `run` throws; anything else, and no throw at all, fails the test. */
export function refusalOf(run: () => unknown): CovenError {
  try {
    run();
  } catch (error) {
    if (error instanceof CovenError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** The CovenError a promise rejects with; anything else fails the test. */
export async function rejectionOf(promise: Promise<unknown>): Promise<CovenError> {
  const settled = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ("error" in settled && settled.error instanceof CovenError) return settled.error;
  throw new Error(`no refusal: ${JSON.stringify(settled)}`, { cause: "error" in settled && settled.error });
}

/** A test of what only root can set up on this machine (other owners, mounts); skipped by name elsewhere. */
export const rootOnly = testUnless(notLinux, notRoot);
