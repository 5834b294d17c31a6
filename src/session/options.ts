// What a user may set of how sessions are kept.

/** Everything has a default. */
export interface CovenOptions {
  /** Keep what is typed, as `input` events; off by default, since it would keep what is typed at a secret prompt. */
  readonly recordInput?: boolean;
  /** Lines a live screen keeps above itself; default 1,000. */
  readonly scrollback?: number;
  /** How long a process tree may take to end by itself, in milliseconds; default 2,000. */
  readonly graceMs?: number;
  /** Bytes of memory that must be free for a launch; default 0, which asks nothing. */
  readonly leastFreeMemory?: number;
}

/** How long a process tree may take to end by itself, in milliseconds. */
export function graceMs(options: CovenOptions): number {
  return options.graceMs ?? 2_000;
}
