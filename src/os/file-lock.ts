// A lock on a file itself, whatever its name is: the kernel drops it with the process that holds it.
import { fstatSync, statfsSync } from "node:fs";
import { libc } from "./libc.ts";

const LOCK_EX_NB = 2 | 4;
/** NFS, SMB, CIFS: there the kernel makes it of the very locks that SQLite uses, and they would get in each other's way. */
const NETWORK = new Set([0x6969, 0x517b, 0xff53_4d42, 0xfe53_4d42]);

/**
 * Takes it for the opening that `fd` belongs to; false when another opening of this file has it. Other programs may still read and write it. True also
 * where there is no such lock: Windows, network file systems (`path` says which it is).
 */
export function lockFile(fd: number, path: string): boolean {
  if (process.platform === "win32" || NETWORK.has(statfsSync(path).type)) return true;
  const flock = libc("flock")?.flock;
  if (!flock || flock(fd, LOCK_EX_NB) === 0) return true;
  // It failed: because somebody has it, or because this is no file that can be locked.
  return !fstatSync(fd).isFile();
}
