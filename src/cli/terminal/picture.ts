// Puts a screen into a terminal in which other things stand already, so that they stay in its scrollback.
import { type Drawn, draw, hasText, type Page, type Picture } from "../../vt/picture.ts";
import { widthOf } from "../ui/width.ts";

/** What to write, and whether the program then has the whole primary screen (its rows are the terminal's). */
export interface Placed extends Drawn {
  readonly framed: boolean;
}

/** How the terminal stands when the picture comes; its modes are a fresh terminal's. */
export interface Stand {
  readonly rows: number;
  readonly cols: number;
  /** The program had the whole screen before: it is clear, and the cursor at home. Else the cursor begins an empty line. */
  readonly framed: boolean;
  /** The program needs the whole primary screen even if there is nothing on it yet. */
  readonly whole: boolean;
  /** It began just now: the few lines it has printed stand where they would without us. */
  readonly fresh: boolean;
}

/**
 * For a terminal of the picture's size. A program that shows its alternate screen, or nothing so far, leaves the primary screen to
 * what is there; any other gets all of it, and what was there is scrolled up.
 */
export function placed(picture: Picture, { rows, cols, framed, whole, fresh }: Stand): Placed {
  if (framed) return { ...draw(picture), framed };
  const { primary, alternate, cursor } = picture;
  if (alternate) {
    if (!hasText(primary)) return { ...draw(picture, { primary: false }), framed: false };
  } else if (!whole && isUntouched(picture)) {
    return { ...draw(picture, { cursor: "here" }), framed: false };
  } else if (!whole && fresh && flows(primary, cols, rows)) {
    const down = cursor.y - (primary.lines.length - 1);
    return { ...draw(picture, { cursor: down }), framed: false };
  }
  const drawn = draw(picture);
  return { ...drawn, text: wholeScreen(rows) + drawn.text, framed: true };
}

/** Scrolls up what stands on the screen, down to the cursor's line and no further, and goes home. */
export function wholeScreen(rows: number): string {
  return `\r\x1b[J${"\n".repeat(Math.max(0, rows - 1))}\x1b[H`;
}

/** Nothing stands anywhere but line after line, so that any rows will do. */
function flows({ lines, margins, tabs, saved }: Page, cols: number, rows: number): boolean {
  if (margins || tabs || saved.x > 0 || saved.y > 0 || lines.length > rows) return false;
  // A line that wraps takes more rows than we can tell.
  return lines.every((line) => {
    const cells = line.map(([content]) => (typeof content === "number" ? content : widthOf(content)));
    return cells.reduce((sum, one) => sum + one, 0) < cols;
  });
}

/** Nothing was printed, and the cursor is where it was at first. */
function isUntouched({ primary, cursor }: Picture): boolean {
  const { margins, tabs, saved } = primary;
  return (
    !hasText(primary) && !margins && !tabs && [cursor.x, cursor.y, saved.x, saved.y].every((n) => n === 0)
  );
}
