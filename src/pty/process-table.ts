// What every system's process table can be asked, and how a name from it is shown.
import type { ProcessInfo } from "../session/ports.ts";

/** Read access to a system's process table. */
export interface ProcessTable {
  list(): ProcessInfo[];
  /** As `Processes.marked`, for a whole entry (`NAME=value`). */
  marked(entry: string, silent?: (one: ProcessInfo) => void): ProcessInfo[];
  identify(pid: number): ProcessInfo | undefined;
}

/** A process's name as it may be shown: control characters, which a program may put there itself, become `?`. */
export function shownName(name: string): string {
  return name.replace(/\p{Cc}/gu, "?");
}
