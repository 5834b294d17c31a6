// What a program has done to the person's terminal, and the one string that undoes it.
import type { Csi } from "../../vt/csi.ts";
import { PRIVATE_MODES, tracker } from "../../vt/modes.ts";
import { finals } from "../../vt/queries.ts";
import { Scanner } from "../../vt/scan.ts";

/** Follows everything that is written to the terminal on the program's behalf. */
export interface TerminalModes {
  /**
   * Reads bytes before they are written, and says how many may be: fewer than all when what follows addresses the
   * primary screen by absolute position and the program has not been given that screen as a whole.
   */
  follow(bytes: Uint8Array): number;
  /** The program has the whole primary screen: its rows are the terminal's. */
  framed: boolean;
  /** The alternate screen is shown. */
  readonly alternate: boolean;
  /** The program asked for keys as escape sequences (kitty keyboard, modifyOtherKeys). */
  readonly encodedKeys: boolean;
  /** Undoes everything and forgets it; on the primary screen the cursor stays where it is. Safe at any moment, also twice. */
  restore(): string;
}

/** Undone in an order of their own: on in a fresh terminal, or moving the cursor. */
const APART = new Set([6, 7, 25, 66, 2026]);
const ALWAYS = Object.keys(PRIVATE_MODES)
  .map(Number)
  .filter((mode) => PRIVATE_MODES[mode]?.undone);
/** Besides what the tracker follows, what goes to a place on the screen. */
const FOLLOWED = finals({ prefixed: "hlmu", bare: "gtHfdrSTJABEF" });
/** Down or up by so many is to the edge. */
const TO_THE_EDGE = 200;

/** Of a terminal that no program has touched. */
export function terminalModes(): TerminalModes {
  const tracked = tracker();
  let framed = false;
  /** Where the first sequence begins that a program without the whole screen may not send; then nothing more counts. */
  let stop: number | undefined;
  let scanner = fresh();

  function fresh(): Scanner {
    return new Scanner(
      {
        pass() {},
        passString() {},
        csi(csi) {
          if (stop === undefined && isAbsolute(csi)) stopHere();
          if (stop === undefined) tracked.csi(csi);
          return false;
        },
        esc(final) {
          // RIS clears; a reverse index at the top row scrolls.
          if (stop === undefined && (final === "c" || (final === "M" && tracked.alternate === 0))) stopHere();
          if (stop === undefined && final === "c") tracked.reset();
          if (stop === undefined && final === "H") tracked.setTab();
          return false;
        },
        string(kind, payload) {
          if (stop === undefined && kind === "osc" && payload !== undefined) tracked.osc(payload);
        },
      },
      undefined,
      FOLLOWED,
    );
  }

  function stopHere(): void {
    if (!framed) stop = scanner.at;
  }

  function isAbsolute({ prefix, params, text, intermediates, final }: Csi): boolean {
    if (tracked.alternate !== 0 || intermediates !== "") return false;
    if (prefix !== "") return prefix === "?" && params.includes(6) && (final === "h" || final === "l");
    const [count = 0] = params;
    // The margins' reset alone is how claude begins, between saving the cursor and bringing it back.
    if (final === "r") return text !== "";
    if ("HfdST".includes(final)) return true;
    return final === "J" ? count >= 2 : "ABEF".includes(final) && count >= TO_THE_EDGE;
  }

  return {
    follow(bytes) {
      scanner.write(bytes);
      const fit = stop ?? bytes.length;
      if (stop !== undefined) scanner = fresh();
      stop = undefined;
      return fit;
    },
    get framed() {
      return framed;
    },
    set framed(whole) {
      framed = whole;
    },
    get alternate() {
      return tracked.alternate !== 0;
    },
    get encodedKeys() {
      return tracked.keyboard.flags(tracked.alternate !== 0) !== 0 || tracked.state().modifiers.length > 0;
    },
    restore() {
      const { alternate, keyboard } = tracked;
      const { modifiers, titles, colours } = tracked.state();
      const set = tracked.set();
      const pushed = [false, true].some((other) => keyboard.stack(other).some((flags) => flags !== 0));
      const keys = pushed ? "\x1b[<99u\x1b[=0;1u" : "";
      // CAN and ST end whatever sequence the stream was cut in.
      let out = `\x18\x1b\\\x1b[?2026l${keys}`;
      for (const [resource] of modifiers) out += `\x1b[>${resource}m`;
      const modes = [...new Set([...ALWAYS, ...set])].filter((mode) => !APART.has(mode));
      out += `\x1b[?${modes.join("l\x1b[?")}l`;
      // Takes the cursor home, so it goes first: what leaving the alternate screen brings back is the cursor.
      if (set.includes(6)) out += "\x1b[?6l";
      // Only from the alternate screen: elsewhere 1049 would move the cursor in some terminals. The keyboard has a stack for each.
      if (alternate !== 0) out += `\x1b[?${alternate}l${keys}`;
      // The margins' reset takes the cursor home; it comes back.
      out += "\x1b7\x1b[r\x1b8";
      if (tracked.tabs) out += "\x1b[?5W";
      // Insert off, wraps on, keypad normal, character sets, link, attributes, cursor shape and visibility.
      out += "\x1b[4l\x1b[20l\x1b[?7h\x1b>\x1b(B\x1b)B\x0f\x1b]8;;\x1b\\\x1b[0m\x1b[0 q\x1b[?25h";
      // Each is reset by the number 100 above its own.
      const kinds = new Set(colours.map(([what]) => 100 + Number.parseInt(what, 10)));
      for (const kind of kinds) out += `\x1b]${kind}\x1b\\`;
      out += "\x1b[23;2t".repeat(titles.length);
      tracked.reset();
      scanner = fresh();
      return out;
    },
  };
}
