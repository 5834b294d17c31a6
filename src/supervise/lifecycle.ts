// Is the daemon there, start it, stop it, restart it. Used by the command line; never part of the daemon.
import { covenClient, isUnreachable } from "../api/client.ts";
import type { DaemonIdentity } from "../daemon/identity.ts";
import { CovenError } from "../errors.ts";
import { makeHome } from "../home.ts";
import type { CovenPaths } from "../paths.ts";
import { selfCommand } from "../program.ts";
import { earlierDaemon, endEarlier } from "./earlier.ts";
import { endByForce, type ForcedBy, waitUntilFree } from "./force.ts";
import { lockHolder } from "./holder.ts";
import { type InitSystem, initSystemOf } from "./init-system.ts";
import { isCrowded, PROBE_MS, probe } from "./probe.ts";
import { requireStartable, spawnDaemon } from "./spawn.ts";

/** What can be seen of the daemon of a home. */
export type DaemonStatus =
  | {
      readonly state: "running";
      readonly pid: number;
      readonly socket: string;
      /** RFC 3339 UTC, milliseconds. */
      readonly startedAt: string;
      /** Whole seconds. */
      readonly uptimeSeconds: number;
      readonly version: string;
      readonly apiVersion: string;
      /** It is of an earlier coven. */
      readonly earlier?: true;
    }
  | { readonly state: "stopped"; readonly socket: string }
  /** A process holds the lock and nobody answers; `pid` is null where it can't be told which. */
  | { readonly state: "hung"; readonly socket: string; readonly pid: number | null };

/** Figures and the command line of the daemon; a person never sets them. */
export interface LifecycleOptions {
  /** argv of `serve`; default: this very program. */
  readonly command?: readonly string[];
  /** How long one answer may take before the daemon counts as hung, in milliseconds; default 5,000. */
  readonly answerMs?: number;
  /** How long a start may take altogether, in milliseconds; default 15,000. */
  readonly startMs?: number;
  /** How long an orderly stop may take, in milliseconds; default 30,000. */
  readonly stopMs?: number;
  /** How long one that holds the lock may be without a socket before it counts as hung, in milliseconds; default 5,000. */
  readonly betweenMs?: number;
  /** How long a hung daemon gets to follow a signal, in milliseconds; default 5,000. */
  readonly patienceMs?: number;
}

export interface Started {
  readonly pid: number;
  /** False when a daemon was there already, or somebody else brought it up at the same moment. */
  readonly started: boolean;
  /** The daemon that was stopped for it, where there was one. */
  readonly restartedFrom?: number;
}

export interface Stopped {
  /** False when there was nothing to stop. */
  readonly stopped: boolean;
  readonly pid: number | null;
  /** How: it was asked, or a signal had to do it; null when there was nothing to stop. */
  readonly by: "request" | ForcedBy | null;
}

/**
 * How long somebody who holds the lock may be without a socket (starting, stopping, being replaced) before that is odd: on a busy machine a restart in place takes more
 * than a second.
 */
const BETWEEN_MS = 5_000;

/**
 * Asks the socket. `hung` needs both: silence, and a held lock. Throws `runtime_unavailable` when a stranger answers.
 * Never starts, removes or signals anything.
 */
export async function daemonStatus(paths: CovenPaths, options: LifecycleOptions = {}): Promise<DaemonStatus> {
  const { socket } = paths;
  const found = await probe(socket, options.answerMs);
  if (found.state === "running") {
    const { pid, startedAt } = found.daemon;
    const uptimeSeconds = Math.max(0, Math.floor((Date.now() - Date.parse(startedAt)) / 1000));
    return {
      ...found.daemon,
      state: "running",
      pid,
      uptimeSeconds,
      version: found.version,
      apiVersion: found.apiVersion,
      ...(found.earlier ? { earlier: true as const } : {}),
    };
  }
  if (!(await waitUntilFree(paths.lock, 0))) {
    // Between its start and its socket, or between two programs in one process.
    const deadline = performance.now() + (found.state === "stopped" ? (options.betweenMs ?? BETWEEN_MS) : 0);
    while (performance.now() < deadline) {
      if (
        (await probe(socket, options.answerMs)).state !== "stopped" ||
        (await waitUntilFree(paths.lock, 20))
      )
        return daemonStatus(paths, options);
    }
    return { state: "hung", socket, pid: lockHolder(paths) ?? null };
  }
  if (found.state === "silent") throw silent(socket);
  return { state: "stopped", socket };
}

/**
 * Brings up the daemon unless one answers; returns when `/health` does. Where an init system keeps the daemon of this home
 * it is asked first, so that there is never one beside the one it keeps. However many do this at once, one daemon
 * results and all get its pid. Throws what `makeHome` throws, the reason the daemon gave for not starting, and
 * `runtime_unavailable` for a hung daemon or a stranger on the socket.
 */
