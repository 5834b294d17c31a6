// Owns that a harness starts in the very directory its boundary was drawn around, whoever moves links about meanwhile.
import { accessSync, closeSync, constants, openSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { signalProcess } from "../os/signal.ts";

/** open(2): names a place without the right to read it, as chdir needs none. Node has no name for it. */
const O_PATH = 0x200000;

/** The directory cannot be worked in, or is no longer the one that was checked; one sentence. */
export class DirectoryError extends Error {
  override readonly name = "DirectoryError";
}

/**
 * Runs `start` with a path that leads to the directory which has the canonical path `cwd` now. On Linux that is a descriptor's
 * name: the kernel says where the open directory lies, and nobody can put another in its place afterwards. Elsewhere
 * `cwd` itself, looked at before and after; `start` has then already happened when it throws, and its child is killed.
 * Throws `DirectoryError` when `cwd` is missing, no directory, closed to us, or not canonical (any more).
 */
export function within<T extends { readonly pid: number }>(cwd: string, start: (place: string) => T): T {
  requireEnterable(cwd);
  const fd = process.platform === "linux" ? opened(cwd) : undefined;
  if (fd === undefined) {
    requireCanonical(cwd, () => realpathSync.native(cwd));
    const child = start(cwd);
    try {
      requireCanonical(cwd, () => realpathSync.native(cwd));
    } catch (error) {
      // Our own child, and nobody has reaped it yet.
      signalProcess(child.pid, "SIGKILL", () => true);
      throw error;
    }
    return child;
  }
  try {
    const place = `/proc/self/fd/${fd}`;
    requireCanonical(cwd, () => readlinkSync(place));
    // In the child `self` is the child, which has the descriptor until it becomes the harness.
    return start(place);
  } finally {
    closeSync(fd);
  }
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

/** A descriptor of the directory, or undefined where there is no /proc to ask about it. */
function opened(cwd: string): number | undefined {
  if (!statSync("/proc/self/fd", { throwIfNoEntry: false })) return undefined;
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
