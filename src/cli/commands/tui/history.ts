// Lines that were typed into the palette, per project, in a file that only the person can read.
import { readFileSync } from "node:fs";
import { replaceFile } from "../../../os/replace-file.ts";
import type { CovenPaths } from "../../../paths.ts";

/** Lines kept for a project, and for all of them. */
const MOST_HERE = 200;
const MOST = 2_000;
/** A longer line is not kept, in characters. */
const LONGEST = 20_000;

interface Entry {
  readonly project: string;
  readonly line: string;
}

/** The lines of a project, the newest first, each once. */
export function historyOf(paths: CovenPaths, project: string): string[] {
  const lines = entries(paths)
    .filter((one) => one.project === project)
    .map((one) => one.line)
    .reverse();
  return [...new Set(lines)].slice(0, MOST_HERE);
}

/** Adds a line. A history that can't be written is no reason to stop anybody. */
export function remember(paths: CovenPaths, project: string, line: string): void {
  if (line.trim() === "" || line.length > LONGEST) return;
  const kept = entries(paths).filter((one) => one.project !== project || one.line !== line);
  const all: Entry[] = [...kept, { project, line }].slice(-MOST);
  try {
    replaceFile(paths.history, all.map((one) => `${JSON.stringify(one)}\n`).join(""));
  } catch {
    // A home that may not be written to, or is not there yet: the daemon makes it.
  }
}

function entries({ history }: CovenPaths): Entry[] {
  try {
    return readFileSync(history, "utf8").split("\n").flatMap(entryOf);
  } catch {
    return [];
  }
}

function entryOf(text: string): Entry[] {
  try {
    const one: unknown = JSON.parse(text);
    if (typeof one !== "object" || one === null || !("project" in one) || !("line" in one)) return [];
    const { project, line } = one;
    return typeof project === "string" && typeof line === "string" ? [{ project, line }] : [];
  } catch {
    return [];
  }
}
