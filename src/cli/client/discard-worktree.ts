// What becomes of a session's git worktree when the session is deleted: removed where nothing is lost by it, else the deletion is refused.
import type { CovenClient } from "../../api/client.ts";
import { CovenError } from "../../errors.ts";
import type { CheckoutPlace } from "../../git/checkout.ts";
import { type Loss, lossOf, removeWorktree, worktreeAt } from "../../git/worktrees.ts";
import type { Session } from "../../session/session.ts";
import { say } from "../ui/out.ts";
import { counted, harmless } from "../ui/text.ts";
import { shortId } from "./session-id.ts";
import { everySession } from "./session-list.ts";

/** Names of files and commits that are listed each; of the rest the number. */
const NAMED = 10;

/** The worktree that would go with a session. */
export interface Doomed {
  readonly place: CheckoutPlace;
  /** What would be gone with it. */
  readonly loss: Loss;
}

/**
 * The worktree that goes when this session is deleted; undefined where it has none, where it is gone, and where another session has the same. Throws
 * `invalid_request` where git can't say what would be lost.
 */
export async function doomedWith(client: CovenClient, session: Session): Promise<Doomed | undefined> {
  const { worktree } = session;
  const place = worktree === null ? undefined : worktreeAt(worktree.path);
  if (worktree === null || place === undefined) return undefined;
  for await (const other of everySession(client, true)) {
    if (other.id === session.id || other.worktree?.path !== worktree.path) continue;
    say(`Its worktree stays: session ${shortId(other.id)} has it too.`);
    return undefined;
  }
  return { place, loss: await lossOf(place, worktree.base) };
}

/** Whether anything would be gone. */
export function losesNothing({ uncommitted, unmerged }: Loss): boolean {
  return uncommitted.length + unmerged.length === 0;
}

/** What would be gone, in lines. */
export function lossLines({ place, loss: { uncommitted, unmerged } }: Doomed): string[] {
  const some = (title: string, all: readonly string[]) => {
    if (all.length === 0) return [];
    const more = all.length > NAMED ? [`    … and ${all.length - NAMED} more`] : [];
    return [`  ${title}:`, ...all.slice(0, NAMED).map((one) => `    ${harmless(one)}`), ...more];
  };
  return [
    `The worktree ${harmless(place.root)}${place.branch === null ? "" : ` (branch ${harmless(place.branch)})`} has`,
    ...some(`${counted(uncommitted.length, "file")} in no commit`, uncommitted),
    ...some(`${counted(unmerged.length, "commit")} on no other branch, remote or tag`, unmerged),
  ];
}

/** Throws `worktree_not_removed` (details `sessionId`, `path`, `branch`, `uncommitted`, `unmerged`, `hint`). */
export function refuseLoss(session: Session, doomed: Doomed): never {
  const { place, loss } = doomed;
  throw new CovenError("worktree_not_removed", lossLines(doomed).join("\n"), {
    sessionId: session.id,
    path: place.root,
    branch: place.branch,
    uncommitted: loss.uncommitted.length,
    unmerged: loss.unmerged.length,
    hint: `coven sacrifice ${shortId(session.id)} --discard   (deletes that too)`,
  });
}

/** Removes it and says so. Throws as `removeWorktree`. */
export async function removeDoomed({ place }: Doomed, discard: boolean): Promise<void> {
  const { branch } = await removeWorktree(place, { discard });
  const also = branch === null ? "" : ` and its branch ${harmless(branch)}`;
  say(`Removed the worktree ${harmless(place.root)}${also}.`);
}
