// What git's own files say of a directory: its checkout, branch and commit. No program is run, so a route may ask (decision 43).
import { closeSync, constants, fstatSync, openSync, readSync, realpathSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Checkout } from "../session/ports/checkouts.ts";

/** What stands in a pointer, a HEAD or a ref. */
const SMALL = 8 * 1024;
/** Of half a million packed refs. */
const MOST_PACKED = 32 * 1024 * 1024;
/** A ref that names a ref that names a ref: more is a loop. */
const MOST_HOPS = 5;

const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** A checkout with where git keeps what is of it alone, and what it shares with others of the same repository. */
export interface CheckoutPlace extends Checkout {
  /** Absolute. */
  readonly gitDirectory: string;
  /** Absolute; equal to `gitDirectory` but in a worktree beside the first. */
  readonly commonDirectory: string;
}

/** The checkout that a canonical directory lies in; undefined outside of any, and where git's files can't be understood. Never throws. */
export function checkoutOf(directory: string): CheckoutPlace | undefined {
  for (let here = directory; ; here = dirname(here)) {
    const gitDirectory = gitDirectoryIn(here);
    if (gitDirectory !== undefined) return describe(here, gitDirectory);
    if (dirname(here) === here) return undefined;
  }
}

/** Where the `.git` of a directory leads; it is a directory, or the file of a worktree or submodule. */
function gitDirectoryIn(directory: string): string | undefined {
  const path = join(directory, ".git");
  try {
    if (statSync(path).isDirectory()) return realpathSync(path);
  } catch {
    return undefined;
  }
  const target = /^gitdir: (.+)$/s.exec(smallFile(path)?.trimEnd() ?? "")?.[1];
  return target === undefined ? undefined : real(resolve(directory, target));
}

function describe(root: string, gitDirectory: string): CheckoutPlace {
  const common = smallFile(join(gitDirectory, "commondir"))?.trimEnd();
  const commonDirectory = common ? real(resolve(gitDirectory, common)) : gitDirectory;
  const head = smallFile(join(gitDirectory, "HEAD"))?.trimEnd() ?? "";
  const ref = /^ref: *(refs\/.+)$/.exec(head)?.[1];
  const place = { root, gitDirectory, commonDirectory };
  return {
    ...place,
    branch: ref?.startsWith("refs/heads/") ? ref.slice("refs/heads/".length) : null,
    commit: ref === undefined ? commitIn(head) : commitOf(place, ref),
    isLinked: isLinked(place),
  };
}

/** Git knows this directory as a worktree: the two name each other. */
function isLinked({
  root,
  gitDirectory,
  commonDirectory,
}: Omit<CheckoutPlace, keyof Checkout> & { root: string }) {
  if (dirname(gitDirectory) !== join(commonDirectory, "worktrees")) return false;
  const back = smallFile(join(gitDirectory, "gitdir"))?.trimEnd();
  return back !== undefined && back !== "" && real(resolve(gitDirectory, back)) === join(root, ".git");
}

/** The commit a ref stands for; null for one that doesn't exist (yet). */
function commitOf(
  place: Pick<CheckoutPlace, "gitDirectory" | "commonDirectory">,
  name: string,
): string | null {
  let ref = name;
  for (let hop = 0; hop < MOST_HOPS; hop++) {
    if (/(^|\/)\.{1,2}(\/|$)|\0/.test(ref)) return null;
    const loose = smallFile(join(place.gitDirectory, ref)) ?? smallFile(join(place.commonDirectory, ref));
    if (loose === undefined) return packedCommit(join(place.commonDirectory, "packed-refs"), ref);
    const next = /^ref: *(refs\/.+)$/.exec(loose.trimEnd())?.[1];
    if (next === undefined) return commitIn(loose.trimEnd());
    ref = next;
  }
  return null;
}

function packedCommit(path: string, ref: string): string | null {
  const packed = regularFile(path, MOST_PACKED);
  const at = packed?.indexOf(` ${ref}\n`) ?? -1;
  if (!packed || at < 0) return null;
  const line = packed.lastIndexOf("\n", at);
  return commitIn(packed.toString("latin1", line + 1, at));
}

function commitIn(text: string): string | null {
  return COMMIT.test(text) ? text : null;
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function smallFile(path: string): string | undefined {
  return regularFile(path, SMALL)?.toString("utf8");
}

/** The content of a plain file; undefined for anything else, also a pipe that would be waited for, and for one that is larger. */
function regularFile(path: string, most: number): Buffer | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch {
    return undefined;
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile() || stat.size > most) return undefined;
    const bytes = Buffer.alloc(stat.size);
    return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, 0));
  } catch {
    return undefined;
  } finally {
    closeSync(fd);
  }
}
