// What a person may do with sessions in the browser: only what the state of each of them allows.
import { isArchived, isSettled, type Session } from "../../../../session/session.ts";
import { SESSION_KINDS } from "../../../framework/command.ts";

/** What can be done with several at once. */
export type ManyId = "kill" | "archive" | "summon" | "sacrifice";

/** What the browser can do. */
export type ActionId = "rejoin" | "resume" | "log" | ManyId;

/** One line of the menu. */
export interface Action {
  readonly id: ActionId;
  readonly label: string;
  /** A few words on what it does. */
  readonly does: string;
}

const ACTIONS: Readonly<Record<ActionId, Action>> = {
  rejoin: { id: "rejoin", label: "Rejoin", does: "watch and type" },
  resume: { id: "resume", label: "Go On", does: "with its conversation, in a new session" },
  log: { id: "log", label: "View Log", does: "what it printed" },
  kill: { id: "kill", label: "Kill", does: "end it and all it started" },
  archive: { id: "archive", label: "Archive", does: "hide it; nothing is deleted" },
  summon: { id: "summon", label: "Summon", does: "back into the list" },
  sacrifice: { id: "sacrifice", label: "Sacrifice", does: "delete it for good" },
};

const MANY: readonly ActionId[] = ["kill", "archive", "summon", "sacrifice"] satisfies ManyId[];

/** What the state of all of these allows, the most likely first; none for no session. */
export function actionsOf(...sessions: readonly Session[]): readonly Action[] {
  const [first, ...others] = sessions.map(allowed);
  if (!first) return [];
  const shared = first.filter((id) => others.every((ids) => ids.includes(id)));
  return shared.filter((id) => others.length === 0 || MANY.includes(id)).map((id) => ACTIONS[id]);
}

function allowed(session: Session): readonly ActionId[] {
  // Somebody else runs it: there is no terminal to be at, and nothing of ours to end.
  if (!isSettled(session.status)) return session.external ? ["log"] : ["rejoin", "log", "kill"];
  const rest: readonly ActionId[] = isArchived(session)
    ? ["log", "summon", "sacrifice"]
    : ["log", "archive", "sacrifice"];
  if (!SESSION_KINDS.conversation(session)) return rest;
  // Never the first: Enter alone must not start a program.
  return ["log", "resume", ...rest.slice(1)];
}
