// Prints an error for a person: what happened and what to try; and the exit code.
import { isCovenError } from "../../errors.ts";
import { Failure, PipeClosed } from "../ui/failure.ts";
import { asTyped } from "../ui/own-name.ts";

/** Prints `Error:` and `Try:` on stderr, and the stack where COVEN_DEBUG is set; resolves to the exit code. */
export async function reportError(error: unknown): Promise<number> {
  if (error instanceof PipeClosed) return error.exitCode;
  const { message, hints, exitCode } = await explained(error);
  const { err } = await import("../ui/colour.ts");
  console.error(`${err.red("Error:")} ${message}`);
  for (const [place, line] of hints.entries())
    console.error(`${place === 0 ? err.cyan("Try:") : "    "} ${asTyped(line)}`);
  if (process.env["COVEN_DEBUG"]) console.error(error);
  return exitCode;
}

/** What is said of an error, and the exit code. */
export async function explained(error: unknown): Promise<Pick<Failure, "message" | "hints" | "exitCode">> {
  if (error instanceof Failure) return error;
  const { harmlessLines } = await import("../ui/text.ts");
  if (isCovenError(error)) {
    const { hintsFor } = await import("./error-hints.ts");
    return { message: harmlessLines(error.message), hints: hintsFor(error), exitCode: 1 };
  }
  const message = harmlessLines(error instanceof Error ? error.message : String(error));
  return { message, hints: ["the same with COVEN_DEBUG=1, which shows where it happened"], exitCode: 1 };
}
