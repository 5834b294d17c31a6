// The end of a session, as a sentence and as the exit code of run and attach.
import { constants } from "node:os";
import { isSettled, type Session } from "../../session/session.ts";
import { coloured, err } from "../ui/colour.ts";
import { say } from "../ui/out.ts";
import { duration } from "../ui/time.ts";
import { FAILED, NOT_STARTED } from "./own-code.ts";
import { shortId } from "./session-id.ts";

/** The exit code that a shell gives for a death by this signal (128+n); 1 for a signal this system does not know. */
export function signalCode(signal: string): number {
  const number = new Map<string, number>(Object.entries(constants.signals)).get(signal);
  return number === undefined ? 1 : 128 + number;
}

/** What `run` and `attach` leave with: the harness's own code, 128+n for a signal; where there is neither 126 for one that could not be started, else 125. */
export function exitCodeOf(session: Session): number {
  if (session.exit_code !== null) return session.exit_code;
  if (session.signal !== null) return signalCode(session.signal);
  return session.status === "failed" ? NOT_STARTED : FAILED;
}

/** One sentence on how it ended and after how long. */
export function outcome(session: Session): string {
  const took = duration(Date.parse(session.updated_at) - Date.parse(session.created_at));
  const how = session.signal === null ? `exit code ${session.exit_code}` : session.signal;
  switch (session.status) {
    case "completed":
      return `Completed in ${took}, exit code 0.`;
    case "failed":
      if (session.exit_code === null && session.signal === null)
        return "Failed: the harness could not be started.";
      return `Failed after ${took}, ${how}.`;
    case "killed":
      return session.exit_code === null && session.signal === null
        ? `Killed after ${took}.`
        : `Killed after ${took} (${how}).`;
    case "orphaned":
      return "Orphaned: the daemon ended while this session was running.";
    default:
      return `Still ${session.status}.`;
  }
}

/** Says on stderr how it ended, and what one may type next. */
export function sayOutcome(session: Session, next: "again" | "nothing"): void {
  say(coloured(session.status, outcome(session), err));
  const wasCutOff = session.status === "killed" || session.status === "orphaned";
  if (wasCutOff && session.agent_session_id !== null) {
    say(err.dim(`Go on with it: coven resume ${shortId(session.id)}`));
  }
  if (next === "again") {
    say(err.dim(`See it again:  coven attach ${shortId(session.id)}`));
    say(err.dim("All sessions:  coven sessions"));
  }
}

/** Says that the session goes on without us, and how to come back; nothing when it has ended meanwhile. */
export function sayGoesOn(session: Session): void {
  if (isSettled(session.status)) return;
  say(`Session ${shortId(session.id)} goes on without you.`);
  say(`Come back:  coven attach ${shortId(session.id)}`);
  say(`End it:     coven kill ${shortId(session.id)}`);
}
