// The socket's name in the file system: bound aside, renamed into place, and only our own is ever removed.
// Only the holder of the lock comes here, so whoever listens on it now is no daemon of this home (DESIGN, decision 2).
import { lstatSync, renameSync, rmSync, unlinkSync } from "node:fs";
import { CovenError } from "../errors.ts";
import { codeOf, fileFailure } from "../os/file-failure.ts";
import { withUmask } from "../os/umask.ts";

/** A name that leads to us, until it is given up. */
export interface SocketName {
  /** Takes the name away if it still leads to what we bound. Never throws. */
  remove(): void;
}

/**
 * Lets `bind` listen on a path beside `path`, mode 0600, then renames it over whatever lies there: a stale socket, a plain
 * file, a link. `Bun.serve`'s `stop()` unlinks the path it bound, which by then is nobody's. `bind` must bind
 * synchronously. Throws `runtime_unavailable` when somebody answers on `path`, it is a directory, or the system refuses.
 */
export async function bindSocket<T>(
  path: string,
  bind: (temporary: string) => T,
): Promise<{ bound: T; name: SocketName }> {
  const temporary = `${path}.tmp`;
  const lying = kindOf(path);
  if (lying === "directory") {
    throw new CovenError("runtime_unavailable", `${path} is a directory; remove it.`, { socket: path });
  }
  if (lying !== "nothing" && (await somebodyListens(path))) {
    throw new CovenError(
      "runtime_unavailable",
      `Another program listens on ${path}; stop it first, or set COVEN_HOME to another directory.`,
      { socket: path },
    );
  }
  try {
    rmSync(temporary, { force: true, recursive: true });
    const bound = withUmask(0o177, () => bind(temporary));
    const { dev, ino } = lstatSync(temporary);
    renameSync(temporary, path);
    return { bound, name: { remove: () => removeOwn(path, dev, ino) } };
  } catch (error) {
    throw fileFailure(error, path);
  }
}

function kindOf(path: string): "nothing" | "directory" | "something" {
  try {
    return lstatSync(path).isDirectory() ? "directory" : "something";
  } catch (error) {
    if (codeOf(error) === "ENOENT") return "nothing";
    throw fileFailure(error, path);
  }
}

/** Any answer, silence included, means yes; only the system can say no. */
async function somebodyListens(path: string): Promise<boolean> {
  try {
    await fetch("http://coven/health", { unix: path, signal: AbortSignal.timeout(500) });
    return true;
  } catch (error) {
    return !["ENOENT", "ECONNREFUSED", "ENOTSOCK"].includes(codeOf(error));
  }
}

function removeOwn(path: string, dev: number, ino: number): void {
  try {
    const found = lstatSync(path);
    if (found.dev === dev && found.ino === ino) unlinkSync(path);
  } catch {
    // Gone already.
  }
}