export async function startDaemon(paths: CovenPaths, options: LifecycleOptions = {}): Promise<Started> {
  const deadline = performance.now() + (options.startMs ?? 15_000);
  makeHome(paths);
  let spawned: number | undefined;
  // Who names a command of their own wants that one.
  let init = options.command ? undefined : initSystemOf(paths);
  for (;;) {
    const found = await probe(paths.socket, options.answerMs);
    if (found.state === "running" && found.earlier) throw earlierDaemon(found.version);
    if (found.state === "running") return { pid: found.daemon.pid, started: found.daemon.pid === spawned };
    const left = deadline - performance.now();
    if (found.state === "silent" || left <= 0) throw await unanswered(paths);
    if (init?.installedFor() === "ours") {
      spawned = await startedBy(init, paths, deadline);
      // Once: where it gives up, we start it ourselves and so learn why.
      init = undefined;
      continue;
    }
    const said = await spawnDaemon(paths, {
      timeoutMs: left,
      ...(options.command ? { command: options.command } : {}),
    });
    if (said.outcome === "failed") throw said.error;
    if (said.outcome === "serving") spawned = said.pid;
    // Another process holds the lock: a daemon that is just starting or just stopping.
    else await settled(paths, deadline);
  }
}

/** The pid of the daemon an init system has started, or undefined when it gave up on it. */
async function startedBy(init: InitSystem, paths: CovenPaths, deadline: number): Promise<number | undefined> {
  for (let asked = false; performance.now() < deadline; ) {
    const found = await probe(paths.socket);
    if (found.state === "running") return found.daemon.pid;
    if (found.state === "silent") return undefined;
    // One that has just been stopped may still count as running; what ends after we asked has failed.
    if (!init.active()) {
      if (asked || !init.start()) return undefined;
      asked = true;
    }
    await Bun.sleep(20);
  }
  return undefined;
}

/** Until somebody answers, the lock is free again, or the deadline. */
async function settled(paths: CovenPaths, deadline: number): Promise<void> {
  while (performance.now() < deadline) {
    if ((await probe(paths.socket)).state !== "stopped") return;
    if (await waitUntilFree(paths.lock, 10)) return;
  }
}

/**
 * Has the daemon stop in good order and returns once it gave up the lock. Throws `session_running` with the live sessions
 * unless `force`. A hung daemon is ended only with `force` (SIGTERM, then SIGKILL), and only when it is
 * proved to hold the lock; else `runtime_unavailable`.
 */
export async function stopDaemon(
  paths: CovenPaths,
  options: LifecycleOptions & { readonly force?: boolean } = {},
): Promise<Stopped> {
  const force = options.force ?? false;
  const found = await daemonStatus(paths, options).catch((error: unknown) => {
    // It can't be asked, and a signal stops it in good order too.
    if (force && isCrowded(error)) return { state: "hung", pid: lockHolder(paths) ?? null } as const;
    throw error;
  });
  if (found.state === "stopped") return { stopped: false, pid: null, by: null };
  if (found.state === "running") {
    const { pid } = found;
    if (found.earlier) {
      await endEarlier(paths.socket, pid, force);
      return { stopped: true, pid, by: "SIGTERM" };
    }
    const asked = await askToStop(paths.socket, pid, force, options.answerMs);
    // It was only away, while another program took its place: that one has not been asked.
    if (!asked && (await isBack(paths, options))) return stopDaemon(paths, options);
    if (await waitUntilFree(paths.lock, options.stopMs ?? 30_000))
      return { stopped: true, pid, by: "request" };
  }
  const pid = found.pid ?? lockHolder(paths);
  if (!force || pid === undefined) throw hung(paths, pid ?? null);
  return { stopped: true, pid, by: await endByForce(paths, pid, options.patienceMs) };
}

/** False when it hung up before it had answered: it has gone, or another program is taking its place. */
async function askToStop(socket: string, pid: number, force: boolean, answerMs = PROBE_MS): Promise<boolean> {
  try {
    await covenClient(socket, { timeoutMs: answerMs, fresh: true }).shutdown({ pid, force });
    return true;
  } catch (error) {
    if (error instanceof CovenError && error.code === "not_found") {
      throw new CovenError(
        "runtime_unavailable",
        `The daemon on ${socket} (pid ${pid}) is of another make and cannot be asked to stop.`,
        { socket, pid },
      );
    }
    if (!isUnreachable(error) || (await probe(socket, answerMs)).state === "silent") throw error;
    return false;
  }
}

/**
 * Looks whether a new daemon could start, then replaces the one that runs; `restartedFrom` is its pid. Live sessions are kept where the daemon can be
 * replaced in place; elsewhere, and with `force`, it is stopped and another one started. Throws as `requireReplaceable`, `stopDaemon` and
 * `startDaemon`, and with the daemon's own reason where it refuses to be replaced; nothing is stopped then.
 */
