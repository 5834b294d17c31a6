// Sessions as people type them: a full id, a prefix that fits exactly one session, or a name.
import type { CovenClient } from "../../api/client.ts";
import { NAME } from "../../session/name.ts";
import { isSettled, type Session } from "../../session/session.ts";
import { Failure, UsageError } from "../ui/failure.ts";
import { harmless, quoted } from "../ui/text.ts";
import { workingDirectory } from "../ui/working-directory.ts";
import { everySession } from "./session-list.ts";

const FULL_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The fewest characters of an id that may stand for it. */
export const SHORTEST_PREFIX = 4;

/** Characters of an id shown to people; as a prefix it is unique among tens of thousands of sessions. */
const SHORT_ID = 8;

/** The id as people see it. */
export function shortId(id: string): string {
  return id.slice(0, SHORT_ID);
}

/**
 * The full id for what was typed; `-` is the last session of the project one stands in, a name the session that is called so, of several the one that has not ended,
 * else the newest. A full id isn't looked up: the command that follows finds out. Throws `UsageError` for a prefix that is too short, `Failure` when none or several fit (then it lists them).
 */
export async function fullId(client: Pick<CovenClient, "sessions">, typed: string): Promise<string> {
  if (typed === "-") return lastHere(client);
  const prefix = typed.toLowerCase();
  if (FULL_ID.test(prefix)) return prefix;
  const mayBePrefix = prefix.length >= SHORTEST_PREFIX;
  if (!mayBePrefix && !NAME.test(typed)) {
    throw new UsageError(
      `${quoted(typed)} is too short for a session id: type ${SHORTEST_PREFIX} or more characters of it.`,
      ["coven sessions --all"],
    );
  }
  const fitting: Session[] = [];
  let called: Session | undefined;
  for await (const session of everySession(client, true)) {
    // Ids of runs that somebody else started are as they chose them, and one may be the beginning of another.
    if (session.id === typed) return typed;
    if (session.name === typed && (!called || (isSettled(called.status) && !isSettled(session.status))))
      called = session;
    if (mayBePrefix && (session.id.startsWith(prefix) || session.id.startsWith(typed))) fitting.push(session);
  }
  if (called) return called.id;
  const [only, second] = fitting;
  if (only && !second) return only.id;
  if (!only) {
    const nor = NAME.test(typed) ? ", and none is called so" : "";
    throw new Failure(`Session not found: no id begins with ${quoted(typed)}${nor}.`, [
      "coven sessions --all",
    ]);
  }
  const lines = fitting.slice(0, 8).map((one) => `  ${one.id}  ${one.status}  ${harmless(one.title)}`);
  const more = fitting.length > lines.length ? [`  … and ${fitting.length - lines.length} more`] : [];
  throw new Failure([`${quoted(typed)} fits ${fitting.length} sessions:`, ...lines, ...more].join("\n"), [
    "the same command with more characters of the id",
  ]);
}

/** The newest session of the project one stands in, archived ones apart. Throws `Failure` when there is none. */
async function lastHere(client: Pick<CovenClient, "sessions">): Promise<string> {
  const { isOfPlace, placeOf } = await import("./project.ts");
  const place = placeOf(workingDirectory(), undefined);
  for await (const session of everySession(client, false)) if (isOfPlace(session, place)) return session.id;
  throw new Failure(`There is no session of this project (${harmless(place.projectRoot)}) yet.`, [
    "coven sessions   (those of all projects)",
  ]);
}
