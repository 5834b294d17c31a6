// Who belongs to a session: the leader's tree, its terminal's session, and whoever carries the mark.
import type { Processes, ProcessIdentity, ProcessInfo } from "./ports/processes.ts";

/** Processes proved to belong to the session earlier, by keyOf. */
export type Known = Map<string, ProcessInfo>;

/** Where the tree begins. */
export interface Tree {
  readonly sessionId: string;
  readonly leader: ProcessIdentity | undefined;
  readonly known: Known;
  /** The leader was our own child until a moment ago: its pid, which is its terminal's session, still means it. */
  readonly ledByUs: boolean;
  /** Told of each process that may carry the mark in a moment (`Processes.marked`). */
  readonly silent?: (one: ProcessInfo) => void;
}

/** One string for one process; a pid alone may be somebody else by now. */
export function keyOf({ pid, startedAt }: ProcessIdentity): string {
  return `${pid} ${startedAt}`;
}

/**
 * Everybody alive in the tree, now. Whoever is in it is proved by identity (pid and start time of the leader or of
 * somebody known), by the mark in its environment, or by kinship with one of those: child, member of the process
 * group or session it leads. Kinship by number is sound because a system doesn't give out a pid again while it is a
 * living group's or session's id. The terminal's foreground group lies within its session, so it needs no rule.
 * Ourselves, our ancestors and pid 1 are never in it, and nobody through them. What left its parent, its session and
 * its environment before anybody looked can't be found.
 */
export function treeOf(
  processes: Processes,
  { sessionId, leader, known, ledByUs, silent }: Tree,
): ProcessInfo[] {
  const table = new Map(processes.list().map((one) => [one.pid, one]));
  const marked = processes.marked(sessionId, silent);
  // Taken after the list, so it may know of newer ones.
  for (const one of marked) table.set(one.pid, one);
  const barred = selfAndAncestors(table, processes.self);
  const all = Array.from(table.values()).filter((one) => !barred.has(one.pid));
  const leaderKey = leader && leader.startedAt !== null ? keyOf(leader) : undefined;
  const marks = new Set(marked.map(keyOf));
  const seeds = all.filter((one) => {
    const key = keyOf(one);
    return key === leaderKey || known.has(key) || marks.has(key);
  });
  const ours = new Set(seeds.map((one) => one.pid));
  const session = leader?.pid ?? 0;
  const heldByOther = table.has(session) && !ours.has(session);
  const sessionIsOurs =
    session > 1 && !heldByOther && (ledByUs || seeds.some((one) => one.session === session));
  for (let grew = true; grew; ) {
    grew = false;
    for (const one of all) {
      if (ours.has(one.pid)) continue;
      const kin = ours.has(one.parent) || ours.has(one.group) || ours.has(one.session);
      if (!kin && !(sessionIsOurs && one.session === session)) continue;
      ours.add(one.pid);
      grew = true;
    }
  }
  // The dead count as kin above, and have nothing left to end.
  return all.filter((one) => ours.has(one.pid) && !one.dead);
}

function selfAndAncestors(table: ReadonlyMap<number, ProcessInfo>, self: number): Set<number> {
  const barred = new Set([0, 1]);
  for (let pid = self; !barred.has(pid); pid = table.get(pid)?.parent ?? 0) barred.add(pid);
  return barred;
}
