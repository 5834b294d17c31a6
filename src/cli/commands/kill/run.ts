// Owns `coven kill`: asks for the end of a session and waits until the record says so.
import type { CovenClient } from "../../../api/client.ts";
import { isCovenError } from "../../../errors.ts";
import { isSettled, type Session } from "../../../session/session.ts";
import { connect } from "../../client/connect.ts";
import { outcome } from "../../client/outcome.ts";
import { fullId } from "../../client/session-id.ts";
import { type Run, word } from "../../framework/command.ts";
import { Failure } from "../../ui/failure.ts";
import { print, say } from "../../ui/out.ts";

/** The daemon gives a harness 2 s to leave by itself before SIGKILL; beyond this something is stuck. */
const PATIENCE_MS = 15_000;

export const run: Run = async (invocation) => {
  const { client } = await connect();
  const id = await fullId(client, word(invocation, 0));
  try {
    await client.kill(id);
  } catch (error) {
    if (!isCovenError(error) || error.code !== "session_not_live") throw error;
    const status = error.details?.["status"];
    throw new Failure(`Session ${id} is not running${typeof status === "string" ? ` (${status})` : ""}.`, [
      "coven sessions   (shows what is running)",
    ]);
  }
  const session = await untilSettled(client, id);
  if (session.status === "killed") await print(`killed session ${id}`);
  else say(`Session ${id} ended by itself first. ${outcome(session)}`);
  return 0;
};

/** The record once it is settled; throws `Failure` when that takes longer than ending anything should. */
export async function untilSettled(client: CovenClient, id: string): Promise<Session> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const session = await client.session(id);
    if (isSettled(session.status)) return session;
    if (performance.now() > deadline) {
      throw new Failure(`Session ${id} was told to end ${PATIENCE_MS / 1000} s ago and has not.`, [
        "coven sessions   (shows whether it still runs)",
        "coven doctor",
      ]);
    }
    await Bun.sleep(25);
  }
}
