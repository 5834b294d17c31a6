// Ends a daemon that no longer answers: by signals, only to a process proved to hold the lock.
import { CovenError } from "../errors.ts";
import { signalProcess } from "../os/signal.ts";
import type { CovenPaths } from "../paths.ts";
import { opens } from "./holder.ts";

/** The signal that did it. */
export type ForcedBy = "SIGTERM" | "SIGKILL";

/** An orderly stop ends process trees first, and that has a grace of its own. */
const PATIENCE_MS = 5_000;

/**
 * Ends the process `pid` if it has the lock file open, checked again before each signal; returns the one that did it. Each gets `patienceMs`.
 * After SIGKILL the sessions' processes may still be there: the next start ends them. Throws
 * `runtime_unavailable` when it is not the holder, or survives.
 */
export async function endByForce(
  paths: CovenPaths,
  pid: number,
  patienceMs: number = PATIENCE_MS,
): Promise<ForcedBy> {
  if (pid === 1) {
    throw new CovenError(
      "runtime_unavailable",
      "The daemon is the first process of this container, and ends with it.",
      { pid },
    );
  }
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    if (!opens(pid, paths.lock)) {
      // It went by itself between two looks.
      if (await waitUntilFree(paths.lock, 0)) return signal;
      throw new CovenError(
        "runtime_unavailable",
        `Process ${pid} is not the daemon of ${paths.home}; it was left alone.`,
        {
          pid,
        },
      );
    }
    const holds = () => opens(pid, paths.lock);
    signalProcess(pid, signal, holds);
    // A stopped process sees no SIGTERM before it goes on.
    if (signal === "SIGTERM") signalProcess(pid, "SIGCONT", holds);
    if (await waitUntilFree(paths.lock, patienceMs)) return signal;
  }
  throw new CovenError("runtime_unavailable", `The daemon (pid ${pid}) survived SIGKILL.`, { pid });
}

/** True as soon as nobody holds the lock; false when somebody still does after `timeoutMs` (0: looks once). */
export async function waitUntilFree(lock: string, timeoutMs: number): Promise<boolean> {
  // Loaded here: SQLite would cost every command its start-up, and most never ask.
  const { isLocked } = await import("../daemon/lock.ts");
  const deadline = performance.now() + timeoutMs;
  for (let pause = 2; ; pause = Math.min(pause * 1.5, 25)) {
    if (!isLocked(lock)) return true;
    if (performance.now() >= deadline) return false;
    await Bun.sleep(pause);
  }
}
