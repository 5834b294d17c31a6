// Files whose word counts because of who may write them: manifests, and the programs they name.
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import { sep } from "node:path";

/** Why others than its owner decide what stands there; undefined where nobody else does. What root owns is as good as one's own. */
export function openTo(path: string, stat = statOf(path)): string | undefined {
  if (!stat || process.platform === "win32") return undefined;
  if (stat.uid !== process.getuid?.() && stat.uid !== 0) return `belongs to another user (${stat.uid})`;
  const mode = stat.mode & 0o777;
  if ((mode & 0o022) === 0) return undefined;
  return `may be written by others (${mode.toString(8).padStart(4, "0")}): chmod go-w ${path}`;
}

/** Undefined for what can't be looked at: nothing is read from there then. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** The names of the JSON files in a directory, in order; none where it can't be read. */
export function jsonFiles(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith(".json") && !name.startsWith("."))
      .sort();
  } catch {
    return [];
  }
}

/**
 * The text of a file of a directory, of at most so many bytes; throws an Error that says why it doesn't count. A link may point inside the
 * directory, never out of it; a FIFO or device would block or lie, so only files count.
 */
export function readOwnFile(directory: string, file: string, mostBytes: number): string {
  const real = realpathSync(file);
  if (!real.startsWith(realpathSync(directory) + sep))
    throw new Error("is a link that leads out of the directory");
  const fd = openSync(real, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new Error("is not a regular file");
    const open = openTo(file, stat);
    if (open !== undefined) throw new Error(open);
    if (stat.size > mostBytes) throw new Error(`is larger than ${mostBytes} bytes`);
    const buffer = new Uint8Array(stat.size);
    const length = readSync(fd, buffer, 0, stat.size, 0);
    return new TextDecoder().decode(buffer.subarray(0, length));
  } finally {
    closeSync(fd);
  }
}
