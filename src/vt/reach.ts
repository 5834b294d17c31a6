// Borders in a terminal stream: where a sequence begins, how far it reaches, what ends a string.
import { BEL, C1_LEAD, CAN, ESC, SUB } from "./bytes.ts";
import type { StringKind } from "./queries.ts";

/** Bytes that can end a string. */
const ENDERS = new Uint8Array(256);
for (const byte of [BEL, CAN, SUB, ESC, C1_LEAD]) ENDERS[byte] = 1;

/** True when a C1 control in UTF-8 (C2 80..9F) stands here. */
function isC1(bytes: Uint8Array, at: number): boolean {
  const second = bytes[at + 1] ?? 0;
  return bytes[at] === C1_LEAD && second >= 0x80 && second < 0xa0;
}

/** Looked through one by one first: in a redraw the next sequence is near, and a native search costs more to begin. */
const NEAR = 48;

/** Searched at once, so that a stream full of controls is not searched to its end for each of them. */
const WINDOW = 4096;

/** Where the next ESC or C1 control stands, also one whose second byte is still to come; the length when nowhere. */
export function nextIntroducer(bytes: Uint8Array, from: number): number {
  const near = Math.min(bytes.length, from + NEAR);
  for (let at = from; at < near; at += 1) {
    const byte = bytes[at];
    if (byte === ESC || (byte === C1_LEAD && (at + 1 === bytes.length || isC1(bytes, at)))) return at;
  }
  for (let base = near; base < bytes.length; base += WINDOW) {
    const window = bytes.subarray(base, base + WINDOW);
    const esc = window.indexOf(ESC);
    const limit = esc === -1 ? window.length : esc;
    const before = limit === window.length ? window : window.subarray(0, limit);
    for (let at = before.indexOf(C1_LEAD); at !== -1; at = before.indexOf(C1_LEAD, at + 1)) {
      if (base + at + 1 === bytes.length || isC1(bytes, base + at)) return base + at;
    }
    if (esc !== -1) return base + esc;
  }
  return bytes.length;
}

/** How far an escape or CSI sequence reaches. */
export interface Reach {
  /** Past its last byte, or where it was cut off; -1 when more bytes are needed. */
  readonly end: number;
  /** `whole`: by a final byte; `cut`: by the start of another sequence; `broken`: by what ends it for good. */
  readonly by: "whole" | "cut" | "broken";
  /** C0 controls stand inside, which a terminal executes on the way. */
  readonly controls: boolean;
}

/** Follows a sequence from behind its introducer (ESC, or CSI when `csi`) to its final byte or to what cuts it off. */
export function reachOf(bytes: Uint8Array, from: number, csi: boolean): Reach {
  let controls = false;
  for (let i = from; i < bytes.length; i += 1) {
    const byte = bytes[i] ?? 0;
    if (byte >= 0x40 && byte < 0x7f) return { end: i + 1, by: "whole", controls };
    if (byte >= 0x30 && byte < 0x7f && !csi) return { end: i + 1, by: "whole", controls };
    if (byte === CAN || byte === SUB) return { end: i + 1, by: "broken", controls };
    if (byte === ESC || isC1(bytes, i)) return { end: i, by: "cut", controls };
    if (byte === C1_LEAD && i + 1 === bytes.length) break;
    if (byte >= 0x80) return { end: i, by: "broken", controls };
    if (byte < 0x20) controls = true;
  }
  return { end: -1, by: "broken", controls };
}

/** The index of the next byte that ends a string of this kind, well or not; the length when there is none. */
export function nextEnder(bytes: Uint8Array, from: number, kind: StringKind): number {
  for (let i = from; i < bytes.length; i += 1) {
    const byte = bytes[i] ?? 0;
    if (ENDERS[byte] === 0 || (byte === BEL && kind !== "osc")) continue;
    if (byte !== C1_LEAD || i + 1 === bytes.length || isC1(bytes, i)) return i;
  }
  return bytes.length;
}

/** True when what stands here ends a string well: BEL, ST in either form, or any ESC, as in xterm. */
export function endsWell(bytes: Uint8Array, at: number): boolean {
  const byte = bytes[at];
  return byte === BEL || byte === ESC || (byte === C1_LEAD && bytes[at + 1] === 0x9c);
}
