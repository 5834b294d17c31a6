// Repairs the ledger of a home whose daemon doesn't run, and puts the repaired one in its place where that is wanted.
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
} from "node:fs";
import { tryLock } from "../daemon/lock.ts";
import { CovenError } from "../errors.ts";
import { fileFailure } from "../os/file-failure.ts";
import type { CovenPaths } from "../paths.ts";
import { type RepairReport, repairLedger } from "../store/repair.ts";

export interface Repaired extends RepairReport {
  /** Where the original was moved; null where it stays in its place. */
  readonly original: string | null;
}

/**
 * Repairs into `output`; with `replace` the original is moved beside (`coven.db.damaged-…`) and the repaired one takes its place. No daemon can start
 * meanwhile. Throws `runtime_unavailable` while one runs, where there is no ledger, and what `repairLedger` throws.
 */
export function repairHome(
  paths: CovenPaths,
  { output, replace }: { readonly output: string; readonly replace: boolean },
): Repaired {
  const { ledger } = paths;
  if (!existsSync(ledger)) {
    throw new CovenError("runtime_unavailable", `There is no ledger at ${ledger}.`, { path: ledger });
  }
  const lock = tryLock(paths.lock);
  if (!lock) {
    const hint = "coven daemon stop";
    throw new CovenError("runtime_unavailable", "The daemon runs, and writes to the ledger.", {
      hint,
      path: ledger,
    });
  }
  try {
    const report = repairLedger(ledger, output);
    if (!replace || report.output === null) return { ...report, original: null };
    return { ...report, output: ledger, original: putInPlace(ledger, output) };
  } catch (error) {
    throw error instanceof CovenError ? error : fileFailure(error, output);
  } finally {
    lock.release();
  }
}

/**
 * Gives `repaired` the place of the ledger and returns the original's new name. All that can fail comes before the first change: the repaired one lies
 * beside the ledger by then, on the disk, and the original and its log have their second names. A crash in between leaves the original in its place, at the worst without
 * its log, and both under the second name.
 */
function putInPlace(ledger: string, repaired: string): string {
  const original = `${ledger}.damaged-${new Date().toISOString().replace(/[-:]|\.\d+/g, "")}`;
  const beside = `${ledger}.tmp`;
  rmSync(beside, { force: true });
  try {
    copyBeside(repaired, beside);
    for (const end of ["", "-wal"]) if (existsSync(ledger + end)) linkSync(ledger + end, original + end);
    // The repaired one has no log, and would take this one for its own.
    rmSync(`${ledger}-wal`, { force: true });
    renameSync(beside, ledger);
    rmSync(repaired, { force: true });
    return original;
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}

/** It may lie on another file system. */
function copyBeside(from: string, to: string): void {
  copyFileSync(from, to);
  chmodSync(to, 0o600);
  const fd = openSync(to, "r+");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
