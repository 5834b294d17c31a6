// How wide text is in a terminal, and cutting and filling it to a width. Bun.sliceAnsi and Bun.wrapAnsi would do the latter, but those
// of Bun 1.4.5 put a wide character across the edge and break emoji and syllables apart (test/cli/width.test.ts).

/** Cells the text takes in a terminal; wide characters take two. */
export const widthOf = (text: string): number => Bun.stringWidth(text);

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

/** A line as the rows it takes at this width; a blank one is one row. */
export function fold(line: string, cols: number): string[] {
  // Without wide or zero-width characters, cells are characters.
  if (line.length <= cols && widthOf(line) <= cols) return [line];
  const rows: string[] = [];
  let row = "";
  let used = 0;
  for (const { segment } of new Intl.Segmenter().segment(line)) {
    const width = widthOf(segment);
    if (used + width > cols && row !== "") {
      rows.push(row);
      row = "";
      used = 0;
    }
    row += segment;
    used += width;
  }
  return [...rows, row];
}

/** A text as lines no wider than this, broken between words where there is a blank, else inside a word. */
export function wrapped(text: string, cols: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (widthOf(longer) <= cols) {
      line = longer;
      continue;
    }
    if (line !== "") lines.push(line);
    const rows = fold(word, cols);
    lines.push(...rows.slice(0, -1));
    line = rows.at(-1) ?? "";
  }
  return [...lines, line];
}
