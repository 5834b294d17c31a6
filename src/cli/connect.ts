// Owns the way to the daemon for every command that needs one: ask once, start it when nobody answers, and say so.
import { type CovenClient, covenClient, isUnreachable } from "../api/client.ts";
import { covenPaths } from "../paths.ts";
import { COVEN_VERSION } from "../version.ts";
import { say } from "./ui/out.ts";
import { harmless } from "./ui/text.ts";

/** How long a busy daemon may take for the first answer, in milliseconds. */
const ANSWER_MS = 5_000;

/**
 * A client of a daemon that has just answered. Throws what `startDaemon` throws when there was none and none can be
 * brought up.
 */
export async function connect(): Promise<{ readonly client: CovenClient }> {
  const paths = covenPaths();
  const client = covenClient(paths.socket);
  try {
    const { covenVersion } = await covenClient(paths.socket, { timeoutMs: ANSWER_MS }).health();
    if (covenVersion !== COVEN_VERSION) {
      const theirs = harmless(String(covenVersion));
      say(
        `Note: the running daemon is version ${theirs}, this is ${COVEN_VERSION}.  Try: coven daemon restart`,
      );
    }
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    // Loaded only now: nearly always a daemon is there already.
    const { startDaemon } = await import("../daemon/lifecycle.ts");
    const { meanwhile } = await import("./ui/progress.ts");
    const { pid, started } = await meanwhile("Starting the Coven daemon", () => startDaemon(paths));
    if (started) say(`Started the Coven daemon (pid ${pid}).`);
  }
  return { client };
}
