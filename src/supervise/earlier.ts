// A daemon of an earlier, different coven (0.4) on this home's socket: it can't be asked to stop, and is ended by a signal once it is proved to be the one.
import { covenClient } from "../api/client.ts";
import { CovenError } from "../errors.ts";
import { systemProcesses } from "../os/processes.ts";
import { listenerOf } from "../os/socket-peer.ts";
import { probe } from "./probe.ts";

/** How long it gets after SIGTERM, in milliseconds. */
const PATIENCE_MS = 10_000;

/** The one refusal of every command that needs a daemon, before it asks for anything. */
export function earlierDaemon(version: string): CovenError {
  return new CovenError(
    "runtime_unavailable",
    `The running daemon is coven ${version}, an earlier one that this command can't use.`,
    { reason: "earlier", version, hint: "coven daemon restart   (asks before it ends live sessions)" },
  );
}

/**
 * Ends the earlier daemon `pid` on `socket` by SIGTERM, and returns when it has gone. Throws `session_running` (details `sessions`) while it has live sessions
 * and not `force`, and `runtime_unavailable` when the process behind the socket is not this one or does not go.
 */
export async function endEarlier(socket: string, pid: number, force: boolean): Promise<void> {
  const processes = systemProcesses();
  const identity = processes.identify(pid);
  const listens = () => listenerOf(socket) === pid;
  if (!identity || !listens()) {
    throw new CovenError(
      "runtime_unavailable",
      `The daemon on ${socket} says that it is process ${pid}, and the system says otherwise. It was left alone.`,
      { socket, pid, reason: "stranger" },
    );
  }
  const running = (await covenClient(socket, { fresh: true }).sessions()).filter(
    // One that somebody else started is not its own.
    ({ status, external }) => status === "running" && external !== true,
  );
  if (running.length > 0 && !force) {
    throw new CovenError("session_running", `${running.length} sessions are running.`, {
      sessions: running.map(({ id }) => id),
    });
  }
  if (listens()) processes.signal(identity, "SIGTERM");
  const deadline = performance.now() + PATIENCE_MS;
  while (processes.identify(pid)?.startedAt === identity.startedAt) {
    if (performance.now() > deadline) {
      throw new CovenError("runtime_unavailable", `The earlier daemon (pid ${pid}) does not end.`, {
        pid,
        hint: `end process ${pid} yourself; its sessions are left behind`,
      });
    }
    await Bun.sleep(20);
  }
  // Who took its place meanwhile is asked by whoever goes on.
  await probe(socket);
}
