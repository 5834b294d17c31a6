// Owns how one session is told in a word, a sign and a colour, wherever sessions are listed for a person.
import { basename } from "node:path";
import { isArchived, isSettled, type Session } from "../../session/session.ts";
import { out } from "../ui/colour.ts";
import { glyphs } from "../ui/glyphs.ts";
import { span } from "../ui/time.ts";
import { outcome } from "./outcome.ts";

/** Its program has said that it waits for a person. */
export function isWaiting(session: Session): boolean {
  return !isSettled(session.status) && session.activity === "blocked";
}

/** One word on where it stands: its status, `waiting` when its program waits for a person, `archived`. */
export function stateWord(session: Session): string {
  if (isArchived(session)) return "archived";
  return isWaiting(session) ? "waiting" : session.status;
}

/** One cell that says the same. */
export function signOf(session: Session): string {
  const signs: Readonly<Record<string, string>> = {
    archived: glyphs.archived,
    waiting: glyphs.waits,
    completed: glyphs.done,
    failed: glyphs.failed,
    orphaned: glyphs.failed,
    killed: glyphs.killed,
  };
  return signs[stateWord(session)] ?? glyphs.live;
}

/** The colour that says the same, for stdout. */
export function paintOf(session: Session): (text: string) => string {
  const paints: Readonly<Record<string, (text: string) => string>> = {
    archived: out.dim,
    waiting: out.yellow,
    completed: out.green,
    failed: out.red,
    orphaned: out.red,
    killed: out.yellow,
  };
  return paints[stateWord(session)] ?? out.cyan;
}

/** How long it has been running, or how long ago it ended; `3m`. */
export function ageOf(session: Session, now: number): string {
  return span(now - Date.parse(isSettled(session.status) ? session.updated_at : session.created_at));
}

/** The last part of its project's path; as it is, not yet harmless. */
export function projectOf(session: Session): string {
  return basename(session.project_root) || "/";
}

/** Half a sentence on how it is doing or how it ended. */
export function told(session: Session, now: number): string {
  if (!isSettled(session.status)) return `${stateWord(session)} for ${ageOf(session, now)}`;
  return `${outcome(session).replace(/\.$/, "")} ${glyphs.dot} ${ageOf(session, now)} ago`;
}
