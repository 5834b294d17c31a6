// Archive, summon and sacrifice: who may be, and what the ledger is told.
import { CovenError } from "../errors.ts";
import type { Checkouts } from "./ports/checkouts.ts";
import type { Ledger } from "./ports/ledger.ts";
import { isArchived, isSettled, type Session } from "./session.ts";

/** Hides a finished session from the default list; idempotent. Throws `session_running`. */
export function archive(ledger: Ledger, session: Session, now: string): void {
  refuseRunning(session, "archived");
  if (!isArchived(session)) ledger.archive(session.id, now, now);
}

/** Brings an archived session back into the default list; idempotent. */
export function summon(ledger: Ledger, session: Session, now: string): void {
  if (isArchived(session)) ledger.archive(session.id, null, now);
}

/** Deletes a finished session with its events, for good; returns how many events went. Throws `session_running`. */
export function sacrifice(ledger: Ledger, session: Session, oneOfMany: boolean): number {
  refuseRunning(session, "sacrificed");
  return ledger.sacrifice(session.id, oneOfMany);
}

/** Throws `worktree_not_removed` (details `sessionId`, `path`, `branch`, `hint`) while the worktree of a finished session is there. */
export function refuseWorktree({ id, status, worktree }: Session, checkouts: Checkouts): void {
  if (worktree === null || !isSettled(status)) return;
  const { path, branch } = worktree;
  if (checkouts.of(path)?.root !== path) return;
  throw new CovenError(
    "worktree_not_removed",
    `The git worktree of session ${id} is still there: ${path} (branch ${branch}).`,
    { sessionId: id, path, branch, hint: `coven sacrifice ${id}   (removes it if nothing would be lost)` },
  );
}

function refuseRunning(session: Session, done: string): void {
  // One that somebody else runs and never completes must be got rid of, too.
  if (isSettled(session.status) || session.external) return;
  throw new CovenError(
    "session_running",
    `Session ${session.id} is running; it can be ${done} once it has ended.`,
    {
      sessionId: session.id,
      status: session.status,
    },
  );
}
