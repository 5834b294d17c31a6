// `coven run --stream-json`: a run as lines of JSON, for programs; every failure is a line too.
import { type CovenClient, isUnreachable, untilAnswered } from "../../../api/client.ts";
import type { LaunchMode, Session } from "../../../session/session.ts";
import { exitCodeOf, outcome, signalCode } from "../../client/outcome.ts";
import { ownCode } from "../../client/own-code.ts";
import { explained, reportError } from "../../client/report-error.ts";
import { lost } from "../../client/watch.ts";
import { Failure, PipeClosed } from "../../ui/failure.ts";
import { write } from "../../ui/out.ts";
import { onSignals } from "../../ui/signals.ts";
import { harmlessJson } from "../../ui/text.ts";
import { type Frame, lineReader, openingFrames, outputFrame, resultFrame } from "./frames.ts";
import { endingWithMe } from "./manners.ts";

/** What a run is made with. */
export interface Streaming {
  readonly archive: boolean;
  /** SIGHUP and a closed pipe end the session too. */
  readonly endsWithMe: boolean;
  /** Connects and launches, in the mode that fits the harness. */
  launch(modeOf: (client: CovenClient, harness: string) => Promise<LaunchMode>): Promise<{
    readonly client: CovenClient;
    readonly session: Session;
    readonly prompt: string;
  }>;
}

/** Runs to the end; resolves to the harness's exit code. Never rejects: what goes wrong is a frame, and a line on stderr. */
export async function stream({ launch, archive, endsWithMe }: Streaming): Promise<number> {
  const began = performance.now();
  let sessionId = "";
  try {
    const { client, session, prompt } = await launch(async (client, harness) => {
      const found = (await client.harnesses()).find(({ id }) => id === harness);
      return found?.stream ? "stream" : "nonInteractive";
    });
    sessionId = session.id;
    const follow = () => told({ client, session, prompt, archive, endsWithMe, began });
    return await (endsWithMe ? endingWithMe(client, sessionId, follow) : follow());
  } catch (error) {
    if (!(error instanceof PipeClosed)) await failureFrame(error, sessionId, began);
    await reportError(error);
    return ownCode(error);
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
      // Refused when it ended by itself just now; the events then end as well. A daemon that is being replaced is asked again.
      untilAnswered(() => client.kill(id)).catch(() => {});
    },
  );
  try {
    for (const frame of openingFrames(session, prompt)) await say(frame);
    const lines = lineReader(id);
    const inLines = session.launch_mode === "stream";
    for await (const event of client.eventStream(id, { signal: hangUp.signal })) {
      if (event.kind !== "output") continue;
      const { data }: { readonly data: string } = JSON.parse(event.payload_json);
      for (const frame of inLines ? lines.read(data) : [outputFrame(id, data)]) await say(frame);
    }
    for (const frame of lines.end()) await say(frame);
    const ended = await untilAnswered(() => (archive ? client.archive(id) : client.session(id)));
    const { conversation, usage, cost, complaint } = lines;
    const why = ended.status === "failed" && complaint !== undefined ? `: ${complaint}` : "";
    const error = ended.status === "completed" ? null : `${outcome(ended).replace(/\.$/, "")}${why}`;
    const tookMs = performance.now() - began;
    await say(resultFrame({ sessionId: id, tookMs, turns: 1, conversation, error, usage, cost }));
    return signals[0] === undefined ? exitCodeOf(ended) : signalCode(signals[0]);
  } catch (error) {
    if (!hangUp.signal.aborted) throw isUnreachable(error) ? lost(id) : error;
    await failureFrame(new Failure("Left before it had ended."), id, began);
    return signalCode(String(hangUp.signal.reason));
  } finally {
    stopListening();
  }
}

function say(frame: Frame): Promise<void> {
  return write(`${harmlessJson(JSON.stringify(frame))}\n`);
}
