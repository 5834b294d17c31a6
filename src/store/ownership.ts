// Having the ledger: a lock in the file itself, and whether the file is still where it was.
import { closeSync, constants, fstatSync, openSync, readlinkSync, statSync } from "node:fs";
import { CovenError } from "../errors.ts";
import { lockFile } from "../os/file-lock.ts";

/**
 * `emptied`: it is there, and holds nothing; `moved`: it has another name now; `unlinked`: none, and its place is free; `replaced`: none, and another
 * file is in its place.
 */
export type Whereabouts = "there" | "emptied" | "moved" | "unlinked" | "replaced";

export interface Ownership {
  /** Costs a stat. */
  where(): Whereabouts;
  /** Its name now, as far as the system says. */
  name(): string;
  /** The one that holds it. */
  readonly fd: number;
  /** Only after SQLite has closed the file: closing a descriptor drops its locks. */
  release(): void;
}

/**
 * Takes the ledger at `path`, which exists. The lock holds also where somebody has removed the daemon's own lock file: a second daemon would end the
 * sessions of the first. Throws `runtime_unavailable` (details `code` "owned", `path`) while another process has it.
 * `inherited`: the descriptor by which this process has it already, from the program before; of another file it is closed.
 */
export function takeOwnership(path: string, inherited?: number): Ownership {
  const fd = inheritedOf(path, inherited) ?? openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  if (fd !== inherited && !lockFile(fd, path)) {
    closeSync(fd);
    throw new CovenError(
      "runtime_unavailable",
      `Another daemon has the ledger ${path} open. When its socket was removed it answers again within a minute.`,
      { code: "owned", path },
    );
  }
  const mine = fstatSync(fd);
  return {
    fd,
    where() {
      const here = statAt(path);
      if (here === "unknown") return "there";
      // From its first page on a ledger is never empty.
      if (here && here.ino === mine.ino && here.dev === mine.dev)
        return here.size === 0 ? "emptied" : "there";
      if (fstatSync(fd).nlink > 0) return "moved";
      return here ? "replaced" : "unlinked";
    },
    name() {
      try {
        return process.platform === "linux" ? readlinkSync(`/proc/self/fd/${fd}`) : path;
      } catch {
        return path;
      }
    },
    release: () => closeSync(fd),
  };
}

function inheritedOf(path: string, fd: number | undefined): number | undefined {
  if (fd === undefined) return undefined;
  const here = statAt(path);
  const mine = fstatSync(fd);
  if (here && here !== "unknown" && here.ino === mine.ino && here.dev === mine.dev) return fd;
  closeSync(fd);
  return undefined;
}

/**
 * Whether the names of the ledger's write-ahead log and shared memory still lead to the files they lead to now, while it is open. Costs two stats. Without its name
 * the log is gone with the process, and other programs make one of their own.
 */
export function sideFilesOf(path: string): () => boolean {
  const sides = ["-wal", "-shm"].map((end) => ({ name: path + end, mine: statAt(path + end) }));
  return () =>
    sides.every(({ name, mine }) => {
      if (!mine || mine === "unknown") return true;
      const here = statAt(name);
      return here === "unknown" || (here?.ino === mine.ino && here.dev === mine.dev);
    });
}

/** `unknown` where nobody may look. */
function statAt(
  path: string,
): { readonly ino: number; readonly dev: number; readonly size: number } | undefined | "unknown" {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return "unknown";
  }
}
