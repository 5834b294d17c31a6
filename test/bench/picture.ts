// The picture of the table: an SVG by hand. Where there is somebody to compare with, a band of bars; the rest is a list.
import { written } from "./figures.ts";
import { COLUMNS, circumstances, type Line, type Report } from "./table.ts";

const WIDTH = 1000;
const MARGIN = 24;
const NAME_X = 500;
const BAR_WIDTH = 230;
const ROW = 18;
const GAP = 16;
/** A bar goes no further than this many times Coven's shortest of its band: one slow peer would hide all others. */
const MOST = 4;

/** Lines of one kind of work, the peers being measured once for all of them. */
type Band = readonly [Line, ...Line[]];

/** The whole table, as it is shown in the README. */
export function picture(report: Report): string {
  const drawn: string[] = [];
  let y = MARGIN + 44;
  const compared = report.lines.filter((line) => Object.keys(line.cells).length > 1);
  for (const lines of bandsOf(compared)) {
    const { svg, height } = band(lines, y);
    drawn.push(svg);
    y += height + GAP;
  }
  for (const line of report.lines) {
    if (compared.includes(line)) continue;
    drawn.push(entry(line, y));
    y += ROW + 2;
  }
  const foot = circumstances(report)
    .split("\n")
    .flatMap((text) => wrap(text, 150));
  const words = foot.map((text, i) => label(MARGIN, y + 24 + i * 16, text, "small"));
  const height = y + 24 + foot.length * 16 + MARGIN;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="Coven measured beside other programs">
<style>text{font:13px system-ui,sans-serif;fill:#1f2328}.small{font-size:11px;fill:#59636e}.head{font-size:18px;font-weight:600}.mine{font-weight:600}.bar{fill:#b6bdc6}.own{fill:#7c3aed}.met{fill:#1a7f37}.unmet{fill:#cf222e}</style>
<rect width="${WIDTH}" height="${height}" rx="8" fill="#ffffff" stroke="#d1d9e0"/>
${label(MARGIN, MARGIN + 16, "Coven beside what people would use instead", "head")}
${drawn.join("\n")}
${words.join("\n")}
</svg>
`;
}

/** Neighbours of the same work (before the colon) and the same peers go together. */
function bandsOf(lines: readonly Line[]): Band[] {
  const bands: [Line, ...Line[]][] = [];
  for (const line of lines) {
    const last = bands.at(-1);
    if (last && kindOf(last[0]) === kindOf(line) && peersOf(last[0]) === peersOf(line)) last.push(line);
    else bands.push([line]);
  }
  return bands;
}

function kindOf({ row, work, unit }: Line): string {
  return [row, work.split(": ")[0], unit].join("|");
}

function peersOf({ cells }: Line): string {
  return JSON.stringify({ ...cells, coven: undefined, rust: undefined });
}

function band(lines: Band, y: number): { svg: string; height: number } {
  const [first] = lines;
  const many = lines.length > 1;
  const bars = [
    ...COLUMNS.filter((name) => name !== "coven").flatMap((name) => {
      const cell = first.cells[name];
      return cell ? [{ name, cell, own: false, verdict: "" }] : [];
    }),
    ...lines.flatMap((line) => {
      const cell = line.cells["coven"];
      const way = many ? line.work.split(": ").slice(1).join(": ") : "coven";
      return cell
        ? [
            {
              name: way.startsWith("coven") ? way : `coven: ${way}`,
              cell,
              own: true,
              verdict: verdictOf(line),
            },
          ]
        : [];
    }),
  ];
  const shortest = Math.min(...bars.filter(({ own }) => own).map(({ cell }) => cell.value));
  const most = Math.min(MOST * shortest, Math.max(...bars.map(({ cell }) => cell.value)));
  const drawn = bars.map(({ name, cell, own, verdict }, i) => {
    const at = y + i * ROW;
    const width = most > 0 ? Math.max(1, (Math.min(cell.value, most) / most) * BAR_WIDTH) : 1;
    const mark = cell.value > most * 1.001 ? " …" : "";
    return (
      `<text x="${NAME_X - 8}" y="${at + 13}" text-anchor="end" class="${own ? "mine" : ""}">${escaped(name)}</text>` +
      `<rect x="${NAME_X}" y="${at + 3}" width="${width.toFixed(1)}" height="${ROW - 6}" rx="2" class="${own ? "own" : "bar"}"/>` +
      label(
        NAME_X + width + 6,
        at + 13,
        `${mark}${written(cell)} ${verdict}`,
        own ? `mine ${classOf(verdict)}` : "",
      )
    );
  });
  const title = many ? (first.work.split(": ")[0] ?? "") : first.work;
  const wrapped = wrap(`${title} (${first.unit})`, many ? 34 : 52);
  const goals = [...new Set(lines.map(({ goal }) => `goal: ${goal}`))];
  const text = [
    ...wrapped.map((words, i) => label(MARGIN, y + 13 + i * 16, words, "")),
    ...goals.map((goal, i) => label(MARGIN, y + 13 + (wrapped.length + i) * 16, goal, "small")),
  ];
  return {
    svg: [...text, ...drawn].join("\n"),
    height: Math.max(bars.length * ROW, (wrapped.length + goals.length) * 16),
  };
}

function entry(line: Line, y: number): string {
  const cell = line.cells["coven"];
  const verdict = verdictOf(line);
  return [
    label(MARGIN, y + 13, line.work, ""),
    cell
      ? label(NAME_X + 84, y + 13, `${written(cell)} ${line.unit} ${verdict}`, `mine ${classOf(verdict)}`)
      : "",
    label(NAME_X + 320, y + 13, `goal: ${line.goal}`, "small"),
  ].join("");
}

function verdictOf({ met }: Line): string {
  return met === undefined ? "" : met ? "✓" : "✗";
}

function classOf(verdict: string): string {
  return verdict === "✗" ? "unmet" : verdict === "✓" ? "met" : "";
}

function label(x: number, y: number, text: string, kind: string): string {
  return `<text x="${x.toFixed(0)}" y="${y.toFixed(0)}"${kind === "" ? "" : ` class="${kind.trim()}"`}>${escaped(text)}</text>`;
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
