// All that can be said of a home without a daemon, without starting or changing anything. For doctor.
import { lstatSync, type Stats, statfsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { readConfig } from "../config.ts";
import { missingOf, readAdapters } from "../control/external/manifest.ts";
import { readIdentity } from "../daemon/identity.ts";
import { isLocked } from "../daemon/lock.ts";
import { type CovenError, isCovenError } from "../errors.ts";
import { harnesses } from "../harness/harnesses.ts";
import type { ManifestProblem } from "../harness/manifest.ts";
import type { Questions } from "../harness/questions.ts";
import { checkHome } from "../home.ts";
import { fileFailure } from "../os/file-failure.ts";
import { type TerminalCount, terminalCount } from "../os/machine.ts";
import type { CovenPaths } from "../paths.ts";
import { selfCommand } from "../program.ts";
import { type DriverLimit, driverLimit, ptyHost } from "../pty/drivers.ts";
import type { HarnessInfo } from "../session/ports/harnesses.ts";
import { inspectLedger, type LedgerReport, ledgerSizes } from "../store/inspect.ts";
import { lockHolder } from "./holder.ts";

export { outputCheckOf } from "../store/inspect.ts";

/** What lies at a path; a link is not followed. */
export type FileKind = "directory" | "file" | "socket" | "link" | "other";

/** One path as it lies on the disk now. */
export interface Found {
  readonly kind: FileKind | "missing";
  /** The permission bits, null when it is missing. */
  readonly mode: number | null;
}

/** One of our files or directories, and what it should be. */
export interface SeenFile {
  readonly path: string;
  readonly wanted: "file" | "directory";
  readonly found: Found;
}

export interface Inspection {
  readonly home: Found & { readonly error: CovenError | null };
  readonly socket: Found;
  readonly config: {
    /** One sentence each: settings that are ignored. */
    readonly warnings: readonly string[];
    /** Why the daemon will not start with it, or null. */
    readonly error: CovenError | null;
  };
  /** What a start writes to, beside the socket and the lock. */
  readonly files: readonly SeenFile[];
  /** The daemon's note of itself lies there and can't be understood. */
  readonly noteDamaged: boolean;
  readonly ledger: {
    readonly file: Found;
    readonly report: LedgerReport;
    readonly ledgerBytes: number;
    readonly walBytes: number;
    /** Of the file system the home lies on (or will); null where it isn't told. */
    readonly freeBytes: number | null;
  };
  readonly lock: {
    readonly held: boolean;
    /** Who holds it, null where that can't be told. */
    readonly pid: number | null;
    /** Why nobody can tell, or null. */
    readonly error: CovenError | null;
  };
  readonly terminals: TerminalCount | null;
  /** What a daemon started from this shell could not do with terminals. */
  readonly terminalLimit: DriverLimit | undefined;
  /** As a run from this very shell would find them. */
  readonly harnesses: readonly HarnessInfo[];
  readonly manifestProblems: readonly ManifestProblem[];
  /** Of the control plane, as their manifests stand; what they need is looked up on the PATH of this very shell. */
  readonly adapters: {
    readonly adapters: readonly { readonly id: string; readonly missing: string | null }[];
    readonly problems: readonly ManifestProblem[];
  };
  /** As `HarnessRoom.questions`. */
  readonly questions: (id: string) => Questions | undefined;
}

/** Looks at everything once; `deep` checks every page of the ledger. Never throws for the state of the machine. */
export function inspect(
  paths: CovenPaths,
  env: Readonly<Record<string, string>>,
  options: { readonly deep?: boolean } = {},
): Inspection {
  const enabled = () => readConfig(paths.config).config["harness.enabled"];
  const room = harnesses({ manifestDir: paths.harnesses, self: selfCommand(), enabled });
  return {
    home: { ...found(paths.home), error: homeError(paths.home) },
    socket: found(paths.socket),
    config: configOf(paths.config),
    files: filesOf(paths),
    noteDamaged: isNoteDamaged(paths),
    ledger: {
      file: found(paths.ledger),
      ...ledgerOf(paths.ledger, options),
      freeBytes: freeBytes(paths.home),
    },
    lock: lockOf(paths),
    terminals: terminalCount(),
    terminalLimit: terminalLimit(),
    harnesses: room.list(env),
    manifestProblems: room.problems(),
    adapters: adaptersOf(paths.controlAdapters, env),
    questions: (id) => room.questions(id, env),
  };
}

/** How long a look at the pages of a ledger may take before it is given up, in milliseconds. */
const QUICK_CHECK_MS = 5_000;

/** What a quick check of a ledger's pages finds wrong; "unfinished" where that takes longer than five seconds. */
export async function quickCheckOf(
  ledger: string,
): Promise<{ readonly problem: string | null } | "unfinished"> {
  const child = Bun.spawn([...selfCommand(), "__quick-check", ledger], {
    stdio: ["ignore", "pipe", "ignore"],
    timeout: QUICK_CHECK_MS,
    killSignal: "SIGKILL",
  });
  const said = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) return "unfinished";
  const { problem }: { problem: string | null } = JSON.parse(said);
  return { problem };
}

