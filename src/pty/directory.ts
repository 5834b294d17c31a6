// A program starts in the very directory that its boundary was drawn around, whoever moves links about meanwhile.
import { accessSync, closeSync, constants, openSync, readlinkSync, realpathSync, statSync } from "node:fs";

/** open(2) of Linux: names a place without the right to read it, as chdir needs none. Node has no name for it. */
const O_PATH = 0x200000;

/** The directory cannot be worked in, or is no longer the one that was checked; one sentence. */
export class DirectoryError extends Error {
  override readonly name = "DirectoryError";
}

/**
 * Linux: runs `start` with a descriptor of the directory that has the canonical path `cwd` now, and closes it afterwards. Nobody can
 * put another directory in its place: it is named by the descriptor, or as `/proc/self/fd/N`, from here on. Throws `DirectoryError` when
 * `cwd` is missing, no directory, closed to us, or not canonical (any more), and when there is no /proc to ask.
 */
export function inDirectory<T>(cwd: string, start: (fd: number) => T): T {
  requireEnterable(cwd);
  const fd = open(cwd);
  try {
    requireCanonical(cwd, () => readlinkSync(`/proc/self/fd/${fd}`));
    return start(fd);
  } finally {
    closeSync(fd);
  }
}

/**
 * The same for a system or a call that takes only a path: `cwd` is looked at before and after `start`, whose child `undo` ends when it
 * is another directory by then. Throws as `inDirectory`.
 */
export function inDirectoryByPath<T>(cwd: string, start: () => T, undo: (started: T) => void): T {
  requireEnterable(cwd);
  requireCanonical(cwd, () => realpathSync.native(cwd));
  const started = start();
  try {
    requireCanonical(cwd, () => realpathSync.native(cwd));
  } catch (error) {
    undo(started);
    throw error;
  }
  return started;
}

/** The errors a kernel gives later would name the program. */
function requireEnterable(cwd: string): void {
  const shown = JSON.stringify(cwd);
  const found = statSync(cwd, { throwIfNoEntry: false });
  if (!found) throw new DirectoryError(`the working directory ${shown} does not exist`);
  if (!found.isDirectory()) throw new DirectoryError(`the working directory ${shown} is not a directory`);
  try {
    accessSync(cwd, constants.X_OK);
  } catch {
    throw new DirectoryError(`the working directory ${shown} may not be entered`);
  }
}

function open(cwd: string): number {
  try {
    return openSync(cwd, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    // Out of descriptors is the machine's trouble, not the directory's.
    if (code === "ENOTDIR" || code === "ELOOP" || code === "ENOENT") throw replaced(cwd);
    throw error;
  }
}

function requireCanonical(cwd: string, now: () => string): void {
  let lies: string;
  try {
    lies = now();
  } catch {
    throw replaced(cwd);
  }
  if (lies !== cwd) throw replaced(cwd);
}

function replaced(cwd: string): DirectoryError {
  return new DirectoryError(
    `the working directory ${JSON.stringify(cwd)} was moved, or a link was put in its place`,
  );
}
