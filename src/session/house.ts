// Owns what class Coven is built from: the ports it was given and what a user may set.
import type { Harnesses, Ledger, Log, Processes, PtyHost, ScreenHost, World } from "./ports.ts";

/** Everything the domain asks of the world. */
export interface CovenPorts {
  readonly ledger: Ledger;
  readonly ptys: PtyHost;
  readonly processes: Processes;
  readonly harnesses: Harnesses;
  readonly world: World;
  readonly log: Log;
  readonly screens?: ScreenHost;
  /** The daemon's own environment, the base of a launch that brings none. */
  readonly env: Readonly<Record<string, string>>;
}

/** What a user may set. */
export interface CovenOptions {
  /** Keep what is typed, as `input` events; off by default, since it would keep what is typed at a secret prompt. */
  readonly recordInput?: boolean;
  /** Lines a live screen keeps above itself; default 1,000. */
  readonly scrollback?: number;
  /** How long a process tree may take to end by itself, in milliseconds; default 2,000. */
  readonly graceMs?: number;
}

/** How long a process tree may take to end by itself, in milliseconds. */
export function graceMs(options: CovenOptions): number {
  return options.graceMs ?? 2_000;
}
