// `coven run --continue`: which conversation of the harness an earlier session was, and how that one was launched.
import type { CovenClient } from "../../../api/client.ts";
import { isSettled, type Session } from "../../../session/session.ts";
import { fullId, shortId } from "../../client/session-id.ts";
import { Failure } from "../../ui/failure.ts";
import { lineReader } from "./frames.ts";

/** The most characters of output in which a harness names its conversation; codex and claude do in their first line. */
const MOST_TEXT = 256 * 1024;

/** The earlier session, and the harness's own id of its conversation. Throws `Failure` where there is none to go on with. */
export async function earlier(
  client: CovenClient,
  harness: string,
  typed: string,
): Promise<{ readonly session: Session; readonly conversation: string }> {
  const session = await client.session(await fullId(client, typed));
  const short = shortId(session.id);
  if (session.harness !== harness) {
    throw new Failure(`Session ${short} is a conversation with ${session.harness}.`, [
      `coven run ${session.harness} --continue ${short} …`,
    ]);
  }
  if (!isSettled(session.status)) {
    throw new Failure(`Session ${short} is still running.`, [
      `coven send ${short} …   (types into it)`,
      `coven attach ${short}`,
    ]);
  }
  const named = session.launch_mode === "stream" ? await namedIn(client, session.id) : null;
  const conversation = named ?? session.conversation_id;
  if (conversation === null) {
    throw new Failure(`It is not known which conversation of ${harness} session ${short} was.`, [
      `coven run ${harness} --stream-json …   (of these it is known)`,
    ]);
  }
  return { session, conversation };
}

async function namedIn(client: CovenClient, id: string): Promise<string | null> {
  const reader = lineReader(id);
  const decoder = new TextDecoder();
  let length = 0;
  for await (const chunk of client.output(id)) {
    reader.read(decoder.decode(chunk, { stream: true }));
    length += chunk.length;
    if (reader.conversation !== null || length > MOST_TEXT) break;
  }
  return reader.conversation;
}
