// Owns where everything lives: COVEN_HOME to every path. Touches no file.
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
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
  /** Manifests of harnesses the user added. */
  readonly harnesses: string;
}

/** The longest socket path the kernel takes, in bytes, with room for the `.tmp` it is bound under. */
const SOCKET_PATH_BYTES = (process.platform === "darwin" ? 103 : 107) - ".tmp".length;

/**
 * The paths of `COVEN_HOME`, else `~/.coven`. Throws `invalid_request` when the home is not absolute or the
 * socket's path would be too long for the kernel, before anything is touched.
 */
export function covenPaths(env: Readonly<Record<string, string | undefined>> = process.env): CovenPaths {
  const home = env["COVEN_HOME"] || join(env["HOME"] || homedir(), ".coven");
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
  if (bytes > SOCKET_PATH_BYTES) {
    throw new CovenError(
      "invalid_request",
      `The socket path ${socket} is ${bytes} bytes long; this system takes ${SOCKET_PATH_BYTES}. Set COVEN_HOME to a shorter directory.`,
      { home, bytes, limit: SOCKET_PATH_BYTES },
    );
  }
  const logs = join(home, "logs");
  return {
    home,
    socket,
    ledger: join(home, "coven.db"),
    lock: join(home, "daemon.lock"),
    identity: join(home, "daemon.json"),
    logs,
    log: join(logs, "daemon.log"),
    config: join(home, "config.toml"),
    harnesses: join(home, "harnesses"),
  };
}
