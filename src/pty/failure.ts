// What a spawn that failed is called: a machine that has nothing left to give, or a program that can't be started.
import { CovenError } from "../errors.ts";

/** Bun says only that a call to do with the PTY "failed" when the system has no terminal or no descriptor left. */
const EXHAUSTED = /PTY|EMFILE|ENFILE|EAGAIN|ENOMEM/;

/**
 * The error of a spawn that failed: `runtime_unavailable` when terminals, descriptors or processes ran out (`exhausted`
 * where the system's own words don't tell), else an Error with one sentence. `error` is its cause.
 */
export function spawnFailure(program: string, error: unknown, exhausted?: boolean): Error {
  const reason = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const sentence = `${JSON.stringify(program)} could not be started: ${reason}`;
  if (!(exhausted ?? EXHAUSTED.test(`${code} ${reason}`))) return new Error(sentence, { cause: error });
  const failure = new CovenError(
    "runtime_unavailable",
    `${sentence} (out of terminals, descriptors or processes)`,
  );
  failure.cause = error;
  return failure;
}
