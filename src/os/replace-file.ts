// Files that appear under their name once they are complete, so that nobody ever reads half of one.
import { closeSync, fchmodSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";

/** A file while it is written. End it with exactly one of `commit` and `discard`. */
export interface Replacement {
  write(bytes: Uint8Array): void;
  /** Puts it in the place of what was there. `flush`: once the disk has it, so that a power failure leaves the old or the new one. */
  commit(flush?: boolean): void;
  /** Leaves what was there. */
  discard(): void;
}

/**
 * Begins a file beside `path`, with exactly this mode whatever the umask. A pipe or a device at `path` cannot be replaced:
 * it is written to as it is. A symbolic link to a file is replaced, not followed. All of this throws the file system's errors.
 */
export function beginReplacing(path: string, mode = 0o600): Replacement {
  const there = statSync(path, { throwIfNoEntry: false });
  const inPlace = there !== undefined && !there.isFile();
  const draft = inPlace ? path : `${path}.${process.pid}.tmp`;
  // Left behind by a process of the same id that crashed.
  if (!inPlace) rmSync(draft, { force: true });
  const fd = openSync(draft, inPlace ? "w" : "wx", mode);
  if (!inPlace) fchmodSync(fd, mode);
  return {
    write(bytes) {
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    },
    commit(flush = false) {
      try {
        try {
          if (flush) fsyncSync(fd);
        } finally {
          closeSync(fd);
        }
        if (!inPlace) renameSync(draft, path);
      } catch (error) {
        if (!inPlace) rmSync(draft, { force: true });
        throw error;
      }
    },
    discard() {
      closeSync(fd);
      if (!inPlace) rmSync(draft, { force: true });
    },
  };
}

/** Replaces a whole file; on an error what was there stays. Throws as `beginReplacing`. */
export function replaceFile(
  path: string,
  content: string | Uint8Array,
  options: { readonly mode?: number; readonly flush?: boolean } = {},
): void {
  const file = beginReplacing(path, options.mode);
  try {
    file.write(typeof content === "string" ? Buffer.from(content) : content);
  } catch (error) {
    file.discard();
    throw error;
  }
  file.commit(options.flush);
}
