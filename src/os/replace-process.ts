// This process goes on as another program: execve(2), and a file in memory that the next program finds open. Linux.
import { ptr } from "bun:ffi";
import { closeSync, fstatSync, readlinkSync, readSync, writeSync } from "node:fs";
import { keepNoLonger, keepOnExec } from "./descriptors.ts";
import { cString, cStrings, libc, requireLibc } from "./libc.ts";
import { holdBackSignals, unblockSignals } from "./signal-mask.ts";

const NEEDED = ["memfd_create", "execve", "fcntl", "pthread_sigmask"] as const;
const MFD_CLOEXEC = 1;

/** Whether this can be done here at all. */
export function canReplaceProcess(): boolean {
  return process.platform === "linux" && libc(...NEEDED) !== undefined;
}

/** A file that has no name in any directory, with this in it; `label` shows in /proc. Returns its descriptor. Throws where there is no memory for it. */
export function inMemory(label: string, content: string | Uint8Array): number {
  const fd = requireLibc("memfd_create").memfd_create(ptr(cString(label)), MFD_CLOEXEC);
  if (fd < 0) throw new Error("no file in memory could be made");
  try {
    const bytes = Buffer.from(content);
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, at);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** What `inMemory` wrote, read and closed; undefined where this descriptor is no such file with this label. */
export function takeFromMemory(label: string, fd: number): Uint8Array | undefined {
  try {
    if (!readlinkSync(`/proc/self/fd/${fd}`).startsWith(`/memfd:${label} `)) return undefined;
  } catch {
    return undefined;
  }
  try {
    const bytes = Buffer.alloc(fstatSync(fd).size);
    for (let at = 0; at < bytes.length; ) {
      const got = readSync(fd, bytes, at, bytes.length - at, at);
      if (got === 0) break;
      at += got;
    }
    return bytes;
  } finally {
    closeSync(fd);
  }
}

/**
 * Replaces this program: the pid, the children and the descriptors `kept` stay, every other but 0-2 is closed, signals that come meanwhile wait for
 * `unblockSignals`. Returns only when it could not: throws, with all as it was.
 */
export function replaceProcess(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  kept: readonly number[],
): never {
  const { execve } = requireLibc("execve");
  const program = cString(argv[0] ?? "");
  const words = cStrings(argv);
  const variables = cStrings(Object.entries(env).map(([name, value]) => `${name}=${value}`));
  try {
    keepOnExec(kept);
    holdBackSignals();
    execve(ptr(program), ptr(words.table), ptr(variables.table));
    throw new Error(
      `the system did not start ${argv[0]} in place of this program (${words.kept.length + variables.kept.length} strings)`,
    );
  } finally {
    unblockSignals();
    for (const fd of kept) keepNoLonger(fd);
  }
}
