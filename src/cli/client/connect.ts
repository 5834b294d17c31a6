// Connects to the daemon for every command that needs it, and starts it where none answers.
import { type CovenClient, covenClient, isEarlier, isUnreachable } from "../../api/client.ts";
import { covenPaths } from "../../paths.ts";
import { COVEN_VERSION } from "../../version.ts";
import { say } from "../ui/out.ts";
import { harmless } from "../ui/text.ts";
import { sessionAround } from "./around.ts";

/** How long a busy daemon may take for the first answer, in milliseconds. */
const ANSWER_MS = 5_000;

/** A request that asks whether a daemon is there, under way. */
export interface Probe {
  readonly client: CovenClient;
  /** The version of the daemon, and whether it is an earlier one that we can't use; rejects as the client does. */
  readonly daemon: Promise<{
    readonly version: string;
    readonly earlier: boolean;
    readonly inPlace: boolean;
  }>;
}

/** Sends the request and returns at once, so that other work can be done until the answer comes. Starts nothing. */
export function probe(): Probe {
  const { socket } = covenPaths();
  const daemon = covenClient(socket, { timeoutMs: ANSWER_MS })
    .health()
    .then(({ covenVersion, capabilities }) => ({
      version: String(covenVersion),
      earlier: isEarlier(capabilities),
      // It can be replaced, and its sessions go on.
      inPlace: capabilities?.["restart"] === "in_place",
    }));
  // The caller may fail before it waits for the answer.
  daemon.catch(() => {});
  const asking = { agent: `coven/${COVEN_VERSION}`, within: sessionAround(), patient: true };
  return { client: covenClient(socket, asking), daemon };
}

/** A client of a daemon that has just answered. Throws what `startDaemon` throws when none answers and none can be started. */
export async function connect(probed: Probe = probe()): Promise<CovenClient> {
  await ensureRunning(probed);
  return probed.client;
}

/**
 * The same with a question sent along with the probe, and its answer. Where a daemon had to be started it is asked a
 * second time, so it must change nothing.
 */
export async function connectAsking<T>(
  question: (client: CovenClient) => Promise<T>,
): Promise<{ readonly client: CovenClient; readonly answer: T }> {
  const probed = probe();
  const { client } = probed;
  const answer = question(client);
  answer.catch(() => {});
  const started = await ensureRunning(probed);
  return { client, answer: await (started ? question(client) : answer) };
}

/** Resolves when a daemon answers; true when it had to be started. */
async function ensureRunning({ daemon }: Probe): Promise<boolean> {
  try {
    const { version: theirs, earlier, inPlace } = await daemon;
    if (earlier) throw (await import("../../supervise/earlier.ts")).earlierDaemon(harmless(theirs));
    if (theirs !== COVEN_VERSION) {
      const keeps = inPlace ? await keptSessions() : "";
      say(
        `Note: the running daemon is version ${harmless(theirs)}, this is ${COVEN_VERSION}.  Try: coven daemon restart${keeps}`,
      );
    }
    return false;
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    // Seldom needed, so loaded only here.
    const { startDaemon } = await import("../../supervise/lifecycle.ts");
    const { withProgress } = await import("../ui/progress.ts");
    const { pid, started } = await withProgress("Starting the Coven daemon", () => startDaemon(covenPaths()));
    if (started) {
      say(`Started the Coven daemon (pid ${pid}).`);
      await sayEarlier();
    }
    return true;
  }
}

/** That a restart keeps what runs, where something does. */
async function keptSessions(): Promise<string> {
  const { factsOf } = await import("./facts.ts");
  const live = (await factsOf(covenPaths().socket))?.sessions.live ?? 0;
  return live === 0 ? "" : `   (keeps your ${live === 1 ? "session" : `${live} sessions`})`;
}

/** What an earlier coven has recorded is named once a daemon has started, until it is imported. */
export async function sayEarlier(): Promise<void> {
  const { factsOf } = await import("./facts.ts");
  const file = (await factsOf(covenPaths().socket))?.earlierLedger;
  if (file) say(`Coven 0.4 has left its sessions in ${harmless(file)}.  Take them over: ${IMPORT_HINT}`);
}

/** The one word that takes them over. */
export const IMPORT_HINT = "coven import --from 0.4";
