// Owns the way to the daemon for every command that needs one: ask once, start it when nobody answers, and say so.
import { type CovenClient, covenClient, isUnreachable } from "../../api/client.ts";
import { covenPaths } from "../../paths.ts";
import { COVEN_VERSION } from "../../version.ts";
import { say } from "../ui/out.ts";
import { harmless } from "../ui/text.ts";

/** How long a busy daemon may take for the first answer, in milliseconds. */
const ANSWER_MS = 5_000;

/** A question that is on its way: whether a daemon is there. */
export interface Knock {
  readonly client: CovenClient;
  /** Its version; rejects as the client does. */
  readonly version: Promise<string>;
}

/** Asks, and returns at once: who has something else to do until the answer comes knocks first. Starts nothing. */
export function knock(): Knock {
  const { socket } = covenPaths();
  const version = covenClient(socket, { timeoutMs: ANSWER_MS })
    .health()
    .then((health) => String(health.covenVersion));
  // Nobody may ever wait for it.
  version.catch(() => {});
  return { client: covenClient(socket), version };
}

/**
 * A client of a daemon that has just answered. Throws what `startDaemon` throws when there was none and none can be
 * brought up.
 */
export async function connect(knocked: Knock = knock()): Promise<{ readonly client: CovenClient }> {
  const { client } = knocked;
  await there(knocked);
  return { client };
}

/**
 * The same with the first question sent along, and its answer; it is asked once more where a daemon had to be started.
 * Only for what may be asked of anybody and twice.
 */
export async function connectAsking<T>(
  question: (client: CovenClient) => Promise<T>,
): Promise<{ readonly client: CovenClient; readonly answer: T }> {
  const knocked = knock();
  const { client } = knocked;
  const answer = question(client);
  answer.catch(() => {});
  const started = await there(knocked);
  return { client, answer: await (started ? question(client) : answer) };
}

/** Resolves when a daemon is there; true when nobody was there at first. */
async function there({ version }: Knock): Promise<boolean> {
  try {
    const theirs = await version;
    if (theirs !== COVEN_VERSION) {
      say(
        `Note: the running daemon is version ${harmless(theirs)}, this is ${COVEN_VERSION}.  Try: coven daemon restart`,
      );
    }
    return false;
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    // Loaded only now: nearly always a daemon is there already.
    const { startDaemon } = await import("../../daemon/lifecycle.ts");
    const { meanwhile } = await import("../ui/progress.ts");
    const { pid, started } = await meanwhile("Starting the Coven daemon", () => startDaemon(covenPaths()));
    if (started) say(`Started the Coven daemon (pid ${pid}).`);
    return true;
  }
}
