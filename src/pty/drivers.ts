// Owns which driver of the PtyHost port is used.
import { CovenError } from "../errors.ts";
import type { PtyHost } from "../session/ports.ts";
import { bunPtyHost } from "./bun.ts";
import { nodePtyHost } from "./node-pty.ts";

const DRIVERS = { bun: bunPtyHost, "node-pty": nodePtyHost } as const satisfies Record<string, () => PtyHost>;

/**
 * The driver that `COVEN_PTY` names: `bun` (also when unset or empty) or `node-pty`. Throws `invalid_request` for any
 * other word (details: `known`), and `runtime_unavailable` when node-pty's binding is not built.
 */
export function ptyHost(env: Readonly<Record<string, string | undefined>>): PtyHost {
  const name = env["COVEN_PTY"] || "bun";
  if (name === "bun" || name === "node-pty") return DRIVERS[name]();
  const known = Object.keys(DRIVERS);
  throw new CovenError(
    "invalid_request",
    `COVEN_PTY must be ${known.join(" or ")}, and is ${JSON.stringify(name)}.`,
    {
      known,
    },
  );
}
