// What the domain asks the operating system about processes. os/ answers, put together in daemon/.

/** A process named so that a recycled pid is never mistaken for it. */
export interface ProcessIdentity {
  readonly pid: number;
  /** The system's own start time of the process, opaque, equal only for the same process; null where unknown. */
  readonly startedAt: string | null;
}

export interface ProcessInfo extends ProcessIdentity {
  readonly parent: number;
  readonly group: number;
  /** 0 where the system doesn't say. */
  readonly session: number;
  /** A short name for people, without control characters; never arguments. */
  readonly name: string;
  /** A zombie: dead, not yet reaped. */
  readonly dead: boolean;
}

/** What the operating system says of processes. Where it says nothing, every list is empty. */
export interface Processes {
  /** Our own pid: it and its ancestors are never signalled. */
  readonly self: number;
  /** Everybody visible, now. */
  list(): ProcessInfo[];
  /**
   * Those whose environment carries exactly `COVEN_SESSION_ID=<sessionId>`; only of our own user. `silent` gets each that
   * shows no environment at all: it has none, or is in the middle of an exec and shows it in a moment.
   */
  marked(sessionId: string, silent?: (one: ProcessInfo) => void): ProcessInfo[];
  /** What stands behind one pid now, or undefined when there is nothing. */
  identify(pid: number): ProcessInfo | undefined;
  /** Counts the processes that the system has ended for want of memory beside this one, each time it is asked; undefined where it doesn't say. */
  memoryKills(pid: number): () => number | undefined;
  /** Bytes that programs could still get; undefined where the system doesn't say. */
  freeMemory(): number | undefined;
  /** How many descriptors the daemon may still open; undefined where the system doesn't say. */
  freeDescriptors(): number | undefined;
  /** Paths of the files that one process of our own user has open; none where the system doesn't say. */
  openFiles(pid: number): string[];
  /** Sends the signal if pid and start time still belong together; false when they don't, it is gone, or not ours. */
  signal(target: ProcessIdentity, signal: "SIGHUP" | "SIGTERM" | "SIGKILL" | "SIGCONT"): boolean;
}
