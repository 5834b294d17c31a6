// The Coven home: refuses an unsafe directory before anything is touched, makes a missing one, takes from others what they were granted.
import {
  accessSync,
  chmodSync,
  constants,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { CovenError } from "./errors.ts";
import { codeOf, fileFailure } from "./os/file-failure.ts";
import { withUmask } from "./os/umask.ts";
import type { CovenPaths } from "./paths.ts";

/** Windows makes modes up (666 for all): there a home is as private as where it lies, and `%USERPROFILE%` is. */
const MODES = process.platform !== "win32";
/** Bits that let anybody but the owner in. */
const OTHERS = MODES ? 0o077 : 0;
/** A directory made for everybody, like /tmp: all may write, and the sticky bit keeps each from the others' files. */
const SHARED = 0o1002;

/** What SQLite and the ledger put beside a file, and the name that the socket is bound under. */
const BESIDE = ["", "-wal", "-shm", "-ballast", ".tmp"];

/**
 * Makes sure that the home and its `logs` exist and are private: directories 0700, files 0600, whatever the umask; what
 * is ours and too open is mended. Throws `invalid_request` for a home that must not be used (a symbolic link, a
 * file, somebody else's, everybody's like /tmp, beneath a directory anybody may rewrite) and `runtime_unavailable` for
 * one that cannot be used now (not writable, read-only, disk full); nothing has been touched then.
 */
export function makeHome(paths: CovenPaths): void {
  // `resolve` drops a trailing slash: with it lstat would follow the link it is to find.
  const home = resolve(paths.home);
  const present = look(home);
  refuseUnsafe(home, present);
  try {
    // The modes below are exact only under a umask of ours.
    withUmask(OTHERS, () => {
      if (!present) mkdirSync(home, { recursive: true, mode: 0o700 });
      if (statSync(home).mode & OTHERS) makePrivate(home);
      makeDirectory(paths.logs);
      // In the home itself only what is ours by name: who names a directory in use by mistake keeps it as it was.
      const own = Object.values<string>({ ...paths }).filter((path) => path !== paths.home);
      for (const path of own.flatMap((one) => BESIDE.map((end) => one + end))) mend(path);
      for (const directory of [paths.logs, paths.harnesses, paths.controlAdapters]) mendEntries(directory);
    });
  } catch (error) {
    throw fileFailure(error, home);
  }
}

function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw fileFailure(error, path);
  }
}

/** Throws what `makeHome` would refuse, and touches nothing; a home that isn't there yet is fine. For doctor. */
export function checkHome(path: string): void {
  const home = resolve(path);
  refuseUnsafe(home, look(home));
}

function refuseUnsafe(home: string, present: Stats | undefined): void {
  if (present) {
    if (present.isSymbolicLink())
      throw refusal(home, "is a symbolic link; name the directory itself", "symlink");
    if (!present.isDirectory()) throw refusal(home, "is not a directory", "not_a_directory");
    const me = process.getuid?.();
    if (me !== undefined && present.uid !== me) {
      throw refusal(home, `belongs to another user (uid ${present.uid}, you are ${me})`, "foreign_owner");
    }
  }
  if (dirname(home) === home || (present && (present.mode & SHARED) === SHARED)) {
    throw refusal(home, "is shared with everybody; making it private would lock them out", "shared");
  }
  let ancestor = present ? home : existingAncestor(home);
  const trunk = ancestor;
  try {
    ancestor = realpathSync(ancestor);
    if (!statSync(ancestor).isDirectory())
      throw refusal(home, `lies beneath ${trunk}, which is no directory`, "not_a_directory");
    accessSync(ancestor, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw fileFailure(error, home);
  }
  if (present) ancestor = dirname(ancestor);
  for (; ; ancestor = dirname(ancestor)) {
    const { mode } = statSync(ancestor);
    // Without the sticky bit anybody could rename what lies in it and put a home of theirs there.
    if (MODES && mode & 0o002 && !(mode & 0o1000)) {
      throw refusal(
        home,
        `lies beneath ${ancestor}, which anybody may write to (no sticky bit)`,
        "unsafe_ancestor",
      );
    }
    if (ancestor === dirname(ancestor)) return;
  }
}

function existingAncestor(path: string): string {
  let ancestor = dirname(path);
  while (!look(ancestor) && ancestor !== dirname(ancestor)) ancestor = dirname(ancestor);
  return ancestor;
}

function mendEntries(directory: string): void {
  if (!look(directory)?.isDirectory()) return;
  for (const name of readdirSync(directory)) mend(join(directory, name));
}

/** Takes from others what a file of ours grants them. Links and other people's files are left as they are. */
function mend(path: string): void {
  const entry = look(path);
  if (!entry || entry.isSymbolicLink() || entry.uid !== (process.getuid?.() ?? entry.uid)) return;
  if (entry.mode & OTHERS) makePrivate(path);
}

function makePrivate(path: string): void {
  chmodSync(path, statSync(path).mode & 0o700);
  // Some file systems (FAT, some network mounts) say yes and change nothing.
  if (statSync(path).mode & OTHERS) {
    throw refusal(path, "cannot be made private: its file system keeps no modes", "no_modes");
  }
}

function look(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw fileFailure(error, path);
  }
}

function refusal(path: string, why: string, reason: string): CovenError {
  return new CovenError(
    "invalid_request",
    `COVEN_HOME cannot be used: ${path} ${why}. Set COVEN_HOME to a private directory of yours.`,
    { home: path, reason },
  );
}
