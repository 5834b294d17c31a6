// Which driver of the PtyHost port is used.
import { CovenError } from "../errors.ts";
import type { PtyHost } from "../session/ports/pty.ts";
import { bunPtyHost } from "./bun.ts";
import { nodePtyHost } from "./node-pty.ts";
import { posixPtyHost } from "./posix.ts";

const DRIVERS = {
  posix: () => posixPtyHost() ?? absent(),
  bun: bunPtyHost,
  "node-pty": nodePtyHost,
} as const satisfies Record<string, () => PtyHost>;

/**
 * The driver that `COVEN_PTY` names: `posix`, `bun` or `node-pty`; unset or empty, `posix` where it can be had and `bun` elsewhere. Throws
 * `invalid_request` for any other word (details: `known`), and `runtime_unavailable` when the one named can't be had.
 */
export function ptyHost(env: Readonly<Record<string, string | undefined>>): PtyHost {
  const name = env["COVEN_PTY"];
  if (!name) return posixPtyHost() ?? bunPtyHost();
  if (name === "posix" || name === "bun" || name === "node-pty") return DRIVERS[name]();
  const known = Object.keys(DRIVERS);
  throw new CovenError(
    "invalid_request",
    `COVEN_PTY must be ${known.slice(0, -1).join(", ")} or ${known.at(-1)}, and is ${JSON.stringify(name)}.`,
    { known },
  );
}

/** Why terminals here can't be had the best way. */
export interface DriverLimit {
  readonly what: string;
  /** What would help; null where nothing does. */
  readonly next: string | null;
}

/** For doctor: what the chosen driver can't do, undefined for one that lacks nothing. */
export function driverLimit(
  driver: string,
  platform: NodeJS.Platform = process.platform,
): DriverLimit | undefined {
  if (driver !== "bun") return undefined;
  const what =
    "Bun reads the terminals: a program that prints without end holds up other sessions, and a full disk can't hold it back";
  return { what, next: platform === "linux" ? "unset COVEN_PTY, or use glibc 2.29 or later" : null };
}

function absent(): never {
  throw new CovenError(
    "runtime_unavailable",
    "COVEN_PTY=posix needs Linux and a C library with posix_spawn_file_actions_addfchdir_np (glibc 2.29 or later, musl). Without COVEN_PTY the driver that works here is used.",
  );
}
