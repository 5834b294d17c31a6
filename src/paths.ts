// Where everything lives: COVEN_HOME to every path. Touches no file.
import { posix, win32 } from "node:path";
import { CovenError } from "./errors.ts";

/** Every path of one Coven home; absolute. */
export interface CovenPaths {
  readonly home: string;
  readonly socket: string;
  readonly ledger: string;
  readonly lock: string;
  /** What the daemon says of itself; equals `health.daemon`. */
  readonly identity: string;
  readonly logs: string;
  readonly log: string;
  readonly config: string;
  /** Of coven 0.4; only ever read. */
  readonly earlierLedger: string;
  /** The manifests of coven 0.4; only ever read. */
  readonly earlierManifests: string;
  /** Who can read it may decide on approvals; src/owner-key.ts. */
  readonly ownerKey: string;
  /** Kept by others; see src/familiars.ts. */
  readonly familiars: string;
  /** Lines that were typed into the palette. */
  readonly history: string;
  /** Manifests of adapters the user added to the control plane; `adapters` is what 0.4 called its harnesses. */
  readonly controlAdapters: string;
  /** Manifests of harnesses the user added. */
  readonly harnesses: string;
  /** Git worktrees made for sessions, where the settings name no other place. */
  readonly worktrees: string;
}

/** The longest socket path the kernel takes, in bytes, with room for the `.tmp` it is bound under. Windows as Linux (afunix.h). */
const socketPathBytes = (platform: NodeJS.Platform) => (platform === "darwin" ? 103 : 107) - ".tmp".length;

/**
 * The paths of `COVEN_HOME`, else `~/.coven` (on Windows beneath `%USERPROFILE%`, whatever a Unix shell there calls HOME). Throws `invalid_request` when the home is not absolute or the
 * socket's path would be too long for the kernel, before anything is touched.
 */
export function covenPaths(
  env: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
): CovenPaths {
  const { isAbsolute, join } = platform === "win32" ? win32 : posix;
  const userHome =
    env[platform === "win32" ? "USERPROFILE" : "HOME"] || process.getBuiltinModule("node:os").homedir();
  const home = env["COVEN_HOME"] || join(userHome, ".coven");
  if (!isAbsolute(home)) {
    throw new CovenError(
      "invalid_request",
      `COVEN_HOME must be an absolute path, and ${JSON.stringify(home)} is not.`,
      {
        home,
      },
    );
  }
  const socket = join(home, "coven.sock");
  const bytes = Buffer.byteLength(socket);
  const limit = socketPathBytes(platform);
  if (bytes > limit) {
    throw new CovenError(
      "invalid_request",
      `The socket path ${socket} is ${bytes} bytes long; this system takes ${limit}. Set COVEN_HOME to a shorter directory.`,
      { home, bytes, limit },
    );
  }
  const logs = join(home, "logs");
  return {
    home,
    socket,
    ledger: join(home, "coven.db"),
    lock: join(home, "daemon.lock"),
    earlierLedger: join(home, "coven.sqlite3"),
    earlierManifests: join(home, "adapters"),
    ownerKey: join(home, "owner.key"),
    familiars: join(home, "familiars.toml"),
    identity: join(home, "daemon.json"),
    logs,
    log: join(logs, "daemon.log"),
    config: join(home, "config.toml"),
    history: join(home, "palette-history.jsonl"),
    controlAdapters: join(home, "control-adapters"),
    harnesses: join(home, "harnesses"),
    worktrees: join(home, "worktrees"),
  };
}
