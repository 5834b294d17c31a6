// The kitty keyboard flags a program has set: one stack for each of the two screens.
import type { Csi } from "./csi.ts";
import { STACK_LIMIT } from "./limits.ts";

/** All flags of the protocol (sw.kovidgoyal.net/kitty/keyboard-protocol, progressive enhancement). */
const FLAGS = 0b11111;

/** The flags of both screens. */
export interface Keyboard {
  /** Follows a `CSI … u` with a prefix: push (`>`), pop (`<`), set (`=`). */
  follow(csi: Csi, alternate: boolean): void;
  /** The flags in force. */
  flags(alternate: boolean): number;
  /** This screen's stack, last pushed last. */
  stack(alternate: boolean): readonly number[];
  /** Forgets one screen's stack, or both. */
  reset(alternate?: boolean): void;
}

/** Of a fresh terminal: no flags, nothing pushed. */
export function keyboard(): Keyboard {
  // The first entry is what is in force when nothing was pushed.
  let stacks: [number[], number[]] = [[0], [0]];
  const of = (alternate: boolean): number[] => stacks[alternate ? 1 : 0];
  const top = (stack: readonly number[]): number => stack[stack.length - 1] ?? 0;

  function pop(stack: number[], count: number): void {
    // Emptying the stack resets all flags, says the protocol.
    if (count >= stack.length) stack[0] = 0;
    stack.length = Math.max(1, stack.length - count);
  }

  return {
    follow({ prefix, params, intermediates }, alternate) {
      if (intermediates !== "") return;
      const stack = of(alternate);
      const flags = (params[0] ?? 0) & FLAGS;
      if (prefix === ">") {
        stack.push(flags);
        if (stack.length > STACK_LIMIT) stack.splice(1, 1);
      } else if (prefix === "<") {
        pop(stack, params[0] || 1);
      } else if (prefix === "=") {
        const mode = params[1] || 1;
        const now = top(stack);
        stack[stack.length - 1] =
          mode === 1 ? flags : mode === 2 ? now | flags : mode === 3 ? now & ~flags : now;
      }
    },
    flags: (alternate) => top(of(alternate)),
    stack: (alternate) => [...of(alternate)],
    reset(alternate) {
      if (alternate === undefined) stacks = [[0], [0]];
      else stacks[alternate ? 1 : 0] = [0];
    },
  };
}
