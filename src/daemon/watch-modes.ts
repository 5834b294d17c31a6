// The home stays private while the daemon lives: a mode somebody opened by mistake is closed again, and the log says so.
import { chmodSync, lstatSync } from "node:fs";
import type { CovenPaths } from "../paths.ts";
import type { Log, World } from "../session/ports/world.ts";
import { every } from "./world.ts";

const EVERY_MS = 60_000;
const OTHERS = 0o077;

/** Looks every minute; returns the way to stop. */
export function watchModes(
  paths: CovenPaths,
  { world, log }: { readonly world: Pick<World, "after">; readonly log: Log },
  everyMs: number = EVERY_MS,
): () => void {
  return every(world, everyMs, () => closeModes(paths, log));
}

/** Takes from others what home, socket, ledger and log grant them. Links and what isn't ours are left alone. Never throws. */
export function closeModes(paths: CovenPaths, log: Log): void {
  const { home, logs, log: lines, socket, ledger } = paths;
  for (const path of [home, logs, lines, socket, ledger, `${ledger}-wal`, `${ledger}-shm`]) {
    try {
      const found = lstatSync(path, { throwIfNoEntry: false });
      if (!found || found.isSymbolicLink() || found.uid !== process.getuid?.()) continue;
      if ((found.mode & OTHERS) === 0) continue;
      chmodSync(path, found.mode & 0o700);
      log.warn("mode_mended", { path, mode: (found.mode & 0o777).toString(8) });
    } catch (error) {
      log.warn("mode_not_mended", { path, reason: String(error) });
    }
  }
}
