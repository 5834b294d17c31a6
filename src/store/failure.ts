// What a failure of SQLite or of the ledger's file means to a person: one CovenError per cause.
import { SQLiteError } from "bun:sqlite";
import { CovenError } from "../errors.ts";
import type { StorageState } from "../session/ports/ledger.ts";

/** What to say and do, by the primary code of SQLite that the extended one (`SQLITE_IOERR_WRITE`) begins with. */
const SENTENCES: readonly (readonly [code: string, sentence: (path: string) => string])[] = [
  [
    "SQLITE_FULL",
    (path) =>
      `The disk is full: nothing more can be recorded in ${path}. What was recorded is safe; free some space, or delete sessions with: coven sacrifice ID`,
  ],
  [
    "SQLITE_IOERR",
    (path) => `The ledger ${path} could not be read or written: the disk reported an error. Check the disk.`,
  ],
  [
    "SQLITE_READONLY",
    (path) => `The ledger ${path} cannot be written. Check its permissions and those of its directory.`,
  ],
  [
    "SQLITE_CANTOPEN",
    (path) => `The ledger ${path} cannot be opened. Check that its directory exists and is yours.`,
  ],
  ["SQLITE_PERM", (path) => `The ledger ${path} cannot be opened: permission denied.`],
  [
    "SQLITE_NOTADB",
    (path) =>
      `${path} is not a ledger, or its beginning is damaged. Stop the daemon, then: coven ledger repair`,
  ],
  [
    "SQLITE_CORRUPT",
    (path) => `The ledger ${path} is damaged. Stop the daemon, then: coven ledger repair   (works on a copy)`,
  ],
  ["SQLITE_BUSY", (path) => `Another program holds the ledger ${path} locked. Close it and try again.`],
  [
    "SQLITE_PROTOCOL",
    (path) => `The ledger ${path} cannot be locked. Put COVEN_HOME on a local disk, not on a network share.`,
  ],
  ["SQLITE_NOLFS", (path) => `The ledger ${path} is larger than its file system allows.`],
];

/** The code under which each state of the disk is refused; its sentence is that of the code. */
const CODES: Readonly<Record<Exclude<StorageState, "ok">, string>> = {
  full: "SQLITE_FULL",
  read_only: "SQLITE_READONLY",
  failing: "SQLITE_IOERR",
  detached: "detached",
};

/** Why nothing is written in this state: `runtime_unavailable` with details `storage`, `code`, `path` and, on a full disk, the bytes it `needs`. */
export function storageRefusal(
  storage: Exclude<StorageState, "ok">,
  path: string,
  { needs = 0, reading = false }: { readonly needs?: number; readonly reading?: boolean } = {},
): CovenError {
  const code = CODES[storage];
  const sentence =
    SENTENCES.find(([known]) => known === code)?.[1] ?? ((file) => `The ledger ${file} is not where it was.`);
  if (storage !== "full")
    return new CovenError("runtime_unavailable", sentence(path), { code, storage, path });
  const until = `until ${Math.ceil(needs / 1024 / 1024)} MB are free on it`;
  const message = reading
    ? `The disk is full: ${path} can only be read ${until}. Free some space; it is written again by itself.`
    : `The disk is full: nothing more is recorded in ${path} ${until}. What was recorded is safe; free some space, or delete sessions with: coven sacrifice ID`;
  return new CovenError("runtime_unavailable", message, { code, storage, path, needs });
}

/**
 * The error to throw for `cause`. A condition of the machine becomes `runtime_unavailable` with details `code`
 * (SQLite's or the system's own word) and `path`; anything else is a bug and comes back as it is.
 */
export function ledgerFailure(cause: unknown, path: string): unknown {
  if (!(cause instanceof SQLiteError)) return fileFailure(cause, path);
  const code = cause.code ?? "SQLITE_ERROR";
  const known = SENTENCES.find(([primary]) => code === primary || code.startsWith(`${primary}_`));
  return known ? new CovenError("runtime_unavailable", known[1](path), { code, path }) : cause;
}

/** The file itself is damaged. */
export function isDamage(cause: unknown): boolean {
  return cause instanceof SQLiteError && /^SQLITE_(CORRUPT|NOTADB)/.test(cause.code ?? "");
}

/** Runs `work` and throws what `ledgerFailure` makes of whatever it throws. */
export function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw ledgerFailure(cause, path);
  }
}

function fileFailure(cause: unknown, path: string): unknown {
  if (!(cause instanceof Error) || !("code" in cause) || !("syscall" in cause)) return cause;
  return new CovenError(
    "runtime_unavailable",
    `The ledger ${path} cannot be opened (${String(cause.code)}). Check its directory, its owner and its permissions.`,
    { code: cause.code, path },
  );
}
