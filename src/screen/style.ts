// Owns the translation of packed cell attributes into the SGR sequence that sets them on a terminal.
import type { Extended } from "./emulator.ts";

/** Bits of xterm.js 6.0.0 (buffer/Constants.ts). */
const COLOUR_MODE = 0x3000000;
const COLOUR = 0x3ffffff;
const UNDERLINE = 0x10000000;
const HAS_EXTENDED = 0x10000000;
const PROTECTED = 0x20000000;
const FG_FLAGS: readonly (readonly [number, string])[] = [
  [0x8000000, "1"],
  [0x4000000, "7"],
  [0x20000000, "5"],
  [0x40000000, "8"],
  [0x80000000, "9"],
];
const BG_FLAGS: readonly (readonly [number, string])[] = [
  [0x8000000, "2"],
  [0x4000000, "3"],
  [0x40000000, "53"],
];

/** The colour of a packed attribute, which is all that erasing leaves of it. */
export function colourOf(packed: number): number {
  return packed & COLOUR;
}

/** True when nothing but a background shows, so that the cell can be erased instead of printed. */
export function isErased(fg: number, bg: number): boolean {
  return fg === 0 && (bg & ~COLOUR) === 0;
}

/** True when `extended` counts: otherwise it is a left-over. */
export function hasExtended(bg: number): boolean {
  return (bg & HAS_EXTENDED) !== 0;
}

function colour(packed: number, base: 30 | 40): string[] {
  const value = packed & 0xffffff;
  switch (packed & COLOUR_MODE) {
    case 0x1000000:
      return [String(value & 8 ? base + 60 + (value & 7) : base + (value & 7))];
    case 0x2000000:
      return [`${base + 8};5;${value & 0xff}`];
    case 0x3000000:
      return [`${base + 8};2;${(value >> 16) & 0xff};${(value >> 8) & 0xff};${value & 0xff}`];
    default:
      return [];
  }
}

/** Underline colours have no form without colons that every terminal reads the same. */
function underlineColour(extended: Extended): string[] {
  const value = extended._ext & 0xffffff;
  switch (extended._ext & COLOUR_MODE) {
    case 0x1000000:
    case 0x2000000:
      return [`58:5:${value & 0xff}`];
    case 0x3000000:
      // What xterm.js keeps after SGR 59 is all ones.
      return [
        value === 0xffffff ? "59" : `58:2::${(value >> 16) & 0xff}:${(value >> 8) & 0xff}:${value & 0xff}`,
      ];
    default:
      return [];
  }
}

/**
 * The parameters of the SGR sequence that sets exactly these attributes, `0` first. `extended` undefined: none.
 * Protection (DECSCA) is no SGR; see `isProtected`.
 */
export function sgrOf(fg: number, bg: number, extended: Extended | undefined): string {
  const parts = ["0"];
  for (const [bit, code] of FG_FLAGS) if (fg & bit) parts.push(code);
  for (const [bit, code] of BG_FLAGS) if (bg & bit) parts.push(code);
  if (fg & UNDERLINE) {
    const style = extended ? (extended._ext >> 26) & 7 : 1;
    parts.push(style > 1 ? `4:${style}` : "4");
  }
  parts.push(...colour(fg, 30), ...colour(bg, 40));
  if (extended) parts.push(...underlineColour(extended));
  return parts.join(";");
}

/** True for cells that DECSED and DECSEL leave alone. */
export function isProtected(bg: number): boolean {
  return (bg & PROTECTED) !== 0;
}