function adaptersOf(directory: string, env: Readonly<Record<string, string>>): Inspection["adapters"] {
  const { manifests, problems } = readAdapters(directory);
  const adapters = manifests.map((one) => ({ id: one.id, missing: missingOf(one, env) ?? null }));
  return { adapters, problems };
}

function found(path: string): Found {
  try {
    const stat = lstatSync(path);
    return { kind: kindOf(stat), mode: stat.mode & 0o777 };
  } catch {
    // Not there, or not ours to see: the home's own check names the reason.
    return { kind: "missing", mode: null };
  }
}

/** Of what `lstat` says. */
export function kindOf(stat: Stats): FileKind {
  if (stat.isSymbolicLink()) return "link";
  if (stat.isDirectory()) return "directory";
  if (stat.isSocket()) return "socket";
  return stat.isFile() ? "file" : "other";
}

function configOf(path: string): Inspection["config"] {
  try {
    return { warnings: readConfig(path).warnings, error: null };
  } catch (error) {
    if (isCovenError(error)) return { warnings: [], error };
    throw error;
  }
}

/** The daemon's note lies there and can't be understood. */
function isNoteDamaged(paths: CovenPaths): boolean {
  return found(paths.identity).kind === "file" && readIdentity(paths.identity) === undefined;
}

function filesOf(paths: CovenPaths): SeenFile[] {
  const file = (path: string): SeenFile => ({ path, wanted: "file", found: found(path) });
  return [
    { path: paths.logs, wanted: "directory", found: followed(paths.logs) },
    ...[join(paths.logs, "daemon.stderr"), paths.identity, paths.log, paths.config].map(file),
    ...[paths.ledger, `${paths.ledger}-wal`].map(file),
  ];
}

/** A link to a directory serves as one. */
function followed(path: string): Found {
  const seen = found(path);
  if (seen.kind !== "link") return seen;
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ? { ...seen, kind: "directory" } : seen;
}

function lockOf(paths: CovenPaths): Inspection["lock"] {
  try {
    const held = isLocked(paths.lock);
    return { held, pid: held ? (lockHolder(paths) ?? null) : null, error: null };
  } catch (error) {
    return { held: false, pid: null, error: fileFailure(error, paths.lock) };
  }
}

function ledgerOf(
  path: string,
  options: { readonly deep?: boolean },
): Omit<Inspection["ledger"], "freeBytes" | "file"> {
  try {
    return { report: inspectLedger(path, options), ...ledgerSizes(path) };
  } catch (error) {
    // A part of its path is no directory, or may not be entered.
    return {
      report: { ok: false, reason: "unavailable", error: fileFailure(error, path) },
      ledgerBytes: 0,
      walBytes: 0,
    };
  }
}

function homeError(home: string): CovenError | null {
  try {
    checkHome(home);
    return null;
  } catch (error) {
    if (isCovenError(error)) return error;
    throw error;
  }
}

function freeBytes(home: string): number | null {
  for (let place = home; ; place = dirname(place)) {
    try {
      const { bavail, bsize } = statfsSync(place);
      return bavail * bsize;
    } catch {
      if (dirname(place) === place) return null;
    }
  }
}

function terminalLimit(): DriverLimit | undefined {
  try {
    return driverLimit(ptyHost(process.env).driver);
  } catch (error) {
    return { what: error instanceof Error ? error.message : String(error), next: "unset COVEN_PTY" };
  }
}
