// What a person may do with a session in the browser: only what its state allows.
import { isArchived, isSettled, type Session } from "../../../../session/session.ts";

/** What the browser can do. */
export type ActionId = "rejoin" | "log" | "kill" | "archive" | "summon" | "sacrifice";

/** One line of the menu. */
export interface Action {
  readonly id: ActionId;
  readonly label: string;
  /** A few words on what it does. */
  readonly does: string;
}

const ACTIONS: Readonly<Record<ActionId, Action>> = {
  rejoin: { id: "rejoin", label: "Rejoin", does: "watch and type" },
  log: { id: "log", label: "View Log", does: "what it printed" },
  kill: { id: "kill", label: "Kill", does: "end it and all it started" },
  archive: { id: "archive", label: "Archive", does: "hide it; nothing is deleted" },
  summon: { id: "summon", label: "Summon", does: "back into the list" },
  sacrifice: { id: "sacrifice", label: "Sacrifice", does: "delete it for good" },
};

/** What its state allows, the most likely first. */
export function actionsOf(session: Session): readonly Action[] {
  if (!isSettled(session.status)) return [ACTIONS.rejoin, ACTIONS.log, ACTIONS.kill];
  return isArchived(session)
    ? [ACTIONS.log, ACTIONS.summon, ACTIONS.sacrifice]
    : [ACTIONS.log, ACTIONS.archive, ACTIONS.sacrifice];
}