export async function restartDaemon(
  paths: CovenPaths,
  options: LifecycleOptions & { readonly force?: boolean } = {},
): Promise<Started> {
  // What an init system starts is not always this program.
  const command = options.command ?? initSystemOf(paths)?.commandOfOurs();
  await requireReplaceable(paths, command ? { ...options, command } : options);
  try {
    const { pid } = await stopDaemon(paths, options);
    const started = await startDaemon(paths, options);
    return pid === null ? started : { ...started, restartedFrom: pid };
  } catch (error) {
    const live = error instanceof CovenError && error.code === "session_running";
    const found = live ? await answering(paths, options) : undefined;
    if (!found?.inPlace) throw error;
    return replaceInPlace(paths, found.daemon, command ?? [...selfCommand(), "daemon", "serve"], options);
  }
}

/** How long one that is being replaced for somebody else may be away, in milliseconds. */
const AWAY_MS = 5_000;

/** The daemon that answers now, or in a moment; undefined where none does. */
async function answering(paths: CovenPaths, options: LifecycleOptions) {
  for (const deadline = performance.now() + AWAY_MS; performance.now() < deadline; await Bun.sleep(10)) {
    const found = await probe(paths.socket, options.answerMs);
    if (found.state === "running") return found;
  }
  return undefined;
}

/** Whether a daemon answers again, rather than that its lock becomes free. */
async function isBack(paths: CovenPaths, options: LifecycleOptions): Promise<boolean> {
  for (const deadline = performance.now() + AWAY_MS; performance.now() < deadline; await Bun.sleep(10)) {
    if (await waitUntilFree(paths.lock, 0)) return false;
    if ((await probe(paths.socket, options.answerMs)).state === "running") return true;
  }
  return false;
}

/** Asks the daemon to go on as another program, and waits until it does. */
async function replaceInPlace(
  paths: CovenPaths,
  { pid, startedAt }: DaemonIdentity,
  command: readonly string[],
  options: LifecycleOptions,
): Promise<Started> {
  const client = covenClient(paths.socket, { timeoutMs: options.answerMs ?? PROBE_MS, fresh: true });
  const deadline = performance.now() + (options.startMs ?? 15_000) + (options.stopMs ?? 15_000);
  const ask = () =>
    client.restart({ pid, command: command.slice(0, -2) }).then(
      () => true,
      (error: unknown) => passing(error) ?? false,
    );
  // Somebody else may have asked a moment before us: it is away then, or has just begun anew.
  let asked = await ask();
  while (performance.now() < deadline) {
    const found = await probe(paths.socket, options.answerMs);
    if (found.state === "running") {
      if (found.daemon.startedAt !== startedAt)
        return { pid: found.daemon.pid, started: true, restartedFrom: pid };
      if (!asked) asked = await ask();
      const now = await client.restarting().catch(passing);
      if (now?.restart?.state === "refused") throw refused(now.restart.reason);
    } else if (await waitUntilFree(paths.lock, 0)) {
      // It went on as the other program, and that one could not serve after all.
      return { ...(await startDaemon(paths, options)), restartedFrom: pid };
    }
    await Bun.sleep(10);
  }
  throw await unanswered(paths);
}

/** A daemon that is being replaced hangs up. */
function passing(error: unknown): undefined {
  if (!isUnreachable(error)) throw error;
}

function refused(reason: string | null): CovenError {
  return new CovenError(
    "runtime_unavailable",
    `The daemon was not replaced, and goes on with its sessions: ${reason ?? "it does not say why"}`,
    { reason: "not_replaced", hint: "coven daemon restart --end-sessions   (ends them, and starts it anew)" },
  );
}

/** Throws what would keep a new daemon from starting here once the one that runs is stopped: the program, its settings, the ledger, no room. */
export async function requireReplaceable(paths: CovenPaths, options: LifecycleOptions = {}): Promise<void> {
  makeHome(paths);
  await requireStartable(paths, { timeoutMs: options.startMs ?? 15_000, ...options });
}

/** What to do about a daemon that does not answer: first what costs nothing. */
export const HUNG_HINT =
  "coven logs --lines 20   (says what it does; the last resort, coven daemon stop --force, ends every session)";

function hung(paths: CovenPaths, pid: number | null): CovenError {
  const who = pid === null ? "A process" : `The daemon (pid ${pid})`;
  const how = pid === null ? "find and end it" : HUNG_HINT;
  return new CovenError("runtime_unavailable", `${who} holds ${paths.lock} and does not answer.`, {
    reason: "hung",
    pid,
    hint: how,
  });
}

/** Why nobody answers: a daemon that hangs, or somebody who is none. */
async function unanswered(paths: CovenPaths): Promise<CovenError> {
  const free = await waitUntilFree(paths.lock, 0);
  return free ? silent(paths.socket) : hung(paths, lockHolder(paths) ?? null);
}

function silent(socket: string): CovenError {
  return new CovenError("runtime_unavailable", `Something listens on ${socket} and does not answer.`, {
    reason: "stranger",
    socket,
  });
}
