// `coven sacrifice`: deletes sessions for good, once a person has typed the word or a script has said --yes.
import type { CovenClient } from "../../../api/client.ts";
import { isCovenError } from "../../../errors.ts";
import { isSettled, type Session } from "../../../session/session.ts";
import { connect } from "../../client/connect.ts";
import { calledOf } from "../../client/describe.ts";
import { eachSession } from "../../client/each-session.ts";
import { shortId } from "../../client/session-id.ts";
import { has, type Run } from "../../framework/command.ts";
import { sessionsMeant } from "../../terminal/which-session.ts";
import { Failure, UsageError } from "../../ui/failure.ts";
import { atTerminal, print, say } from "../../ui/out.ts";
import { harmless, quoted } from "../../ui/text.ts";

export const run: Run = async (invocation) => {
  const typed = invocation.words.map(quoted).join(" ") || "ID";
  const sure = has(invocation, "yes");
  if (!sure && !atTerminal()) {
    throw new Failure(
      "sacrifice deletes a session and all its output for good, and nobody is here to confirm it.",
      [`coven sacrifice ${typed} --yes`, `coven archive ${typed}   (hides it and keeps everything)`],
    );
  }
  if (sure && invocation.words.length === 0) {
    // --yes agrees to what was named, never to what a list happens to hold.
    throw new UsageError("With --yes the session must be named.", ["coven sacrifice 3f2a9c1e --yes"]);
  }
  const discard = has(invocation, "discard");
  const keep = has(invocation, "keep-worktree");
  if (discard && keep) {
    throw new UsageError("--discard and --keep-worktree can't both be meant.", [
      `coven sacrifice ${typed} --keep-worktree   (deletes the session, and nothing else)`,
    ]);
  }
  const client = await connect();
  const ids = await sessionsMeant(client, invocation, "settled session");
  if (!sure) {
    const { typedWord } = await import("../../ui/ask.ts");
    if (!(await typedWord(await question(client, ids, keep), "sacrifice"))) {
      say("Nothing was deleted.");
      return 1;
    }
  }
  return eachSession(ids, (id) => sacrifice(client, id, { discard, keep }));
};

/** Of one session also what is only in its worktree: who agrees has seen it. */
async function question(client: CovenClient, ids: readonly string[], keep: boolean): Promise<string> {
  const sessions = await Promise.all(ids.map((id) => client.session(id)));
  const losses: string[] = [];
  for (const session of keep ? [] : sessions.filter(({ worktree }) => worktree !== null)) {
    const { doomedWith, lossLines, losesNothing } = await import("../../client/discard-worktree.ts");
    const doomed = await doomedWith(client, session);
    if (doomed && !losesNothing(doomed.loss)) losses.push(...lossLines(doomed));
  }
  for (const line of losses) say(line);
  const named = sessions.map((one) => `"${harmless(calledOf(one))}" (${shortId(one.id)}, ${one.status})`);
  if (named.length === 1) return `Delete ${named[0]} and all its output for good?`;
  return [`Delete ${named.length} sessions and all their output for good?`, ...named].join("\n");
}

async function sacrifice(
  client: CovenClient,
  id: string,
  { discard, keep }: { readonly discard: boolean; readonly keep: boolean },
): Promise<void> {
  const session = await client.session(id);
  if (session.worktree !== null && !keep && isSettled(session.status)) {
    await removeItsWorktree(client, session, discard);
  }
  try {
    await client.sacrifice(id, { keepWorktree: true });
  } catch (error) {
    if (!isCovenError(error) || error.code !== "session_running") throw error;
    throw new Failure(`Session ${id} is still running, so it cannot be sacrificed.`, [
      `coven kill ${shortId(id)}`,
    ]);
  }
  await print(`sacrificed session ${id}`);
}

/** First the worktree: a record without one can be deleted again, a worktree without a record is found by nobody. */
async function removeItsWorktree(client: CovenClient, session: Session, discard: boolean): Promise<void> {
  const { doomedWith, lossLines, losesNothing, refuseLoss, removeDoomed } = await import(
    "../../client/discard-worktree.ts"
  );
  const doomed = await doomedWith(client, session);
  if (doomed === undefined) return;
  if (!losesNothing(doomed.loss)) {
    if (!discard) refuseLoss(session, doomed);
    for (const line of lossLines(doomed)) say(line);
  }
  await removeDoomed(doomed, discard);
}
