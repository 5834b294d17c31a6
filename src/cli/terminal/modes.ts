// What a program has done to the person's terminal, and the one string that undoes it.

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

const ALTERNATE = new Set([47, 1047, 1049]);
/** Private modes that are on in a fresh terminal (7 wraps, 25 cursor), or undone in an order of their own. */
const APART = new Set([7, 25, 6, 2026, ...ALTERNATE]);
/** Always undone, whatever was seen: mouse, focus, bracketed paste, cursor keys, reverse video. */
const ALWAYS = [1, 5, 9, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1015, 1016, 2004];
/** Colours a program may set (OSC) and what resets each. */
const COLOURS: Readonly<Record<string, string>> = {
  4: "104",
  5: "105",
  10: "110",
  11: "111",
  12: "112",
  17: "117",
  19: "119",
};
/** No sequence we look at is longer. */
const MOST_PARAMS = 256;

type State = "text" | "escape" | "csi" | "skip" | "osc" | "string";

/** Where a sequence that begins at an ESC ends, if it only draws: colours, cells to the right, erasing; most are. Else -1. */
function drawing(bytes: Uint8Array, esc: number): number {
  if (bytes[esc + 1] !== 0x5b) return -1;
  let end = esc + 2;
  // Digits, colon, semicolon.
  for (let byte = bytes[end] ?? 0; byte >= 0x30 && byte <= 0x3b; byte = bytes[end] ?? 0) end += 1;
  const final = bytes[end];
  return final === 0x6d || final === 0x43 || final === 0x4b || final === 0x58 ? end : -1;
}

export function terminalModes(): TerminalModes {
  let state: State = "text";
  let params = "";
  let framed = false;
  let absolute = false;
  // Of the program:
  let alternate = 0;
  let keyboard = false;
  let modifiers = false;
  let titles = 0;
  let tabs = false;
  const set = new Set<number>();
  const colours = new Set<string>();

  function forget(): void {
    alternate = 0;
    keyboard = modifiers = tabs = false;
    titles = 0;
    set.clear();
    colours.clear();
  }

  function csi(final: string): void {
    const first = params[0] ?? "";
    const numbers = params
      .replace(/^[<-?]/, "")
      .split(";")
      .map(Number);
    if (first === "?") {
      if (final === "h" || final === "l") for (const number of numbers) mode(number, final === "h");
    } else if (first === ">" || first === "=" || first === "<") {
      if (final === "u") keyboard = true;
      if (final === "m") modifiers = true;
    } else if (!/[ -/]/.test(params)) plain(final, numbers);
  }

  function plain(final: string, numbers: readonly number[]): void {
    const [one = 0, two = 0] = numbers;
    if (final === "t" && two !== 1) {
      if (one === 22) titles += 1;
      else if (one === 23) titles -= 1;
    } else if (final === "g") tabs = true;
    else if (alternate !== 0) return;
    // The margins' reset alone is how claude begins, between saving the cursor and bringing it back.
    else if (final === "r" && params === "") return;
    else if ("HfdrST".includes(final) || (final === "J" && one >= 2)) absolute = true;
    // Down "to the bottom" is absolute as well.
    else if ("ABEF".includes(final) && one >= 200) absolute = true;
  }

  function mode(number: number, on: boolean): void {
    if (number === 6 && alternate === 0) absolute = true;
    if (ALTERNATE.has(number)) alternate = on ? alternate || number : 0;
    else if (on) set.add(number);
    else set.delete(number);
  }

  function afterEscape(byte: number): State {
    if (byte === 0x5b) {
      params = "";
      return "csi";
    }
    if (byte === 0x5d) {
      params = "";
      return "osc";
    }
    // DCS, SOS, PM, APC.
    if (byte === 0x50 || byte === 0x58 || byte === 0x5e || byte === 0x5f) return "string";
    if (byte === 0x1b) return "escape";
    if (byte >= 0x20 && byte <= 0x2f) return "skip";
    const final = String.fromCharCode(byte);
    if (final === "H") tabs = true;
    // RIS clears; a reverse index at the top row scrolls.
    if (final === "c" || (final === "M" && alternate === 0)) absolute = true;
    if (final === "c" && framed) forget();
    return "text";
  }

  function step(byte: number): void {
    if (byte === 0x18 || byte === 0x1a) state = "text";
    else if (state === "escape") state = afterEscape(byte);
    else if (byte === 0x1b) {
      if (state === "osc") colours.add(params);
      state = "escape";
    } else if (state === "csi") {
      if (byte >= 0x40 && byte <= 0x7e) {
        csi(String.fromCharCode(byte));
        state = "text";
      } else if (byte >= 0x20 && params.length < MOST_PARAMS) params += String.fromCharCode(byte);
    } else if (state === "skip") {
      if (byte >= 0x30) state = "text";
    } else if (state === "osc") {
      if (byte >= 0x30 && byte <= 0x39) params += String.fromCharCode(byte);
      else {
        colours.add(params);
        state = byte === 0x07 ? "text" : "string";
      }
    } else if (byte === 0x07) state = "text";
  }

  return {
    follow(chunk) {
      absolute = false;
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
      let begin = 0;
      for (let i = 0; i < bytes.length; i++) {
        if (state === "text") {
          i = bytes.indexOf(0x1b, i);
          if (i < 0) break;
          const end = drawing(bytes, i);
          if (end > 0) {
            i = end;
            continue;
          }
          begin = i;
        }
        step(bytes[i] ?? 0);
        if (absolute && !framed) {
          state = "text";
          return begin;
        }
      }
      return bytes.length;
    },
    get framed() {
      return framed;
    },
    set framed(whole) {
      framed = whole;
    },
    get alternate() {
      return alternate !== 0;
    },
    get encodedKeys() {
      return keyboard || modifiers;
    },
    restore() {
      // CAN and ST end whatever sequence the stream was cut in.
      let out = "\x18\x1b\\\x1b[?2026l";
      const keys = (keyboard ? "\x1b[<99u\x1b[=0;1u" : "") + (modifiers ? "\x1b[>4m" : "");
      out += keys;
      const modes = [...new Set([...ALWAYS, ...set])].filter((number) => !APART.has(number));
      out += `\x1b[?${modes.join("l\x1b[?")}l`;
      // Takes the cursor home, so it goes first: what leaving the alternate screen brings back is the cursor.
      if (set.has(6)) out += "\x1b[?6l";
      // Only from the alternate screen: elsewhere 1049 would move the cursor in some terminals. The keyboard has a stack for each.
      if (alternate !== 0) out += `\x1b[?${alternate}l${keyboard ? "\x1b[<99u\x1b[=0;1u" : ""}`;
      // The margins' reset takes the cursor home; it comes back.
      out += "\x1b7\x1b[r\x1b8";
      if (tabs) out += "\x1b[?5W";
      // Insert off, wraps on, keypad normal, character sets, link, attributes, cursor shape and visibility.
      out += "\x1b[4l\x1b[20l\x1b[?7h\x1b>\x1b(B\x1b)B\x0f\x1b]8;;\x1b\\\x1b[0m\x1b[0 q\x1b[?25h";
      for (const number of colours) if (COLOURS[number]) out += `\x1b]${COLOURS[number]}\x1b\\`;
      out += "\x1b[23;2t".repeat(Math.max(0, titles));
      state = "text";
      forget();
      return out;
    },
  };
}
