// What sessions want from a person, as every list shows it. Scripts load this: nothing here paints.
import { isSettled, type Session } from "../../session/session.ts";

/** Its program has said that it waits for a person. A daemon that is older says so in another word. */
export function isWaiting(session: Session): boolean {
  if (isSettled(session.status)) return false;
  return session.attention ? session.attention.state === "waiting" : session.activity === "blocked";
}

/** It waits for leave to do something, which can be given from here where the harness's keys are known. */
export function asksForLeave(session: Session): boolean {
  return isWaiting(session) && session.attention?.kind === "permission";
}

/** What it waits for, behind the word that it does, and its own words; nothing for one that doesn't wait. */
export function wants(session: Session): string {
  if (!isWaiting(session)) return "";
  const { kind, message } = session.attention ?? { kind: null, message: null };
  const what = kind === null ? "" : WANTS[kind];
  return [what, message].filter(Boolean).join(": ");
}

const WANTS = { permission: "for leave", question: "for an answer", idle: "for a task" } as const;

/** The last list that was looked through for sessions in one checkout. */
let lastLive:
  | { readonly of: readonly Session[]; readonly byRoot: ReadonlyMap<string, readonly Session[]> }
  | undefined;

/** The other live sessions of a list that work in the same checkout as this one: they write over each other's files. */
export function matesOf(sessions: readonly Session[], session: Session): readonly Session[] {
  if (isSettled(session.status)) return [];
  if (lastLive?.of !== sessions) {
    const byRoot = new Map<string, Session[]>();
    for (const one of sessions) {
      if (isSettled(one.status)) continue;
      const there = byRoot.get(one.project_root);
      if (there) there.push(one);
      else byRoot.set(one.project_root, [one]);
    }
    lastLive = { of: sessions, byRoot };
  }
  return (lastLive.byRoot.get(session.project_root) ?? []).filter((one) => one.id !== session.id);
}

/** Waiting for an answer, waiting for the next task, live, ended: in this order. */
export function urgency(session: Session): number {
  if (isSettled(session.status)) return 3;
  if (!isWaiting(session)) return 2;
  return session.attention?.kind === "idle" ? 1 : 0;
}
