// `coven kill`: ends a session and waits until its record says so.
import { connect } from "../../client/connect.ts";
import { endSession, orNotRunning } from "../../client/end-session.ts";
import { outcome } from "../../client/outcome.ts";
import { fullId } from "../../client/session-id.ts";
import { type Run, word } from "../../framework/command.ts";
import { print, say } from "../../ui/out.ts";

export const run: Run = async (invocation) => {
  const client = await connect();
  const id = await fullId(client, word(invocation, 0));
  const session = await endSession(client, id).catch((error: unknown) => {
    throw orNotRunning(error, id);
  });
  if (session.status === "killed") await print(`killed session ${id}`);
  else say(`Session ${id} ended by itself first. ${outcome(session)}`);
  return 0;
};
