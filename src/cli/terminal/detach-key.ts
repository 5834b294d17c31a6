// Reads what a person types: every byte goes on, but for the key that leaves, in whatever encoding it comes.
import { encodedKey, PASTE } from "../../vt/keys.ts";

/** What one read gave. */
export interface Typed {
  /** For the program. */
  readonly keys: Uint8Array;
  /** The leaving key was pressed; what came behind it is in `rest`, not in `keys`. */
  readonly left: boolean;
  /** Which of the leaving keys it was, as its control byte. */
  readonly by?: number;
  readonly rest: Uint8Array;
}

export interface KeyReader {
  /**
   * Takes what the terminal sent. `encoded`: the program asked for an encoding in which every key is an escape
   * sequence, so that a lone ESC at the end of a read is the start of one.
   */
  read(bytes: Uint8Array, encoded: boolean): Typed;
  /** The start of a sequence that may be the leaving key; give it `flush` a moment later if nothing follows. */
  readonly held: boolean;
  flush(): Uint8Array;
}

const ESC = 0x1b;
const CTRL = 4;
const LOCKS = 64 + 128;
const NOTHING = new Uint8Array(0);
const PASTE_END = Buffer.from(PASTE.end);
/** Longer than any encoding of the leaving key. */
const MOST_HELD = 48;
/** A paste that stopped for so long, in milliseconds, has lost its end: without this nobody could leave any more. */
const PASTE_LOST_MS = 5_000;

/** A reader for the keys that leave, each a control byte: 0x1d for Ctrl-]. `now` counts milliseconds. */
export function keyReader(
  leaving: readonly number[],
  now: () => number = performance.now.bind(performance),
): KeyReader {
  let held: Uint8Array = NOTHING;
  /** How much of what is held the program has already: 1 after a lone ESC that did not wait. */
  let given = 0;
  let pasting = false;
  /** The last bytes of the paste so far, in which its end may have begun. */
  let tail: Uint8Array = NOTHING;
  let lastAt = now();
  const codes = leaving.map((byte) =>
    String.fromCharCode(byte + 0x40)
      .toLowerCase()
      .charCodeAt(0),
  );

  /** The leaving key that a sequence stands for. */
  function leavingKey(sequence: string): number | undefined {
    const key = encodedKey(sequence);
    // Of the modifiers only Ctrl may be down; Caps Lock and Num Lock are no matter.
    return key && (key.modifiers & ~LOCKS) === CTRL ? leaving[codes.indexOf(key.code)] : undefined;
  }

  /** Where the paste ends, the marker included; -1 when it goes on. */
  function pasteEnd(bytes: Uint8Array, from: number): number {
    const seen = Buffer.concat([tail, bytes.subarray(from)]);
    const at = seen.indexOf(PASTE_END);
    const end = at < 0 ? -1 : from + at + PASTE_END.length - tail.length;
    tail = at < 0 ? seen.subarray(1 - PASTE_END.length) : NOTHING;
    return end;
  }

  return {
    get held() {
      return held.length > given;
    },
    flush() {
      const keys = held.slice(given);
      held = NOTHING;
      given = 0;
      return keys;
    },
    read(chunk, encoded) {
      const at = now();
      if (pasting && at - lastAt > PASTE_LOST_MS) pasting = false;
      lastAt = at;
      const bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      const skip = given;
      held = NOTHING;
      given = 0;
      let i = 0;
      while (i < bytes.length) {
        if (pasting) {
          const end = pasteEnd(bytes, i);
          if (end < 0) break;
          pasting = false;
          i = end;
          continue;
        }
        const byte = bytes[i] ?? 0;
        if (leaving.includes(byte)) return leave(byte, bytes, skip, i, i + 1);
        if (byte !== ESC) {
          i += 1;
          continue;
        }
        const end = sequenceEnd(bytes, i);
        if (end < 0) {
          const rest = bytes.length - i;
          if (rest > MOST_HELD) break;
          held = bytes.slice(i);
          // A lone ESC is nearly always the key of that name, which must not be kept waiting.
          given = rest === 1 && !encoded ? 1 : i === 0 ? skip : 0;
          return { keys: bytes.slice(skip, i + given), left: false, rest: NOTHING };
        }
        if (end - i <= MOST_HELD) {
          const sequence = Buffer.from(bytes.subarray(i, end)).toString("latin1");
          const by = leavingKey(sequence);
          if (by !== undefined) return leave(by, bytes, skip, i, end);
          if (sequence === PASTE.begin) {
            pasting = true;
            tail = NOTHING;
          }
        }
        i = end;
      }
      return { keys: bytes.slice(skip), left: false, rest: NOTHING };
    },
  };
}

