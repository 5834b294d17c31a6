// `coven archive`: hides settled sessions from the list; deletes nothing.
import type { CovenClient } from "../../../api/client.ts";
import { isArchived, isSettled } from "../../../session/session.ts";
import { connect } from "../../client/connect.ts";
import { eachSession } from "../../client/each-session.ts";
import { everySession } from "../../client/session-list.ts";
import { flagValue, has, type Run } from "../../framework/command.ts";
import { sessionsMeant } from "../../terminal/which-session.ts";
import { UsageError } from "../../ui/failure.ts";
import { print, say } from "../../ui/out.ts";
import { counted } from "../../ui/text.ts";
import { spanOf } from "../../ui/time.ts";

export const run: Run = async (invocation) => {
  const ended = has(invocation, "ended");
  const older = flagValue(invocation, "older-than");
  if (ended && invocation.words.length > 0) {
    throw new UsageError("coven archive takes ids or --ended, not both.", ["coven archive --ended"]);
  }
  if (older !== undefined && !ended) {
    throw new UsageError("--older-than goes with --ended.", [`coven archive --ended --older-than ${older}`]);
  }
  const longerAgoMs = older === undefined ? 0 : spanOf("older-than", older);
  const client = await connect();
  if (ended) return archiveEnded(client, longerAgoMs);
  return archive(client, await sessionsMeant(client, invocation, "settled session in the list"));
};

function archive(client: CovenClient, ids: readonly string[]): Promise<number> {
  return eachSession(ids, async (id) => {
    await print(`archived session ${(await client.archive(id)).id}`);
  });
}

async function archiveEnded(client: CovenClient, longerAgoMs: number): Promise<number> {
  const before = Date.now() - longerAgoMs;
  const ids: string[] = [];
  for await (const one of everySession(client, false)) {
    if (isSettled(one.status) && !isArchived(one) && Date.parse(one.updated_at) <= before) ids.push(one.id);
  }
  const code = await archive(client, ids);
  say(ids.length === 0 ? "No session to archive." : `Archived ${counted(ids.length, "session")}.`);
  return code;
}
