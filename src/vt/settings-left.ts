// What output has left set on a terminal, without anything that it drew.
import { OPEN_LIMIT } from "./limits.ts";
import { PRIVATE_MODES, tracker } from "./modes.ts";
import { blankPicture, draw } from "./picture.ts";
import { finals } from "./queries.ts";
import { Scanner } from "./scan.ts";

/** What `Tracker.csi` follows, DECSTR and DECSCUSR among it. */
const FOLLOWED = finals({ prefixed: "hlmu", bare: "pqt" });
const CURSOR = 25;
const KEYPAD = 66;
const SYNCHRONISED = 2026;

/** Follows output that is too much to be drawn; `sequences` sets on a fresh terminal what all of it left set, the alternate screen included, and draws nothing. */
export interface SettingsLeft {
  write(bytes: Uint8Array): void;
  sequences(): Uint8Array;
}

/** Of a fresh terminal. */
export function settingsLeft(): SettingsLeft {
  const tracked = tracker();
  /** Of those that the emulator keeps itself. */
  const kept = new Map<number, boolean>();
  const scanner = new Scanner(
    {
      pass() {},
      passString() {},
      csi(csi) {
        tracked.csi(csi);
        const { prefix, intermediates, params, final } = csi;
        if (prefix === "?" && intermediates === "" && (final === "h" || final === "l")) {
          for (const mode of params) if (PRIVATE_MODES[mode]?.kept) kept.set(mode, final === "h");
        }
        if (intermediates === "!" && final === "p") {
          tracked.softReset();
          kept.clear();
        }
        return false;
      },
      esc(final) {
        if (final === "c") {
          tracked.reset();
          // As the emulator has it, which leaves a cursor hidden that was.
          const hidden = kept.get(CURSOR) === false;
          kept.clear();
          if (hidden) kept.set(CURSOR, false);
        }
        if (final === "=" || final === ">") kept.set(KEYPAD, final === "=");
        return false;
      },
      string(kind, payload) {
        if (kind === "osc" && payload !== undefined) tracked.osc(payload);
      },
    },
    OPEN_LIMIT,
    FOLLOWED,
  );
  return {
    write: (bytes) => scanner.write(bytes),
    sequences() {
      const { private: set, cursorStyle, ...state } = tracked.state();
      kept.delete(SYNCHRONISED);
      const changed = Array.from(kept).filter(([mode, on]) => on !== (PRIVATE_MODES[mode]?.on ?? false));
      const blank = blankPicture(1, 1);
      const page = (other: boolean) => ({ ...blank.primary, keyboard: tracked.keyboard.stack(other) });
      const text = draw({
        ...blank,
        ...state,
        primary: page(false),
        alternate: tracked.alternate === 0 ? null : { ...page(true), mode: tracked.alternate },
        cursor: { ...blank.cursor, shape: cursorStyle },
        modes: { private: [...set, ...changed], ansi: [] },
      }).text;
      return Buffer.from(text);
    },
  };
}
