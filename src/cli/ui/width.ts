// Owns how wide text is in a terminal, and cutting and filling it to a width.
import stringWidth from "string-width";

/** Cells the text takes in a terminal; wide characters take two. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

/** Cut to so many cells, the last one `…` when something went; never through the middle of a character. */
export function cut(text: string, cells: number): string {
  if (widthOf(text) <= cells) return text;
  if (cells < 1) return "";
  let out = "";
  let used = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    const width = widthOf(segment);
    if (used + width > cells - 1) break;
    out += segment;
    used += width;
  }
  return `${out}…`;
}

/** Filled up with spaces to so many cells. */
export function padded(text: string, cells: number): string {
  return text + " ".repeat(Math.max(0, cells - widthOf(text)));
}
