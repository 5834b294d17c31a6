// Signals: the only place in src/ that sends one, to one process which somebody has just proved to be the one that is meant; and their names.
import { constants } from "node:os";

/**
 * Sends `name` to process `pid`, if `known` says at that moment that this pid is still the process which is meant. False when
 * it is not, when the process has gone, and when it may not be signalled. Throws a RangeError for what names no single other
 * process: to kill(2), 0 is one's own group, -1 everybody and any other negative number a group.
 */
export function signalProcess(pid: number, name: NodeJS.Signals, known: () => boolean): boolean {
  if (!isSingleOther(pid)) {
    throw new RangeError(`${pid} is not the id of another process; no ${name} was sent`);
  }
  if (!known()) return false;
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

/** The same to the whole process group that `pid` leads. */
export function signalGroup(pid: number, name: NodeJS.Signals, known: () => boolean): boolean {
  if (!isSingleOther(pid)) {
    throw new RangeError(`${pid} leads no process group of another process; no ${name} was sent`);
  }
  if (!known()) return false;
  try {
    return process.kill(-pid, name);
  } catch {
    return false;
  }
}

/** Stops this process, as Ctrl-Z does in a program that does not hold the terminal in raw mode. It returns after SIGCONT. */
export function suspendSelf(): void {
  process.kill(process.pid, "SIGSTOP");
}

/** Ends this process by a signal, as another one was ended whose place it takes. */
export function endSelf(signal: string): void {
  process.kill(process.pid, signal);
}

/** Pid 1 is init, or the program a container lives by: nobody's session. */
function isSingleOther(pid: number): boolean {
  return Number.isSafeInteger(pid) && pid > 1 && pid !== process.pid;
}

/** The name of a signal number, `"SIGKILL"`; `"SIG37"` for one that has none. */
export function signalName(signal: number): string {
  const known = Object.entries(constants.signals).find(([, number]) => number === signal);
  return known?.[0] ?? `SIG${signal}`;
}
