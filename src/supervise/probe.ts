// Asks the socket, and only the socket, whether a daemon serves this home.
import { existsSync } from "node:fs";
import { covenClient, isEarlier, isUnreachable } from "../api/client.ts";
import type { DaemonIdentity } from "../daemon/identity.ts";
import { CovenError } from "../errors.ts";
import { fileFailure } from "../os/file-failure.ts";
import { API_VERSION } from "../version.ts";

/** What the socket says. */
export type Probe =
  | {
      readonly state: "running";
      readonly daemon: DaemonIdentity;
      readonly version: string;
      readonly apiVersion: string;
      /** It is of an earlier coven, and can't be asked to stop. */
      readonly earlier: boolean;
      /** It can be replaced with its sessions kept. */
      readonly inPlace: boolean;
    }
  /** Nobody listens. */
  | { readonly state: "stopped" }
  /** Somebody listens and said nothing within the deadline. */
  | { readonly state: "silent" };

/** How long a busy daemon may take for one answer before it counts as silent, in milliseconds. */
export const PROBE_MS = 5_000;

/** The system's words for "nobody listens". */
const NOBODY = ["ENOENT", "ECONNREFUSED", "ENOTSOCK", "ENOTDIR"];

/** What a listener does that is full, or just leaving: worth asking again. */
const PASSING = ["EAGAIN", "ECONNRESET", "EPIPE", "ConnectionClosed"];

/**
 * Asks `/health`, again while the one who listens hangs up. Throws `runtime_unavailable` (details `reason:
 * "stranger"`) when what answers is not a daemon of this contract, and where we may not even ask.
 */
export async function probe(socket: string, timeoutMs: number = PROBE_MS): Promise<Probe> {
  const deadline = performance.now() + timeoutMs;
  for (let hungUp = 0; ; ) {
    const left = deadline - performance.now();
    if (left <= 0) return { state: "silent" };
    try {
      return running(socket, await covenClient(socket, { timeoutMs: left, fresh: true }).health());
    } catch (error) {
      if (!isUnreachable(error))
        throw isCrowded(error) || !(error instanceof CovenError) ? error : stranger(socket);
      const cause = String(error.details?.["cause"]);
      // Not every system has a word of its own for "there is no such socket": Windows doesn't.
      if (NOBODY.includes(cause) || !existsSync(socket)) return { state: "stopped" };
      if (cause === "EACCES" || cause === "EPERM") throw fileFailure({ code: cause }, socket);
      if (cause === "timeout") return { state: "silent" };
      // A daemon on its way out hangs up once; who does it for a second never was one.
      if (!PASSING.includes(cause) || ++hungUp > 50) throw stranger(socket);
      await Bun.sleep(20);
    }
  }
}

/** A daemon that takes no connection now says so in place of `health`. */
export function isCrowded(error: unknown): error is CovenError {
  return error instanceof CovenError && error.details?.["reason"] === "no_descriptors";
}

function running(socket: string, health: unknown): Probe {
  // Whatever answers here need not be ours, so nothing of its shape is believed before it is seen.
  const seen = (health ?? {}) as {
    apiVersion?: unknown;
    covenVersion?: unknown;
    daemon?: unknown;
    capabilities?: { restart?: unknown } | null;
  };
  const daemon = (seen.daemon ?? {}) as Partial<Record<keyof DaemonIdentity, unknown>>;
  const { pid, startedAt } = daemon;
  if (seen.apiVersion !== API_VERSION || typeof pid !== "number" || typeof startedAt !== "string") {
    throw stranger(socket);
  }
  return {
    state: "running",
    daemon: { pid, startedAt, socket: typeof daemon.socket === "string" ? daemon.socket : socket },
    version: String(seen.covenVersion),
    apiVersion: API_VERSION,
    earlier: isEarlier(seen.capabilities),
    inPlace: seen.capabilities?.restart === "in_place",
  };
}

function stranger(socket: string): CovenError {
  return new CovenError(
    "runtime_unavailable",
    `What answers on ${socket} is not a daemon of ${API_VERSION}.`,
    {
      reason: "stranger",
      socket,
    },
  );
}
