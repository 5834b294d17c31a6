// The project of a run: the nearest directory upwards with a .git, else the one it starts in.
import { existsSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { checkoutOf } from "../../git/checkout.ts";
import { worktreesName } from "../../git/worktrees-name.ts";
import type { Session } from "../../session/session.ts";
import { Failure } from "../ui/failure.ts";
import { quoted } from "../ui/text.ts";
import { workingDirectory } from "../ui/working-directory.ts";

/** Where a run happens. The daemon checks again that the one lies within the other. */
export interface Place {
  /** Absolute. */
  readonly projectRoot: string;
  /** Absolute, equal to or beneath the root unless `--cwd` led outside. */
  readonly cwd: string;
  /** Whether a .git was found (a directory, or the file of a worktree or submodule). */
  readonly isRepository: boolean;
}

/** The nearest ancestor of a directory, itself included, that has a `.git`; undefined when none has. */
function repositoryOf(directory: string): string | undefined {
  for (let here = directory; ; here = dirname(here)) {
    if (existsSync(join(here, ".git"))) return here;
    if (dirname(here) === here) return undefined;
  }
}

/**
 * The project of where the person stands, and the directory to start in. `--cwd` is taken relative to where they
 * stand and never moves the root: outside of it the daemon refuses. Throws `Failure` when either doesn't exist.
 */
export function placeOf(from: string, cwd: string | undefined): Place {
  const here = real(from);
  const there = cwd === undefined ? here : real(resolve(from, cwd));
  const root = repositoryOf(here);
  return { projectRoot: root ?? here, cwd: there, isRepository: root !== undefined };
}

function real(directory: string): string {
  let path: string;
  try {
    path = realpathSync(directory);
  } catch {
    throw new Failure(`There is no directory ${quoted(directory)}.`, [
      "--cwd with a directory inside the project",
    ]);
  }
  if (!statSync(path).isDirectory()) throw new Failure(`${quoted(directory)} is not a directory.`, ["ls"]);
  return path;
}

/** The project of the current directory; undefined where that directory is gone. */
export function placeHere(): Place | undefined {
  try {
    return placeOf(workingDirectory(), undefined);
  } catch {
    return undefined;
  }
}

const names = new Map<string, string | null>();

/** Whether a session has a git worktree of the repository whose first checkout this canonical directory is. */
export function isInWorktreeOf({ worktree }: Session, root: string): boolean {
  if (worktree === null) return false;
  let name = names.get(root);
  if (name === undefined) {
    const checkout = checkoutOf(root);
    name = checkout?.root === root && !checkout.isLinked ? worktreesName(checkout.commonDirectory) : null;
    names.set(root, name);
  }
  return name !== null && basename(dirname(worktree.path)) === name;
}

/** Whether a session is of the project with this root, or in a git worktree of it. */
export function isOfPlace(session: Session, { projectRoot }: Place): boolean {
  return session.project_root === projectRoot || isInWorktreeOf(session, projectRoot);
}
