// Which sessions of a list have begun to wait for a person since it was looked at last: once for each prompt.
import type { Session } from "../../session/session.ts";
import { isWaiting } from "./attention.ts";

/** The terminal rings, or flashes, as the person has set it. */
export const BELL = "\u0007";

/** A memory of prompts. The first list it is shown is how things are, and no news. */
export function beganToWait(): (sessions: readonly Session[]) => readonly Session[] {
  let known: ReadonlyMap<string, number> | undefined;
  return (sessions) => {
    const waiting = sessions.filter(isWaiting);
    const before = known;
    known = new Map(waiting.map((one) => [one.id, one.attention?.seq ?? 0]));
    return before ? waiting.filter((one) => before.get(one.id) !== (one.attention?.seq ?? 0)) : [];
  };
}
