// Repairs the ledger of a home whose daemon doesn't run, and puts the repaired one in its place where that is wanted.
import { existsSync, renameSync } from "node:fs";
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
    const original = `${ledger}.damaged-${new Date().toISOString().replace(/[-:]|\.\d+/g, "")}`;
    // The log first: a ledger without it would be read as if it had none.
    for (const end of ["-wal", ""]) if (existsSync(ledger + end)) renameSync(ledger + end, original + end);
    renameSync(output, ledger);
    return { ...report, output: ledger, original };
  } catch (error) {
    throw error instanceof CovenError ? error : fileFailure(error, output);
  } finally {
    lock.release();
  }
}
