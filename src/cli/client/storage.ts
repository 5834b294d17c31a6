// What is said to a person while the disk takes nothing of what sessions print.
import type { StorageState } from "../../session/ports/ledger.ts";

/** Why a session stands still; undefined where the disk is no reason. One short line each. */
export function standstill(state: StorageState): string | undefined {
  return state === "ok" ? undefined : `${WHY[state]}: what is printed waits until it can be recorded.`;
}

/** In the words that begin a sentence. */
export const WHY: Readonly<Record<Exclude<StorageState, "ok">, string>> = {
  full: "The disk is full",
  read_only: "The disk is read only",
  failing: "The disk reports errors",
  detached: "The ledger's file is gone",
};
