// The socket's name in the file system: bound aside, renamed into place, and only our own is ever removed.
// Only the holder of the lock comes here, so whoever listens on it now is no daemon of this home (DESIGN, decision 2).
import { lstatSync, renameSync, rmSync, type Stats, unlinkSync } from "node:fs";
import { CovenError } from "../errors.ts";
import { codeOf, fileFailure } from "../os/file-failure.ts";
import { withUmask } from "../os/umask.ts";
import type { Log, World } from "../session/ports/world.ts";
import { every } from "./world.ts";

/** A name that leads to us, until it is given up. */
export interface SocketName {
  /** It leads to what we bound. */
  isOurs(): boolean;
  /** Takes the name away if it still leads to what we bound. Never throws. */
  remove(): void;
}

/**
 * Lets `bind` listen on a path beside `path`, mode 0600, then renames it over whatever lies there: a stale socket, a plain
 * file, a link. `Bun.serve`'s `stop()` unlinks the path it bound, which by then is nobody's. `bind` must bind
 * synchronously. Throws `runtime_unavailable` when somebody answers on `path`, it is a directory, or the system refuses. `wasOurs`: this process has listened
 * there until a moment ago, as another program; on a busy machine the question takes long, and sessions hang on the answer.
 */
export async function bindSocket<T>(
  path: string,
  bind: (temporary: string) => T,
  { wasOurs = false }: { readonly wasOurs?: boolean } = {},
): Promise<{ bound: T; name: SocketName }> {
  const temporary = `${path}.tmp`;
  const lying = kindOf(path);
  if (lying === "directory") {
    throw new CovenError("runtime_unavailable", `${path} is a directory; remove it.`, { socket: path });
  }
  if (!wasOurs && lying !== "nothing" && (await somebodyListens(path))) {
    throw new CovenError(
      "runtime_unavailable",
      `Another program listens on ${path}; stop it first, or set COVEN_HOME to another directory.`,
      { socket: path },
    );
  }
  try {
    rmSync(temporary, { force: true, recursive: true });
    const bound = withUmask(0o177, () => bind(temporary));
    const ours = lstatSync(temporary);
    renameSync(temporary, path);
    return {
      bound,
      name: { isOurs: () => leadsTo(path, ours), remove: () => removeOwn(path, ours) },
    };
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
    // A connection of its own: one that is kept open leads to who listened before.
    await fetch("http://coven/health", { unix: path, keepalive: false, signal: AbortSignal.timeout(500) });
    return true;
  } catch (error) {
    return !["ENOENT", "ECONNREFUSED", "ENOTSOCK"].includes(codeOf(error));
  }
}

/** A file system may give the number of a file that was removed to the next one at once, so the number alone proves nothing. */
function leadsTo(path: string, ours: Stats): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found?.isSocket()) return false;
  return found.dev === ours.dev && found.ino === ours.ino && found.birthtimeMs === ours.birthtimeMs;
}

function removeOwn(path: string, ours: Stats): void {
  try {
    if (leadsTo(path, ours)) unlinkSync(path);
  } catch {
    // Gone already.
  }
}

const LOOK_MS = 60_000;

/**
 * Looks every minute whether the path still leads to us, and binds it anew when it was removed or something else was put there: the sessions
 * would be out of reach for as long as the daemon lives. Where that can't be (its directory is gone, another program listens there) the log
 * says so and it is tried again. Returns the name as it is now, the way to bind it anew at once, and the way to stop.
 */
export function keepSocket(
  path: string,
  first: SocketName,
  listen: (temporary: string) => void,
  { world, log }: { readonly world: Pick<World, "after">; readonly log: Log },
): { name(): SocketName; renew(): Promise<void>; stop(): void } {
  let name = first;
  let stopped = false;
  const renew = async () => {
    try {
      const bound = await bindSocket(path, listen);
      if (stopped) bound.name.remove();
      else name = bound.name;
      log.warn("socket_bound_again", { socket: path });
    } catch (error) {
      log.error("socket_lost", {
        socket: path,
        reason: error instanceof Error ? error.message : String(error),
      });
    }
  };
  const stop = every(world, LOOK_MS, () => (name.isOurs() ? undefined : renew()));
  return {
    name: () => name,
    renew,
    stop() {
      stopped = true;
      stop();
    },
  };
}
