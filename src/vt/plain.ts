// Whether a stretch of output only prints, colours and feeds lines, and what of it can still be seen.
import { C1_LEAD, ESC } from "./bytes.ts";
import { SEQUENCE_LIMIT } from "./limits.ts";

/** What stands between two bytes of plain output: text. */
export const TEXT = 0;
/** A sequence has begun with ESC. */
const ESCAPE = 1;
/** In the parameters of a control sequence. */
const SEQUENCE = 2;
/** After C2, which may begin a C1 control. */
const C2 = 3;
/** Something stands here that is not plain. */
export const OTHER = 4;

const LF = 0x0a;
const CR = 0x0d;

/** What each byte leads to, by what it stands in. */
const NEXT = ((): Uint8Array => {
  const next = new Uint8Array(4 * 256).fill(OTHER);
  const on = (within: number, from: number, to: number, leads: number): void => {
    next.fill(leads, within * 256 + from, within * 256 + to + 1);
  };
  for (const within of [TEXT, C2]) {
    // HT, LF, CR; a backspace may climb to the line above (mode 45), VT and FF are rare.
    on(within, 0x09, LF, TEXT);
    on(within, CR, CR, TEXT);
    on(within, ESC, ESC, ESCAPE);
    on(within, 0x20, 0x7e, TEXT);
    on(within, within === C2 ? 0xa0 : 0x80, 0xff, TEXT);
    on(within, C1_LEAD, C1_LEAD, C2);
  }
  on(ESCAPE, 0x5b, 0x5b, SEQUENCE);
  // Digits, colon, semicolon; no private prefix.
  on(SEQUENCE, 0x30, 0x3b, SEQUENCE);
  // SGR; EL, which touches no other line.
  on(SEQUENCE, 0x6d, 0x6d, TEXT);
  on(SEQUENCE, 0x4b, 0x4b, TEXT);
  return next;
})();

/**
 * Follows the bytes from what an earlier call led to (`TEXT` at first); `OTHER` once something is not plain. A sequence
 * so long that it may be dropped (`SEQUENCE_LIMIT`) is not.
 */
export function plain(bytes: Uint8Array, from: number): number {
  // Four bytes at a time where they are text, five times as fast: words begin where memory is aligned.
  const head = -bytes.byteOffset & 3;
  if (bytes.length < 16) return follow(bytes, 0, bytes.length, from);
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + head, (bytes.length - head) >> 2);
  let within = follow(bytes, 0, head, from);
  let begun = 0;
  for (let i = 0; i < words.length && within !== OTHER; i += 1) {
    if (within === TEXT && isText(words[i] ?? 0)) continue;
    within = follow(bytes, head + 4 * i, head + 4 * i + 4, within);
    begun = within === TEXT ? 0 : begun + 4;
    if (begun > SEQUENCE_LIMIT / 2) return OTHER;
  }
  return follow(bytes, head + 4 * words.length, bytes.length, within);
}

/** All four bytes are 20..7E, or the word is to be looked at byte by byte: a borrow only ever makes that true. */
function isText(word: number): boolean {
  return ((word | (word - 0x20202020) | (word + 0x01010101)) & 0x80808080) === 0;
}

function follow(bytes: Uint8Array, from: number, to: number, stands: number): number {
  let within = stands;
  for (let i = from; i < to && within !== OTHER; i += 1) {
    within = NEXT[within * 256 + (bytes[i] ?? 0)] ?? OTHER;
  }
  return within;
}

/**
 * Where the last CR LF stands that has at least `lines` line feeds behind it, or 0. What is before has scrolled out of
 * a terminal that keeps fewer lines, whatever it was, if all of it is plain.
 */
export function outOfSight(bytes: Uint8Array, lines: number): number {
  let at = lastFeed(bytes, bytes.length);
  for (let seen = 0; at > 0; at = lastFeed(bytes, at)) {
    if (seen >= lines && bytes[at - 1] === CR) return at - 1;
    seen += 1;
  }
  return 0;
}

function lastFeed(bytes: Uint8Array, before: number): number {
  return before === 0 ? -1 : bytes.lastIndexOf(LF, before - 1);
}

/** The SGR sequences that still count at the end of plain bytes, with `left` before them: from the last reset on, in order. */
export function attributesAt(bytes: Uint8Array, left?: Uint8Array): Uint8Array {
  const found: Uint8Array[] = [];
  for (let at = lastEscape(bytes, bytes.length); at >= 0; at = lastEscape(bytes, at)) {
    let end = at + 2;
    while (end < bytes.length && (bytes[end] ?? 0) < 0x40) end += 1;
    if (bytes[end] !== 0x6d) continue;
    found.push(bytes.subarray(at, end + 1));
    // `ESC [ m` and `ESC [ 0 m`.
    if (end === at + 2 || (end === at + 3 && bytes[at + 2] === 0x30)) return Buffer.concat(found.reverse());
  }
  if (left) found.push(left);
  return Buffer.concat(found.reverse());
}

function lastEscape(bytes: Uint8Array, before: number): number {
  return before === 0 ? -1 : bytes.lastIndexOf(ESC, before - 1);
}
