// Owns the moment a terminal is over: the leader reaped and its output drained, or a deadline; exactly once.
import { constants } from "node:os";
import type { PtyExit } from "../session/ports.ts";

const DEADLINE_MS = 500;
const TURN_MS = 50;

/** What a driver reports; order and repetition don't matter. */
export interface Ending {
  reaped(exit: PtyExit): void;
  /** No more output will come. */
  drained(): void;
}

/**
 * Calls `finish` once, when both were reported, or 500 ms after the leader was reaped where a grandchild holds the
 * terminal. The deadline is counted in turns of the loop, so that time in which nothing could be read (a blocked
 * loop, a machine asleep) doesn't use it up and cost the tail.
 */
export function ending(finish: (exit: PtyExit) => void): Ending {
  let exit: PtyExit | undefined;
  let drained = false;
  let over = false;
  const end = (result: PtyExit) => {
    if (over) return;
    over = true;
    finish(result);
  };
  const countdown = (turns: number, result: PtyExit) => {
    if (over) return;
    if (turns === 0) end(result);
    else setTimeout(countdown, TURN_MS, turns - 1, result);
  };
  return {
    reaped(result) {
      if (exit) return;
      exit = result;
      if (drained) end(result);
      else countdown(DEADLINE_MS / TURN_MS, result);
    },
    drained() {
      drained = true;
      if (exit) end(exit);
    },
  };
}

/** The name of a signal number, `"SIGKILL"`; `"SIG37"` for one that has none. */
export function signalName(signal: number): string {
  const known = Object.entries(constants.signals).find(([, number]) => number === signal);
  return known?.[0] ?? `SIG${signal}`;
}
