// `coven sacrifice`: deletes a session for good, once a person has typed the word or a script has said --yes.
import { isCovenError } from "../../../errors.ts";
import { connect } from "../../client/connect.ts";
import { fullId, shortId } from "../../client/session-id.ts";
import { has, type Run, word } from "../../framework/command.ts";
import { Failure } from "../../ui/failure.ts";
import { atTerminal, print, say } from "../../ui/out.ts";
import { harmless, quoted } from "../../ui/text.ts";

export const run: Run = async (invocation) => {
  const typed = word(invocation, 0);
  const sure = has(invocation, "yes");
  if (!sure && !atTerminal()) {
    throw new Failure(
      "sacrifice deletes a session and all its output for good, and nobody is here to confirm it.",
      [
        `coven sacrifice ${quoted(typed)} --yes`,
        `coven archive ${quoted(typed)}   (hides it and keeps everything)`,
      ],
    );
  }
  const client = await connect();
  const id = await fullId(client, typed);
  if (!sure) {
    const session = await client.session(id);
    const { typedWord } = await import("../../ui/ask.ts");
    const question = `Delete "${harmless(session.title)}" (${shortId(id)}, ${session.status}) and all its output for good?`;
    if (!(await typedWord(question, "sacrifice"))) {
      say("Nothing was deleted.");
      return 1;
    }
  }
  try {
    await client.sacrifice(id);
  } catch (error) {
    if (!isCovenError(error) || error.code !== "session_running") throw error;
    throw new Failure(`Session ${id} is still running, so it cannot be sacrificed.`, [
      `coven kill ${shortId(id)}`,
    ]);
  }
  await print(`sacrificed session ${id}`);
  return 0;
};
