// Ending a session: for kill and the session browser, and the refusal where it does not run any more.
import type { CovenClient } from "../../api/client.ts";
import { isCovenError } from "../../errors.ts";
import { isSettled, type Session } from "../../session/session.ts";
import { Failure } from "../ui/failure.ts";

/** The daemon gives a harness 2 s to leave by itself before SIGKILL; beyond this something is stuck. */
const PATIENCE_MS = 15_000;

/** Ends the session; resolves to its record once it is settled. Throws `Failure` when that takes longer than it ever should. */
export async function endSession(client: CovenClient, id: string): Promise<Session> {
  await client.kill(id);
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

/** The error itself, or for `session_not_live` a `Failure` that says how the session ended. */
export function orNotRunning(error: unknown, id: string): unknown {
  if (!isCovenError(error) || error.code !== "session_not_live") return error;
  const status = error.details?.["status"];
  return new Failure(`Session ${id} is not running${typeof status === "string" ? ` (${status})` : ""}.`, [
    "coven sessions   (shows what is running)",
  ]);
}
