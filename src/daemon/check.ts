// Could this program be the daemon of a home? Asked before the one that runs is stopped for it; nothing is written.
import { statfsSync } from "node:fs";
import { readConfig } from "../config.ts";
import { CovenError } from "../errors.ts";
import { environment } from "../os/environment.ts";
import { type CovenPaths, covenPaths } from "../paths.ts";
import { checkLedger, quickCheck } from "../store/inspect.ts";
import { ASKED, HANDOVER_VARIABLE, HANDOVER_VERSIONS } from "./handover.ts";
import { asCovenError, reporter } from "./report.ts";

/** A start writes its log, its recovery and sometimes a migration: never this much, in bytes. */
const LEAST_SPACE = 1024 * 1024;

/** Reports to whoever started this process whether a daemon could start now; resolves to the exit code. */
export function check(): number {
  const report = reporter(process.env);
  try {
    requireStartable(covenPaths(environment()));
    // A wrapper that takes the variable away would lose the sessions.
    const handover = process.env[HANDOVER_VARIABLE] === ASKED ? HANDOVER_VERSIONS : [];
    report({ outcome: "ready", handover });
    return 0;
  } catch (error) {
    report({ outcome: "failed", error: asCovenError(error) });
    return 1;
  }
}

/** In a process of its own, because SQLite can't be stopped in the middle of it: prints what `quickCheckOf` reads. */
export function printQuickCheck(ledger: string): number {
  console.log(JSON.stringify({ problem: quickCheck(ledger) ?? null }));
  return 0;
}

/** Throws what would keep a daemon of this program from starting: its settings, its ledger, no room on the disk. The lock is not looked at. */
export function requireStartable(paths: CovenPaths): void {
  readConfig(paths.config);
  // First: the ledger of a daemon that can only read, on a full disk, is locked.
  requireRoom(paths.home);
  checkLedger(paths.ledger);
}

function requireRoom(home: string): void {
  const { bavail, bsize } = statfsSync(home);
  if (bavail * bsize >= LEAST_SPACE) return;
  throw new CovenError(
    "runtime_unavailable",
    `The disk is full: a daemon that started in ${home} could record nothing. Free some space and try again.`,
    { code: "ENOSPC", path: home },
  );
}
