// `coven run --stream-json`: a run as lines of JSON, for programs; every failure is a line too.
import { type CovenClient, isUnreachable } from "../../../api/client.ts";
import type { Event } from "../../../session/event.ts";
import { isSettled, type LaunchMode, type Session } from "../../../session/session.ts";
import { exitCodeOf, outcome, signalCode } from "../../client/outcome.ts";
import { explained, reportError } from "../../client/report-error.ts";
import { lost } from "../../client/watch.ts";
import { Failure, PipeClosed } from "../../ui/failure.ts";
import { write } from "../../ui/out.ts";
import { onSignals } from "../../ui/signals.ts";
import { harmlessJson } from "../../ui/text.ts";
import { type Frame, lineReader, openingFrames, outputFrame, resultFrame } from "./frames.ts";
import { endingWithMe } from "./manners.ts";

/** How long a daemon that went away is waited for: it may replace itself. In milliseconds. */
const AWAY_MS = 5_000;

/** What a run is made with. */
export interface Streaming {
  readonly archive: boolean;
  /** SIGHUP and a closed pipe end the session too. */
  readonly endsWithMe: boolean;
  /** Connects and launches, in the mode that fits the harness. */
  launch(modeOf: (client: CovenClient) => Promise<LaunchMode>): Promise<{
    readonly client: CovenClient;
    readonly session: Session;
    readonly prompt: string;
  }>;
}

/** Runs to the end; resolves to the harness's exit code. Never rejects: what goes wrong is a frame, and a line on stderr. */
export async function stream(harness: string, { launch, archive, endsWithMe }: Streaming): Promise<number> {
  const began = performance.now();
  let sessionId = "";
  try {
    const { client, session, prompt } = await launch(async (client) => {
      const found = (await client.harnesses()).find(({ id }) => id === harness);
      return found?.stream ? "stream" : "nonInteractive";
    });
    sessionId = session.id;
    const follow = () => told({ client, session, prompt, archive, endsWithMe, began });
    return await (endsWithMe ? endingWithMe(client, sessionId, follow) : follow());
  } catch (error) {
    if (!(error instanceof PipeClosed)) await failureFrame(error, sessionId, began);
    return reportError(error);
  }
}

/** The one frame of a run that could not be. */
export async function failureFrame(error: unknown, sessionId = "", began = performance.now()): Promise<void> {
  const { message } = await explained(error);
  const tookMs = performance.now() - began;
  const turns = sessionId === "" ? 0 : 1;
  // Nobody may read any more.
  await say(resultFrame({ sessionId, tookMs, turns, conversation: null, error: message })).catch(() => {});
}

async function told(run: {
  readonly client: CovenClient;
  readonly session: Session;
  readonly prompt: string;
  readonly archive: boolean;
  readonly endsWithMe: boolean;
  readonly began: number;
}): Promise<number> {
  const { client, session, prompt, archive, endsWithMe, began } = run;
  const { id } = session;
  const signals: NodeJS.Signals[] = [];
  const hangUp = new AbortController();
  // Whoever reads frames owns the run: its stop button sends SIGTERM.
  const stopListening = onSignals(
    ["SIGINT", "SIGTERM", ...(endsWithMe ? (["SIGHUP"] as const) : [])],
    (signal) => {
      signals.push(signal);
      if (signals.length > 1) return hangUp.abort(signal);
      // Refused when it ended by itself just now; the events then end as well.
      client.kill(id).catch(() => {});
    },
  );
  try {
    for (const frame of openingFrames(session, prompt)) await say(frame);
    const lines = lineReader(id);
    const inLines = session.launch_mode === "stream";
    for await (const event of eventsOf(client, id, hangUp.signal)) {
      if (event.kind !== "output") continue;
      const { data }: { readonly data: string } = JSON.parse(event.payload_json);
      for (const frame of inLines ? lines.read(data) : [outputFrame(id, data)]) await say(frame);
    }
    for (const frame of lines.end()) await say(frame);
    const ended = archive ? await client.archive(id) : await client.session(id);
    const { conversation, usage, cost, complaint } = lines;
    const why = ended.status === "failed" && complaint !== undefined ? `: ${complaint}` : "";
    const error = ended.status === "completed" ? null : `${outcome(ended).replace(/\.$/, "")}${why}`;
    const tookMs = performance.now() - began;
    await say(resultFrame({ sessionId: id, tookMs, turns: 1, conversation, error, usage, cost }));
    return signals[0] === undefined ? exitCodeOf(ended) : signalCode(signals[0]);
  } catch (error) {
    if (!hangUp.signal.aborted) throw error;
    await failureFrame(new Failure("Left before it had ended."), id, began);
    return signalCode(String(hangUp.signal.reason));
  } finally {
    stopListening();
  }
}

/** Every event from the first to the exit event, also across a restart of the daemon that keeps its sessions. */
async function* eventsOf(client: CovenClient, id: string, signal: AbortSignal): AsyncGenerator<Event> {
  let afterSeq = 0;
  for (;;) {
    try {
      for await (const event of client.eventStream(id, { afterSeq, signal })) {
        afterSeq = event.seq;
        yield event;
        if (event.kind === "exit") return;
      }
    } catch (error) {
      if (!isUnreachable(error)) throw error;
    }
    signal.throwIfAborted();
    if (isSettled((await again(client, id)).status)) {
      // It was settled while nobody listened: what came last is still to be read.
      for await (const event of client.eventStream(id, { afterSeq, signal })) yield event;
      return;
    }
  }
}

/** The record, as soon as a daemon answers. Throws `lost` when none does in time. */
async function again(client: CovenClient, id: string): Promise<Session> {
  const deadline = performance.now() + AWAY_MS;
  for (;;) {
    try {
      return await client.session(id);
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      if (performance.now() > deadline) throw lost(id);
      await Bun.sleep(50);
    }
  }
}

function say(frame: Frame): Promise<void> {
  return write(`${harmlessJson(JSON.stringify(frame))}\n`);
}
