// The end of a terminal: its leader reaped and its output drained, or a deadline; exactly once.
import type { PtyExit } from "../session/ports/pty.ts";

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
 * terminal. The deadline is counted in turns of the loop in which output could be read: time in which it could not (a blocked
 * loop, a machine asleep, a reader that is `paused`) doesn't use it up and cost the tail.
 */
export function ending(finish: (exit: PtyExit) => void, paused: () => boolean = () => false): Ending {
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
    else setTimeout(countdown, TURN_MS, paused() ? turns : turns - 1, result);
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
