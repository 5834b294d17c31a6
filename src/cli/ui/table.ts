// Aligned columns. Control characters are made harmless, wide characters counted, the last column cut to fit.
import { harmless } from "./text.ts";
import { cut, padded, widthOf } from "./width.ts";

/** One column; `paint` colours a cell after its width was measured. */
export interface Column<Row> {
  readonly head: string;
  cell(row: Row): string;
  paint?(text: string, row: Row): string;
}

/**
 * Lines of a table, the head first, two spaces between columns, no trailing blanks. With `width` the last column
 * is cut so that no line is wider; never below eight cells, so a narrow terminal wraps rather than shows nothing.
 */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], width?: number): string[] {
  const cells = rows.map((row) => columns.map((column) => harmless(column.cell(row))));
  const widths = columns.map((column, place) =>
    cells.reduce((most, line) => Math.max(most, widthOf(line[place] ?? "")), widthOf(column.head)),
  );
  const before = widths.slice(0, -1).reduce((sum, cell) => sum + cell + 2, 0);
  const room = width === undefined ? Number.POSITIVE_INFINITY : Math.max(8, width - before);
  const line = (texts: readonly string[], paint: (text: string, place: number) => string) =>
    texts
      .map((text, place) => {
        const last = place === columns.length - 1;
        const shown = last ? cut(text, room) : text;
        return paint(shown, place) + (last ? "" : " ".repeat((widths[place] ?? 0) - widthOf(shown) + 2));
      })
      .join("")
      .trimEnd();
  const head = line(
    columns.map((column) => column.head),
    (text) => text,
  );
  const body = cells.map((texts, at) => {
    const row = rows[at];
    return line(texts, (text, place) =>
      row === undefined ? text : (columns[place]?.paint?.(text, row) ?? text),
    );
  });
  return [head, ...body];
}

/** Two columns without a head, the first as wide as its widest, both indented; for help. */
export function pairs(rows: readonly (readonly [string, string])[], indent = "  ", gap = 3): string[] {
  const first = rows.reduce((most, [left]) => Math.max(most, widthOf(left)), 0) + gap;
  return rows.map(([left, right]) => `${indent}${padded(left, first)}${right}`.trimEnd());
}
