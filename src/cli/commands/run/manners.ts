// What scripts ask of a run: an end after a while, variables from a file, and that it ends with the command.
import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import type { CovenClient } from "../../../api/client.ts";
import { environment } from "../../../os/environment.ts";
import { codeOf } from "../../../os/file-failure.ts";
import { endSession } from "../../client/end-session.ts";
import { Failure, PipeClosed, UsageError } from "../../ui/failure.ts";
import { say } from "../../ui/out.ts";
import { quoted } from "../../ui/text.ts";
import { afterSpan, spanOf } from "../../ui/time.ts";

/** What `timeout(1)` leaves with. */
const TIMED_OUT = 124;

/** Ends a run that takes too long. */
export interface Deadline {
  /** From now on the session's time runs. */
  begin(client: CovenClient, id: string): void;
  /** The code to leave with: 124 when it was ended for that. */
  code(exitCode: number): Promise<number>;
}

/** Reads `--timeout`; without one nothing is ended. Throws `UsageError` for a span that is none, and beside `--detach`. */
export function deadlineOf(typed: string | undefined, isDetached: boolean): Deadline {
  if (typed === undefined) return { begin() {}, code: async (exitCode) => exitCode };
  const ms = spanOf("timeout", typed);
  if (isDetached) {
    throw new UsageError("--timeout is kept by this command, and --detach does not wait for it.", [
      "--timeout, without --detach",
    ]);
  }
  let stop = (): void => {};
  let ending: Promise<unknown> | undefined;
  return {
    begin(client, id) {
      stop = afterSpan(ms, () => {
        say(`It has taken ${typed}: ending it.`);
        // Refused when it ended by itself just now.
        ending = endSession(client, id).catch(() => {});
      });
    },
    async code(exitCode) {
      stop();
      await ending;
      return ending === undefined ? exitCode : TIMED_OUT;
    },
  };
}

/** The environment of this command with the variables of the files laid over it, in their order. Throws `Failure` for one that can't be read. */
export function environmentWith(files: readonly string[]): Record<string, string> {
  const env = environment();
  for (const file of files) {
    let text: string;
    try {
      text = readFileSync(file, "utf8");
    } catch (error) {
      throw new Failure(`--env-file ${quoted(file)} cannot be read (${codeOf(error)}).`, [
        `ls -l ${quoted(file)}`,
      ]);
    }
    for (const [name, value] of Object.entries(parseEnv(text))) {
      if (value !== undefined) env[name] = value;
    }
  }
  return env;
}

/**
 * Does the work; where it was left although the session runs, or its reader went away, the session is ended too (`--end-with-me`).
 * Rejects as the work does.
 */
export async function endingWithMe(
  client: CovenClient,
  id: string,
  work: () => Promise<number>,
): Promise<number> {
  const end = () => endSession(client, id).catch(() => {});
  try {
    const code = await work();
    // Settled already, in most cases: then this is refused, and nothing happens.
    await end();
    return code;
  } catch (error) {
    if (error instanceof PipeClosed) await end();
    throw error;
  }
}
