// `coven kill`: ends sessions and waits until their records say so.
import { connect } from "../../client/connect.ts";
import { eachSession } from "../../client/each-session.ts";
import { endSession, orNotRunning } from "../../client/end-session.ts";
import { outcome } from "../../client/outcome.ts";
import type { Run } from "../../framework/command.ts";
import { sessionsMeant } from "../../terminal/which-session.ts";
import { print, say } from "../../ui/out.ts";

export const run: Run = async (invocation) => {
  const client = await connect();
  const ids = await sessionsMeant(client, invocation, "running session");
  return eachSession(ids, async (id) => {
    const session = await endSession(client, id).catch((error: unknown) => {
      throw orNotRunning(error, id);
    });
    if (session.status === "killed") await print(`killed session ${id}`);
    else say(`Session ${id} ended by itself first. ${outcome(session)}`);
  });
};
