// What can be read of a home without a daemon: its files, the end of its logs, its records. For diagnostics.
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { CovenPaths } from "../paths.ts";
import type { Session } from "../session/session.ts";
import { idsMeant, type KeptOutput, lastOutput, newestRecords } from "../store/records.ts";
import { type FileKind, kindOf } from "./inspect.ts";

/** One entry of the home. */
export interface HomeEntry {
  /** Beneath the home; `.` is the home itself. */
  readonly name: string;
  readonly kind: FileKind;
  /** Octal, as `ls` would say. */
  readonly mode: string;
  readonly bytes: number;
  readonly ours: boolean;
  readonly changed: string;
}

const MOST_ENTRIES = 500;

/** Everything in the home and one level below it, at most 500 entries; nothing when there is no home. */
export function homeLayout(home: string): HomeEntry[] {
  const found: HomeEntry[] = [];
  const add = (name: string, depth: number): void => {
    if (found.length >= MOST_ENTRIES) return;
    const stat = lstatSync(join(home, name), { throwIfNoEntry: false });
    if (!stat) return;
    const kind = kindOf(stat);
    const ours = stat.uid === (process.getuid?.() ?? stat.uid);
    const mode = (stat.mode & 0o7777).toString(8).padStart(4, "0");
    found.push({ name, kind, mode, bytes: stat.size, ours, changed: stat.mtime.toISOString() });
    if (kind !== "directory" || depth === 2) return;
    for (const entry of entriesOf(join(home, name))) add(join(name, entry), depth + 1);
  };
  add(".", 0);
  return found;
}

/** The end of a file as text, whole lines; undefined when it can't be read. */
export async function endOf(path: string, most: number): Promise<string | undefined> {
  try {
    const file = Bun.file(path);
    const before = Math.max(0, file.size - most);
    const text = await file.slice(before).text();
    return before > 0 ? text.slice(text.indexOf("\n") + 1) : text;
  } catch {
    return undefined;
  }
}

/** What the ledger keeps of sessions, read beside whoever has it open. */
export interface LedgerEvidence {
  /** Newest first. */
  readonly records: readonly Session[];
  /** The full id of the session that is called so, else those that begin so, at most two. */
  ids(typed: string): string[];
  output(id: string, most: number): KeptOutput;
}

/** The evidence in the ledger, or a sentence on why there is none. */
export function ledgerEvidence(paths: CovenPaths, most: number): LedgerEvidence | string {
  try {
    if (!lstatSync(paths.ledger, { throwIfNoEntry: false })) return "There is no ledger yet.";
    return {
      records: newestRecords(paths.ledger, most),
      ids: (typed) => idsMeant(paths.ledger, typed),
      output: (id, bytes) => lastOutput(paths.ledger, id, bytes),
    };
  } catch (error) {
    return `The ledger could not be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return [];
  }
}
