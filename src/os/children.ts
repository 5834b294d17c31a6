// Children of this process that we reap ourselves: started by posix_spawn, or taken over with a terminal.
import { ptr } from "bun:ffi";
import { readFileSync } from "node:fs";
import { requireLibc } from "./libc.ts";
import { signalName } from "./signal.ts";
import { unblockSignals } from "./signal-mask.ts";

/** How a child ended; both null when somebody else reaped it. */
export interface ChildExit {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  /** Name, `"SIGKILL"`. */
  readonly signal: string | null;
}

/** Watches over children by pid. Bun's own children are never touched. */
export interface Children {
  /** Calls `reaped` once when this child of ours has ended, at the earliest in the next turn of the loop. */
  watch(pid: number, reaped: (exit: ChildExit) => void): void;
  /** Leaves the child to somebody else. */
  forget(pid: number): void;
}

/** waitpid(2), Linux and macOS. */
const WNOHANG = 1;

let children: Children | undefined;

/** The one watch of this process: a signal tells only that some child ended. Throws where the C library lacks waitpid. */
export function ownChildren(): Children {
  children ??= watchChildren();
  return children;
}

function watchChildren(): Children {
  const { waitpid } = requireLibc("waitpid");
  const status = new Int32Array(new ArrayBuffer(4));
  const waiting = new Map<number, (exit: ChildExit) => void>();

  /** Undefined while it runs. */
  const exitOf = (pid: number): ChildExit | undefined => {
    const answer = waitpid(pid, ptr(status), WNOHANG);
    if (answer === 0) return undefined;
    // No child of ours (any more): nobody will ever say how it ended.
    return answer === pid ? parseStatus(status[0] ?? 0) : { exitCode: null, signal: null };
  };
  const reap = (pid: number): void => {
    const reaped = waiting.get(pid);
    const exit = reaped && exitOf(pid);
    if (!exit) return;
    waiting.delete(pid);
    reaped(exit);
  };

  unblockSignals();
  // One signal may stand for many children.
  process.on("SIGCHLD", () => {
    for (const pid of [...waiting.keys()]) reap(pid);
  });
  return {
    watch(pid, reaped) {
      waiting.set(pid, reaped);
      // It may have ended before anybody listened, as a child that was handed over can.
      setImmediate(reap, pid);
    },
    forget: (pid) => void waiting.delete(pid),
  };
}

/**
 * Reaps what another program has left this process that replaced it by execve(2): every child but these, whenever it ends. Before anything else is started.
 * Linux, and only where /proc lists children.
 */
export function reapInherited(known: ReadonlySet<number>): void {
  let list = "";
  try {
    list = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8");
  } catch {
    return;
  }
  for (const pid of list.split(" ").map(Number)) {
    if (pid > 0 && !known.has(pid)) ownChildren().watch(pid, () => {});
  }
}

/** A wait status as <sys/wait.h> of Linux and macOS takes it apart. */
export function parseStatus(status: number): ChildExit {
  const signal = status & 0x7f;
  return signal === 0
    ? { exitCode: (status >> 8) & 0xff, signal: null }
    : { exitCode: null, signal: signalName(signal) };
}