/** Where the sequence that begins at an ESC ends; -1 when it goes on after these bytes. */
function sequenceEnd(bytes: Uint8Array, esc: number): number {
  const second = bytes[esc + 1];
  if (second === undefined) return -1;
  // ESC and a key: the key is looked at for itself.
  if (second !== 0x5b) return esc + 1;
  for (let i = esc + 2; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    if (byte >= 0x20 && byte <= 0x3f) continue;
    // A control byte, and what is no byte of a sequence, is a key of its own.
    return byte >= 0x40 && byte <= 0x7e ? i + 1 : i;
  }
  return -1;
}

/** The leaving key stands from `at` to `end`. */
function leave(by: number, bytes: Uint8Array, skip: number, at: number, end: number): Typed {
  return { by, keys: bytes.slice(skip, Math.max(skip, at)), left: true, rest: bytes.slice(end) };
}

/** What a key behind the detach key asks for. */
export type Behind =
  | "redraw"
  | "next"
  | "previous"
  | "last"
  | "waiting"
  | "board"
  | "log"
  | "keys"
  | "again"
  | "other"
  | "none";

const LETTERS: Readonly<Record<string, Behind>> = {
  r: "redraw",
  n: "next",
  p: "previous",
  l: "last",
  w: "waiting",
  b: "board",
  "[": "log",
  "?": "keys",
};

/** A key in kitty's encoding, pressed or repeated: its code point, with no modifier but Shift and the locks. */
const PLAIN_KEY = /^\x1b\[(\d+)(?::\d*)*(?:;(\d*)(?::[12])?(?:;[\d:]*)?)?u/;
const SHIFT = 1;

/**
 * What was typed behind the detach key (a control byte), as bytes or in kitty's encoding; that the detach key was let go is no key. `sent`:
 * the bytes of the key itself, `rest`: those behind it.
 */
export function behindDetachKey(
  bytes: Uint8Array,
  detach: number,
): { readonly key: Behind; readonly sent: Uint8Array; readonly rest: Uint8Array } {
  const text = Buffer.from(bytes).toString("latin1");
  const released = /^(?:\x1b\[[\d:]*;\d+:3(?:;[\d:]*)?u)*/.exec(text)?.[0].length ?? 0;
  if (released === text.length) return { key: "none", sent: NOTHING, rest: NOTHING };
  const found = (key: Behind, length: number) => ({
    key,
    sent: bytes.subarray(released, released + length),
    rest: bytes.subarray(released + length),
  });
  if (bytes[released] === detach) return found("again", 1);
  const end = bytes[released] === ESC ? sequenceEnd(bytes, released) : -1;
  const sequence = end < 0 ? "" : text.slice(released, end);
  const key = encodedKey(sequence);
  const code = String.fromCharCode(detach + 0x40)
    .toLowerCase()
    .charCodeAt(0);
  if (key && key.code === code && (key.modifiers & ~LOCKS) === CTRL) return found("again", sequence.length);
  const plain = PLAIN_KEY.exec(sequence);
  const modifiers = Number(plain?.[2] || 1) - 1;
  const letter =
    plain && (modifiers & ~LOCKS & ~SHIFT) === 0
      ? String.fromCodePoint(Math.min(Number(plain[1]), 0x10ffff))
      : text.charAt(released);
  // Shift and / where the terminal gives the key and not what it types.
  const typed = letter === "/" && (modifiers & SHIFT) !== 0 ? "?" : letter.toLowerCase();
  const asked = Object.hasOwn(LETTERS, typed) ? LETTERS[typed] : undefined;
  return asked ? found(asked, plain ? plain[0].length : 1) : { key: "other", sent: NOTHING, rest: NOTHING };
}
