// A git worktree that a client has made for a session: the record says of it what git's own files say, or the launch is refused.
import { CovenError } from "../errors.ts";
import type { Checkout } from "./ports/checkouts.ts";
import type { Session, Worktree } from "./session.ts";

/** What a client says of the worktree that the project root is. */
export interface AskedWorktree {
  readonly path?: string;
  readonly branch: string;
  readonly base: string;
}

/**
 * The worktree as the record has it. Throws `invalid_request` (details `field`, `path`) where the root is none that git knows, another branch is checked out, or
 * the base is another commit than the one that is. A session that goes on with an `earlier` one in its worktree keeps that one's base.
 */
export function worktreeOf(
  asked: AskedWorktree,
  root: string,
  checkout: Checkout | undefined,
  earlier: Session | undefined,
): Worktree {
  const refuse = (why: string): never => {
    throw new CovenError("invalid_request", `The worktree ${JSON.stringify(root)} ${why}.`, {
      field: "worktree",
      path: root,
      hint: "coven run --worktree   (makes one, and says what it is)",
    });
  };
  const { branch, base, path = root } = asked;
  if (path !== root) return refuse(`is the project root, and worktree.path is ${JSON.stringify(path)}`);
  if (checkout?.root !== root || !checkout.isLinked)
    return refuse("is none that git has made beside a repository's first");
  if (checkout.branch !== branch)
    return refuse(
      `has ${JSON.stringify(checkout.branch ?? "no branch")} checked out, not ${JSON.stringify(branch)}`,
    );
  const kept = earlier?.worktree?.path === root ? earlier.worktree.base : undefined;
  if (base !== checkout.commit && base !== kept)
    return refuse(`is at commit ${checkout.commit ?? "(unknown)"}, not at ${base}`);
  return { path: root, branch, base };
}

/** The worktree of an earlier session in which one goes on: with its base, and the branch that is checked out now. */
export function keptWorktree(
  root: string,
  checkout: Checkout | undefined,
  earlier: Session | undefined,
): Worktree | undefined {
  const worktree = earlier?.worktree;
  if (worktree?.path !== root || checkout?.root !== root || !checkout.isLinked) return undefined;
  return { ...worktree, branch: checkout.branch ?? worktree.branch };
}
