// `coven daemon start|status|restart|stop`: the lines that scripts read, and the question before live sessions are ended.
import { covenClient } from "../../../api/client.ts";
import { isCovenError } from "../../../errors.ts";
import { covenPaths } from "../../../paths.ts";
import { initSystemOf } from "../../../supervise/init-system.ts";
import {
  type DaemonStatus,
  daemonStatus,
  HUNG_HINT,
  restartDaemon,
  startDaemon,
  stopDaemon,
} from "../../../supervise/lifecycle.ts";
import { API_VERSION, COVEN_VERSION } from "../../../version.ts";
import { sayEarlier } from "../../client/connect.ts";
import { type Facts, factsOf } from "../../client/facts.ts";
import { shortId } from "../../client/session-id.ts";
import { WHY } from "../../client/storage.ts";
import { has, type Invocation, type Run } from "../../framework/command.ts";
import { Failure } from "../../ui/failure.ts";
import { atTerminal, print, printJson, say } from "../../ui/out.ts";
import { withProgress } from "../../ui/progress.ts";
import { harmless } from "../../ui/text.ts";
import { span } from "../../ui/time.ts";
import { factLines, factsJson, waiting } from "./facts.ts";

/** The exit code of `status --check` when no daemon answers. */
const NOT_RUNNING = 3;
/** How long a stop waits for room on a full disk. */
const ROOM_MS = 5_000;

export const start: Run = async () => {
  const { pid } = await withProgress("Starting the Coven daemon", () => startDaemon(covenPaths()));
  await printRunning("running", pid);
  await sayEarlier();
  return 0;
};

export const status: Run = async (invocation) => {
  const paths = covenPaths();
  const found = await daemonStatus(paths);
  const exitCode = found.state === "running" || !has(invocation, "check") ? 0 : NOT_RUNNING;
  const facts = found.state === "running" ? await factsOf(paths.socket) : undefined;
  if (has(invocation, "json")) {
    await printJson(documentOf(found, facts));
  } else if (found.state === "running") {
    await printStatus("running", found);
    await print(`This command: version ${COVEN_VERSION}, API ${API_VERSION}`);
    for (const line of facts ? factLines(facts) : []) await print(line);
  } else if (found.state === "hung") {
    await print("Coven daemon: not answering");
    say(
      `${found.pid === null ? "A process" : `Process ${found.pid}`} holds ${paths.lock} and does not answer.`,
    );
    say(`Try: ${HUNG_HINT}`);
  } else {
    await print("Coven daemon: not running");
    say("Start it:  coven daemon start   (or any command that needs it)");
  }
  return exitCode;
};

/** What `daemon status --json` prints. */
export async function statusDocument(): Promise<Readonly<Record<string, unknown>>> {
  const paths = covenPaths();
  return documentOf(await daemonStatus(paths), await factsOf(paths.socket));
}

function documentOf(found: DaemonStatus, facts: Facts | undefined): Readonly<Record<string, unknown>> {
  return { ...statusJson(found), ...(facts && found.state === "running" ? factsJson(facts) : {}) };
}

export const restart: Run = async (invocation) => {
  const { pid, restartedFrom } = await endingSessions(invocation, (force) =>
    withProgress("Restarting the Coven daemon", () => restartDaemon(covenPaths(), { force })),
  );
  await printRunning(restartedFrom === undefined ? "running" : "restarted", pid);
  await sayEarlier();
  return 0;
};

export const stop: Run = async (invocation) => {
  let lost: string | undefined;
  const { stopped, pid, by } = await endingSessions(invocation, async (force) => {
    if (force) lost = await endOnFullDisk();
    return withProgress(force ? "Ending sessions and the Coven daemon" : "Stopping the Coven daemon", () =>
      stopDaemon(covenPaths(), { force }),
    );
  });
  if (lost !== undefined) say(lost);
  await print(`Coven daemon: ${stopped ? "stopped" : "was not running"}`);
  if (stopped && by !== "request") say(`It did not answer, so process ${pid} was ended by ${by}.`);
  // An init system takes that for a crash, and starts the daemon again.
  const init = by === "SIGKILL" ? initSystemOf(covenPaths()) : undefined;
  if (init?.installedFor() === "ours") say(`${init.by} starts it again.  Try: coven daemon stop`);
  return 0;
};

/**
 * On a disk that takes nothing: ends the sessions and waits until what they have printed, and how they ended, is recorded. Returns what
 * is given up because there was no room for it in time, in words.
 */
