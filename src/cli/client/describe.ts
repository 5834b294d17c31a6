// One session as a word, a sign and a colour, wherever sessions are listed for a person.
import { basename } from "node:path";
import { isArchived, isSettled, type Session } from "../../session/session.ts";
import { coloured, out } from "../ui/colour.ts";
import { glyphs } from "../ui/glyphs.ts";
import { harmless } from "../ui/text.ts";
import { span } from "../ui/time.ts";
import { padded } from "../ui/width.ts";
import { isWaiting } from "./attention.ts";
import { outcome } from "./outcome.ts";
import { isInWorktreeOf } from "./project.ts";

/** One word on where it stands: its status, `waiting` when its program waits for a person, `working` or `done` when it says so, `external` while somebody else runs it, `archived`. */
export function stateWord(session: Session): string {
  if (isArchived(session)) return "archived";
  // Somebody else runs it: nothing is known of it but what they said.
  if (session.external && !isSettled(session.status)) return "external";
  if (isWaiting(session)) return "waiting";
  const state = isSettled(session.status) ? undefined : session.attention?.state;
  return state === "working" || state === "done" ? state : session.status;
}

const SIGNS: Readonly<Record<string, string>> = {
  archived: glyphs.archived,
  waiting: glyphs.waits,
  completed: glyphs.done,
  failed: glyphs.failed,
  orphaned: glyphs.failed,
  killed: glyphs.killed,
};

/** One cell that says the same. */
export function signOf(session: Session): string {
  return SIGNS[stateWord(session)] ?? glyphs.running;
}

/** The text in the colour that says the same, for stdout. */
export function painted(session: Session, text: string): string {
  if (isArchived(session)) return out.dim(text);
  return isWaiting(session) ? out.yellow(text) : coloured(session.status, text, out);
}

/** How long it has been waiting or running, or how long ago it ended; `3m`. */
export function ageOf(session: Session, now: number): string {
  const waits = isWaiting(session) ? session.attention?.at : undefined;
  const since = waits ?? (isSettled(session.status) ? session.updated_at : session.created_at);
  return span(now - Date.parse(since));
}

/** The last part of its project's path; as it is, not yet harmless. */
export function projectOf(session: Session): string {
  return basename(session.project_root) || "/";
}

/** It runs, or ran, in this project or in one that lies within. */
export function isOfProject(session: Session, root: string): boolean {
  const { project_root: its } = session;
  return (
    its === root || its.startsWith(root.endsWith("/") ? root : `${root}/`) || isInWorktreeOf(session, root)
  );
}

/** Half a sentence on how it is doing or how it ended. */
export function stateText(session: Session, now: number): string {
  if (!isSettled(session.status)) return `${stateWord(session)} for ${ageOf(session, now)}`;
  return `${outcome(session).replace(/\.$/, "")} ${glyphs.dot} ${ageOf(session, now)} ago`;
}

/** Its name, where it has one, and its title; as it is, not yet harmless. */
export function calledOf({ name, title }: Session): string {
  // A daemon of before knows no names.
  return name ? `${name}: ${title}` : title;
}

/** One session on one line. */
export function sessionLabel(one: Session, now: number): string {
  const state = `${padded(stateWord(one), 9)}  ${padded(ageOf(one, now), 3)}`;
  return `${state}  ${padded(harmless(one.harness), 6)}  ${harmless(calledOf(one))}  (${harmless(projectOf(one))})`;
}
