// Small file systems of a test's own, for disks that are full: where this user and this machine let them be mounted.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Lack } from "./unless.ts";

/** `mount` with these words; false where it can't be done. */
export function mount(...words: readonly string[]): boolean {
  try {
    return Bun.spawnSync(["mount", ...words], { stderr: "ignore" }).exitCode === 0;
  } catch {
    return false;
  }
}

/** Takes it off again. */
export function unmount(place: string): void {
  // Lazily: a process that is just ending may still hold a file of it.
  Bun.spawnSync(["umount", "-l", place], { stderr: "ignore" });
}

/** For `testUnless`: what is lacking to mount a small file system. */
export function noMounts(): Lack {
  const place = mkdtempSync(join(tmpdir(), "cv-m-"));
  try {
    if (!mount("-t", "tmpfs", "-o", "size=64k", "none", place)) {
      return "a small file system can't be mounted here";
    }
    unmount(place);
    return undefined;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}