async function endOnFullDisk(): Promise<string | undefined> {
  const { socket } = covenPaths();
  const unsettled = ({ sessions }: Facts) => sessions.byStatus.running ?? 0;
  let facts = await factsOf(socket);
  const storage = facts?.storage;
  if (!facts || !storage || storage.state === "ok" || unsettled(facts) === 0) return undefined;
  const waits =
    storage.waitingSessions > 0 ? `${waiting(storage)} is not recorded yet` : "nothing more can be recorded";
  say(
    `${WHY[storage.state]}: ${waits}. Sessions are ended, and room is waited for, ${ROOM_MS / 1000} seconds at most.`,
  );
  const client = covenClient(socket);
  const running = (await client.sessions()).filter(({ status }) => status === "running");
  // One that has ended meanwhile refuses.
  await Promise.allSettled(running.map(({ id }) => client.kill(id)));
  const deadline = performance.now() + ROOM_MS;
  while (facts && unsettled(facts) > 0) {
    if (performance.now() > deadline) return givenUp(unsettled(facts), facts);
    await Bun.sleep(100);
    facts = await factsOf(socket);
  }
  return undefined;
}

function givenUp(sessions: number, { storage }: Facts): string {
  const lost = storage && storage.waitingSessions > 0 ? `${waiting(storage)}, and ` : "";
  const ends = sessions === 1 ? "how 1 session ended" : `how ${sessions} sessions ended`;
  return `Given up, for want of room on the disk: ${lost}${ends}. The next start records orphaned for it.`;
}

/** Acts at once or, where live sessions would be ended, once a person agrees. Throws a `Failure` that lists them. */
export async function endingSessions<T>(
  invocation: Invocation,
  act: (force: boolean) => Promise<T>,
): Promise<T> {
  try {
    return await act(has(invocation, "force") || has(invocation, "end-sessions"));
  } catch (error) {
    if (!isCovenError(error) || error.code !== "session_running") throw error;
    const lines = await liveSessions(error.details?.["sessions"]);
    const count = lines.length === 1 ? "1 session is" : `${lines.length} sessions are`;
    const message = [`${count} running and would be ended:`, ...lines].join("\n");
    if (!atTerminal()) {
      throw new Failure(message, [`coven ${invocation.name} --force`, "coven kill ID   (ends one of them)"]);
    }
    say(message);
    const { yes } = await import("../../ui/ask.ts");
    if (!(await yes("End them and go on?"))) throw new Failure("Nothing was stopped.", ["coven sessions"]);
    return act(true);
  }
}

async function liveSessions(ids: unknown): Promise<string[]> {
  const client = covenClient(covenPaths().socket);
  const named = Array.isArray(ids) ? ids.map(String) : [];
  return Promise.all(
    named.map(async (id) => {
      // It may be deleted while we ask; only the id is known then.
      const session = await client.session(id).catch(() => undefined);
      return `  ${shortId(id)}  ${session ? `${harmless(session.harness)}  ${harmless(session.title)}` : ""}`.trimEnd();
    }),
  );
}

/** Prints the two lines of a running daemon. Throws `Failure` when it is gone again. */
export async function printRunning(word: "running" | "restarted", pid: number): Promise<void> {
  const found = await daemonStatus(covenPaths());
  if (found.state === "running") return printStatus(word, found);
  throw new Failure(`The daemon started (pid ${pid}) and is gone again.`, ["coven doctor"]);
}

async function printStatus(
  word: "running" | "restarted",
  found: DaemonStatus & { state: "running" },
): Promise<void> {
  const { pid, socket, uptimeSeconds, version, apiVersion } = found;
  await print(`Coven daemon: ${word} (pid ${pid}, socket ${socket})`);
  await print(`Uptime ${span(uptimeSeconds * 1000)}, version ${harmless(version)}, API ${apiVersion}`);
  if (version === COVEN_VERSION) return;
  // An init system starts the program that its unit file names, which may be another one than this.
  const init = initSystemOf(covenPaths());
  const again = init?.installedFor() === "ours" && !init.upToDate() ? "install" : "restart";
  say(`This command is version ${COVEN_VERSION}.  Try: coven daemon ${again}`);
}

/** The frozen members of `daemon status --json`. A daemon that does not answer is not a running one. */
function statusJson(found: DaemonStatus): Readonly<Record<string, unknown>> {
  const running = found.state === "running" ? found : undefined;
  return {
    ok: running !== undefined,
    status: running ? "running" : "stopped",
    pid: running?.pid ?? null,
    socket: running?.socket ?? null,
    started_at: running?.startedAt ?? null,
    uptime_seconds: running?.uptimeSeconds ?? null,
    version: running?.version ?? null,
    api_version: running?.apiVersion ?? null,
  };
}
