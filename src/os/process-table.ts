// What every system's process table can be asked, and how a name from it is shown.

/** A process as the system tells of it. */
export interface ProcessInfo {
  readonly pid: number;
  /** The system's own start time of the process, opaque, equal only for the same process; null where unknown. */
  readonly startedAt: string | null;
  readonly parent: number;
  readonly group: number;
  /** 0 where the system doesn't say. */
  readonly session: number;
  /** A short name for people, without control characters; never arguments. */
  readonly name: string;
  /** A zombie: dead, not yet reaped. */
  readonly dead: boolean;
}

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
