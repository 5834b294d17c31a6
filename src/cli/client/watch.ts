// Follows the output of a session to its end: on a pipe, and for --raw and --json at a terminal.
import { type Attached, type CovenClient, isUnreachable, untilAnswered } from "../../api/client.ts";
import { isSettled, type Session } from "../../session/session.ts";
import { queryFilter } from "../../vt/filter.ts";
import { err } from "../ui/colour.ts";
import { Failure, PipeClosed } from "../ui/failure.ts";
import { lineEnds } from "../ui/newlines.ts";
import { atTerminal, printJson, say, write } from "../ui/out.ts";
import { onSignals } from "../ui/signals.ts";
import { isTerminal } from "../ui/termios.ts";
import { harmless } from "../ui/text.ts";
import { ago, size } from "../ui/time.ts";
import { notTyped } from "./keys-lost.ts";
import { modeWord } from "./launch-mode.ts";
import { exitCodeOf, sayGoesOn, sayOutcome, signalCode } from "./outcome.ts";
import { shortId } from "./session-id.ts";
import { standstill } from "./storage.ts";

export interface Watching {
  readonly client: CovenClient;
  readonly session: Session;
  /** The exact bytes, CRLF and all. */
  readonly raw: boolean;
  /** Print the final record instead of the output. */
  readonly json: boolean;
  /** What Ctrl-C means: end the session (it is ours: `run`), or stop watching (`attach`). */
  readonly interrupt: "kill" | "leave";
  /** False when it is ended by whoever asked, once we are left: then nobody is told how to come back. Default true. */
  readonly goesOn?: boolean;
}

const LF = 10;
const CR = 13;
/** After so long without output it is looked why, in milliseconds. */
const QUIET_MS = 2_000;

/** Says which session is shown. */
export function introduce(session: Session): void {
  const state = isSettled(session.status)
    ? `ended ${ago(session.updated_at)}`
    : `started ${ago(session.created_at)}`;
  say(
    err.dim(
      `${harmless(session.harness)}: ${harmless(session.title)} (${modeWord(session)}, ${session.status}, ${state})`,
    ),
  );
  sayRemoved(session);
}

/** Says how much of its middle is gone, where any is. */
export function sayRemoved({ removed_bytes: bytes }: Session): void {
  if (bytes > 0) say(`${size(bytes)} of its output are left out: it had grown past retention.session_max.`);
}

/**
 * Shows a session from its beginning and follows it to its end; resolves to the exit code: the harness's own, or
 * 128+n when a signal to us ended the watching. SIGTERM and SIGHUP never end the session.
 */
export async function watch(watching: Watching): Promise<number> {
  const { client, session, goesOn = true } = watching;
  const hangUp = new AbortController();
  const signals: NodeJS.Signals[] = [];
  const stopListening = onSignals(["SIGINT", "SIGTERM", "SIGHUP"], (signal) => {
    signals.push(signal);
    if (signal !== "SIGINT" || watching.interrupt === "leave" || signals.length > 1) {
      return hangUp.abort(signal);
    }
    say(`Ending session ${shortId(session.id)} …  (Ctrl-C again leaves without waiting)`);
    // Refused when it ended by itself just now; the stream then ends as well. A daemon that is being replaced is asked again.
    untilAnswered(() => client.kill(session.id)).catch(() => {});
  });
  const reads = !isSettled(session.status) && session.launch_mode === "interactive";
  const typing = !reads || !atTerminal() ? undefined : typeLines(client, session.id);
  try {
    const lineIsOpen = await follow(watching, hangUp.signal);
    const ended = await settled(client, session.id);
    if (watching.json) await printJson(ended);
    // An empty line between the harness's output and our own.
    else say(lineIsOpen ? "\n" : "");
    sayOutcome(ended, watching.interrupt === "kill" ? "again" : "nothing");
    return signals[0] === "SIGINT" && watching.interrupt === "kill"
      ? signalCode("SIGINT")
      : exitCodeOf(ended);
  } catch (error) {
    if (hangUp.signal.aborted) {
      if (goesOn) sayGoesOn(await client.session(session.id).catch(() => session));
      return signalCode(String(hangUp.signal.reason));
    }
    if (error instanceof PipeClosed && goesOn)
      sayGoesOn(await client.session(session.id).catch(() => session));
    throw isUnreachable(error) ? lost(session.id) : error;
  } finally {
    typing?.();
    stopListening();
  }
}

/**
 * Copies the output to stdout until the session has ended, or rejects when hung up on. True when the last line has no
 * end of its own.
 */
async function follow(watching: Watching, signal: AbortSignal): Promise<boolean> {
  let last: number | undefined;
  const { client, session } = watching;
  const ends = watching.raw ? undefined : lineEnds();
  // The terminal would answer them into the person's shell: nobody here passes answers on to the harness.
  const queries = watching.raw || !isTerminal(1) ? undefined : queryFilter();
  const running = !isSettled(session.status);
  const quiet = running ? sayingStandstills(client) : undefined;
  try {
    for await (const chunk of client.output(session.id, { follow: running, signal })) {
      quiet?.heard();
      const shown = queries ? queries.pass(chunk) : chunk;
      if (!watching.json) await write(ends ? ends.convert(shown) : shown);
      signal.throwIfAborted();
      last = shown.at(-1) ?? last;
    }
  } finally {
    quiet?.stop();
  }
  signal.throwIfAborted();
  if (ends && !watching.json) {
    if (queries) await write(ends.convert(queries.end()));
    await write(ends.end());
  }
  return last !== undefined && last !== 10;
}

/** Looks, while nothing is heard, whether the disk is the reason, and says so once; and that it goes on. */
function sayingStandstills(client: CovenClient): { heard(): void; stop(): void } {
  let heardAt = performance.now();
  let said: string | undefined;
  const look = async (): Promise<void> => {
    if (performance.now() - heardAt < QUIET_MS) return;
    const line = await client.health().then(
      ({ storage }) => standstill(storage?.state ?? "ok"),
      () => said,
    );
    if (line === said) return;
    said = line;
    say(line ?? "The disk takes writes again: it goes on.");
  };
  const timer = setInterval(() => void look(), QUIET_MS);
  return {
    heard() {
      heardAt = performance.now();
    },
    stop: () => clearInterval(timer),
  };
}

/** The final record. The stream ends after the exit event, so anything else means the daemon went away. */
async function settled(client: CovenClient, id: string): Promise<Session> {
  const session = await untilAnswered(() => client.session(id));
  if (!isSettled(session.status)) throw lost(id);
  return session;
}

/** The daemon does not answer any more, and the session had not ended. */
export function lost(id: string): Failure {
  return new Failure("The daemon went away while the session was running.", [
    `coven attach ${shortId(id)}   (starts the daemon again and shows what was kept)`,
    "coven sessions   (shows how each session ended)",
  ]);
}

/** Sends each line a person types, ended by the CR that a terminal's Enter key sends: each once, also while the daemon is replaced. */
function typeLines(client: CovenClient, id: string): () => void {
  let socket: Attached | undefined;
  const send = (bytes: Uint8Array) => {
    socket ??= client.attach(id, {
      frame: () => {},
      bytes: () => {},
      refused: (count, lost) => say(notTyped(count, lost)),
      // It has ended, or its daemon went away: the stream ends then too, and says so.
      closed: () => {},
    });
    socket.type(bytes.map((byte) => (byte === LF ? CR : byte)));
  };
  process.stdin.on("data", send);
  return () => {
    process.stdin.off("data", send);
    process.stdin.pause();
    socket?.close();
  };
}
