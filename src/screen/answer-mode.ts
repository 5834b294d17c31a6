// The answer to DECRQM: whether a mode is set, as far as this terminal or a viewer's can tell.
import { PRIVATE_MODES, type Tracker } from "../vt/modes.ts";
import type { Emulator } from "./emulator.ts";

/** The DECRPM reply: 1 set, 2 reset, 3 always set, 4 always reset, 0 unknown (vt100.net, DECRPM). */
export function answerMode(emulator: Emulator, tracked: Tracker, prefix: string, mode: number): string {
  if (prefix === "?") {
    const handedOn = PRIVATE_MODES[mode]?.handedOn ? (tracked.mode(mode) ?? false) : undefined;
    const set = emulator.privateMode(mode) ?? handedOn;
    const state = mode === 8 ? 3 : mode === 67 ? 4 : set === undefined ? 0 : set ? 1 : 2;
    return `\x1b[?${mode};${state}$y`;
  }
  const states: Readonly<Record<number, number>> = {
    2: 4,
    4: emulator.ansiMode(4) ? 1 : 2,
    12: 3,
    20: emulator.ansiMode(20) ? 1 : 2,
  };
  return `\x1b[${mode};${states[mode] ?? 0}$y`;
}
