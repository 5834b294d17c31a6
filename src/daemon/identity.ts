// daemon.json: what the daemon says of itself, for those who look without asking. A note, never evidence.
import { readFileSync, rmSync } from "node:fs";
import { fileFailure } from "../os/file-failure.ts";
import { replaceFile } from "../os/replace-file.ts";

/** Equals `health.daemon` (CONTRACT, `GET /health`). */
export interface DaemonIdentity {
  readonly pid: number;
  /** RFC 3339 UTC, milliseconds. */
  readonly startedAt: string;
  readonly socket: string;
}

/** Replaces the file as a whole, mode 0600. Throws `runtime_unavailable`. */
export function writeIdentity(path: string, identity: DaemonIdentity): void {
  try {
    replaceFile(path, `${JSON.stringify(identity)}\n`);
  } catch (error) {
    throw fileFailure(error, path);
  }
}

/** What stands there, or undefined when it is missing, unreadable or no identity. Never throws. */
export function readIdentity(path: string): DaemonIdentity | undefined {
  try {
    const found: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof found !== "object" || found === null) return undefined;
    if (!("pid" in found && "startedAt" in found && "socket" in found)) return undefined;
    const { pid, startedAt, socket } = found;
    if (typeof pid !== "number" || !Number.isInteger(pid) || pid <= 0) return undefined;
    if (typeof startedAt !== "string" || typeof socket !== "string") return undefined;
    return { pid, startedAt, socket };
  } catch {
    return undefined;
  }
}

/** Writes it anew where somebody has damaged or removed it; false where it is as it should be. Throws as `writeIdentity`. */
export function mendIdentity(path: string, identity: DaemonIdentity): boolean {
  const found = readIdentity(path);
  if (found && found.pid === identity.pid && found.startedAt === identity.startedAt) return false;
  writeIdentity(path, identity);
  return true;
}

/** Removes it if it is the one this process wrote. Never throws. */
export function removeIdentity(path: string, identity: DaemonIdentity): void {
  const found = readIdentity(path);
  if (found?.pid !== identity.pid || found.startedAt !== identity.startedAt) return;
  try {
    rmSync(path, { force: true });
  } catch {
    // A note that stays is stale, and stale notes harm nobody.
  }
}
