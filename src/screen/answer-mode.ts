// Owns the answer to DECRQM: whether a mode is set, as far as this terminal or a viewer's can tell.

import type { Tracker } from "../vt/modes.ts";
import type { Core } from "./emulator.ts";

/** Modes that only a viewer's terminal acts on, and that we hand on to it; reported as the program left them. */
const HANDED_ON = new Set([9, 12, 1000, 1002, 1003, 1005, 1006, 1007, 1015, 1016, 2031]);

function own(core: Core, tracked: Tracker, mode: number): boolean | undefined {
  const { isCursorHidden, decPrivateModes } = core.coreService;
  switch (mode) {
    case 1:
      return decPrivateModes.applicationCursorKeys;
    case 6:
      return decPrivateModes.origin;
    case 7:
      return decPrivateModes.wraparound;
    case 25:
      return !isCursorHidden;
    case 45:
      return decPrivateModes.reverseWraparound;
    case 66:
      return decPrivateModes.applicationKeypad;
    case 1004:
      return decPrivateModes.sendFocus;
    case 47:
    case 1047:
    case 1049:
      return core.buffers.active === core.buffers.alt;
    case 2004:
      return decPrivateModes.bracketedPasteMode;
    case 2026:
      return decPrivateModes.synchronizedOutput;
    default:
      return HANDED_ON.has(mode) ? (tracked.mode(mode) ?? false) : undefined;
  }
}

/** The DECRPM reply: 1 set, 2 reset, 3 always set, 4 always reset, 0 unknown (vt100.net, DECRPM). */
export function answerMode(core: Core, tracked: Tracker, prefix: string, mode: number): string {
  if (prefix === "?") {
    const state = mode === 8 ? 3 : mode === 67 ? 4 : undefined;
    const set = own(core, tracked, mode);
    return `\x1b[?${mode};${state ?? (set === undefined ? 0 : set ? 1 : 2)}$y`;
  }
  const { insertMode } = core.coreService.modes;
  const states: Readonly<Record<number, number>> = {
    2: 4,
    4: insertMode ? 1 : 2,
    12: 3,
    20: core.options.convertEol ? 1 : 2,
  };
  return `\x1b[${mode};${states[mode] ?? 0}$y`;
}
