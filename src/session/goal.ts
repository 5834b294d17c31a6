// What a session can be waited for, and whether it has come.
import { isSettled, type Session } from "./session.ts";

/** What can be waited for. */
export const GOALS = ["waiting", "done", "exit"] as const;
export type Goal = (typeof GOALS)[number];

/** It came true; it can't any more, since the session has ended; or it may still. A run that has ended with exit code 0 is done. */
export type Outcome = "came" | "ended" | "open";

/** Whether it has come, by the record as it is now. */
export function outcomeOf({ status, attention }: Pick<Session, "status" | "attention">, goal: Goal): Outcome {
  if (isSettled(status))
    return goal === "exit" || (goal === "done" && status === "completed") ? "came" : "ended";
  return goal !== "exit" && attention?.state === goal ? "came" : "open";
}
