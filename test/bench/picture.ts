// Owns the picture of the table: an SVG by hand, one band for each line, bars where there is somebody to compare with.
import { written } from "./figures.ts";
import { COLUMNS, circumstances, type Line, type Report } from "./table.ts";

const WIDTH = 1000;
const MARGIN = 24;
const BAR_X = 520;
const BAR_WIDTH = 220;
const ROW = 18;
const GAP = 14;

/** The whole table, as it is shown in the README. */
export function picture(report: Report): string {
  const bands: string[] = [];
  let y = MARGIN + 44;
  for (const line of report.lines) {
    const { svg, height } = band(line, y);
    bands.push(svg);
    y += height + GAP;
  }
  const foot = circumstances(report).split("\n");
  const words = foot.map((text, i) => label(MARGIN, y + 16 + i * 16, text, "small"));
  const height = y + 16 + foot.length * 16 + MARGIN;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="Coven measured beside other programs">
<style>text{font:13px system-ui,sans-serif;fill:#1f2328}.small{font-size:11px;fill:#59636e}.head{font-size:18px;font-weight:600}.mine{font-weight:600}.bar{fill:#b6bdc6}.own{fill:#7c3aed}.met{fill:#1a7f37}.unmet{fill:#cf222e}</style>
<rect width="${WIDTH}" height="${height}" rx="8" fill="#ffffff" stroke="#d1d9e0"/>
${label(MARGIN, MARGIN + 16, "Coven beside what people would use instead", "head")}
${bands.join("\n")}
${words.join("\n")}
</svg>
`;
}

function band(line: Line, y: number): { svg: string; height: number } {
  const names = COLUMNS.filter((name) => line.cells[name]);
  const most = Math.max(...names.map((name) => line.cells[name]?.value ?? 0));
  const bars = names.map((name, i) => {
    const cell = line.cells[name];
    if (!cell) return "";
    const at = y + i * ROW;
    const width = most > 0 ? Math.max(1, (cell.value / most) * BAR_WIDTH) : 1;
    const own = name === "coven";
    return (
      `<text x="${BAR_X - 8}" y="${at + 13}" text-anchor="end" class="${own ? "mine" : ""}">${name}</text>` +
      `<rect x="${BAR_X}" y="${at + 3}" width="${width.toFixed(1)}" height="${ROW - 6}" rx="2" class="${own ? "own" : "bar"}"/>` +
      label(BAR_X + width + 6, at + 13, written(cell), own ? "mine" : "")
    );
  });
  const wrapped = wrap(`${line.work} (${line.unit})`, 58);
  const verdict = line.met === undefined ? "" : line.met ? "met" : "unmet";
  const goal = `goal: ${line.goal}${line.met === undefined ? "" : line.met ? "  ✓" : "  ✗"}`;
  const text = [
    ...wrapped.map((words, i) => label(MARGIN, y + 13 + i * 16, words, "")),
    label(MARGIN, y + 13 + wrapped.length * 16, goal, `small ${verdict}`),
  ];
  return {
    svg: [...text, ...bars].join("\n"),
    height: Math.max(names.length * ROW, (wrapped.length + 1) * 16),
  };
}

function label(x: number, y: number, text: string, kind: string): string {
  return `<text x="${x.toFixed(0)}" y="${y.toFixed(0)}"${kind === "" ? "" : ` class="${kind}"`}>${escaped(text)}</text>`;
}

function wrap(text: string, columns: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines.at(-1) ?? "";
    if (last !== "" && last.length + word.length + 1 > columns) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  return lines;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
