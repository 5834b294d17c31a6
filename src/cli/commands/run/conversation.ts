// `coven run --continue` and `coven resume`: which session goes on, and the words that mean the same without it.
import type { CovenClient } from "../../../api/client.ts";
import { isSettled, type Session } from "../../../session/session.ts";
import { isOfPlace, placeOf } from "../../client/project.ts";
import { fullId, shortId } from "../../client/session-id.ts";
import { everySession } from "../../client/session-list.ts";
import { Failure } from "../../ui/failure.ts";
import { harmless } from "../../ui/text.ts";
import { workingDirectory } from "../../ui/working-directory.ts";

/** A session that goes on, and the words of the run with the harness in front. */
export interface GoingOn {
  readonly session: Session;
  /** The harness, then the prompt. */
  readonly words: readonly string[];
}

/**
 * What `--continue` means: the session that was typed, else the last one here that can be gone on with. The harness may stand in front of the prompt, or be left out. Throws `Failure` where
 * there is none; what can't be gone on with the daemon refuses.
 */
export async function goingOn(
  client: CovenClient,
  typed: string | undefined,
  words: readonly string[],
): Promise<GoingOn> {
  const [first] = words;
  const isHarness = first !== undefined && (await client.harnesses()).some(({ id }) => id === first);
  const harness = isHarness ? first : undefined;
  const session =
    typed === undefined ? await lastHere(client, harness) : await client.session(await fullId(client, typed));
  const short = shortId(session.id);
  if (harness !== undefined && session.harness !== harness) {
    throw new Failure(`Session ${short} is a conversation with ${session.harness}.`, [
      `coven resume ${short} …`,
    ]);
  }
  if (!isSettled(session.status) && !session.external) {
    throw new Failure(`Session ${short} is still running.`, [
      `coven send ${short} …   (types into it)`,
      `coven attach ${short}`,
    ]);
  }
  return { session, words: isHarness ? words : [session.harness, ...words] };
}

/** The newest session of this project that has ended and whose conversation is known. */
async function lastHere(client: CovenClient, harness: string | undefined): Promise<Session> {
  const place = placeOf(workingDirectory(), undefined);
  for await (const one of everySession(client, false)) {
    if (!isOfPlace(one, place) || !isSettled(one.status) || one.agent_session_id === null) continue;
    if (harness === undefined || one.harness === harness) return one;
  }
  const whose = harness === undefined ? "" : ` with ${harmless(harness)}`;
  throw new Failure(
    `There is no conversation${whose} in this project (${harmless(place.projectRoot)}) that could go on.`,
    ["coven sessions   (those of all projects; then: coven resume ID)"],
  );
}
