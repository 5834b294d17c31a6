// The table: what a line of it is, and how it is printed for people and for programs.
import { type Figure, short, written } from "./figures.ts";

/** One line: a piece of work, what each contestant took for it, and what Coven must reach. */
export interface Line {
  readonly row: string;
  readonly work: string;
  /** `ms`, `MB/s`, `MB`, … */
  readonly unit: string;
  /** By contestant: floor, dtach, screen, script, tmux, rust, coven. */
  readonly cells: Readonly<Record<string, Figure>>;
  /** In words, with the number. */
  readonly goal: string;
  readonly met: boolean | undefined;
  /** Coven against the peer the goal names, pairwise. */
  readonly against?: { readonly name: string; readonly ratio: Figure };
  /** What must stand beside the number. */
  readonly note?: string;
}

/** Everything a run found out. */
export interface Report {
  readonly machine: string;
  readonly when: string;
  readonly versions: Readonly<Record<string, string>>;
  /** How busy the processors were before each row, 0..1, and the load averages. */
  readonly busy: Readonly<Record<string, { readonly share: number; readonly load: string }>>;
  readonly lines: readonly Line[];
}

export const COLUMNS = ["floor", "dtach", "screen", "script", "tmux", "rust", "coven"] as const;

/** As Markdown: it is read as it stands, and pasted where it is wanted. */
export function markdown(report: Report): string {
  const columns = COLUMNS.filter((name) => report.lines.some((line) => line.cells[name]));
  const rows = report.lines.map((line) => [
    line.work,
    line.unit,
    ...columns.map((name) => {
      const cell = line.cells[name];
      return cell ? written(cell) : "";
    }),
    line.against
      ? `${short(line.against.ratio.value)} ±${short(line.against.ratio.spread)} x ${line.against.name}`
      : "",
    line.goal,
    line.met === undefined ? "" : line.met ? "yes" : "NO",
    line.note ?? "",
  ]);
  const head = ["work", "unit", ...columns, "ratio", "goal", "met", "note"];
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const text = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  return [text(head), `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`, ...rows.map(text)].join(
    "\n",
  );
}

/** What stands above and below the table. */
export function circumstances(report: Report): string {
  const versions = Object.entries(report.versions).map(([name, version]) => `${name} ${version}`);
  const shares = Object.values(report.busy).map(({ share }) => share);
  const most = shares.length === 0 ? 0 : Math.max(...shares);
  const mean = shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length);
  const load = Object.values(report.busy).at(-1)?.load ?? "";
  return [
    `${report.when}, ${report.machine}. ${versions.join(", ")}.`,
    `Processors busy with other work before the rows: ${percent(mean)} on average, at most ${percent(most)}; load at the end ${load}.`,
    "Medians ± half the distance between the quartiles; `a / b` is median / 99th percentile. Ratios are medians of pairs taken in turns.",
  ].join("\n");
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
