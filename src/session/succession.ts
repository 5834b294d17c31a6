// Live sessions from one daemon to the next: taken over at its start, given up before another program goes on, taken back where none does.
import { afterCrash, CRASHED } from "./crashed.ts";
import type { NewEvent } from "./event.ts";
import { failureFields } from "./evidence.ts";
import type { HandedSession } from "./handover.ts";
import { adoptable, type LiveHooks, resumeLive } from "./launch.ts";
import type { LiveSession } from "./live.ts";
import type { CovenOptions } from "./options.ts";
import type { CovenPorts } from "./ports.ts";

/** How long the end of a terminal that was found may take to be told, in turns of the loop. */
const MOST_TURNS = 100;

/** Whose sessions they are. */
export interface Holder {
  readonly ports: CovenPorts;
  readonly options: CovenOptions;
  readonly running: ReadonlyMap<string, LiveSession>;
  hooks(id: string): LiveHooks;
}

/**
 * Goes on with sessions whose terminals outlived the daemon that held them, then with those that the program before this one handed over. Returns of
 * each that can't be taken over why.
 */
export function takeOver(holder: Holder, handed: readonly HandedSession[]): Map<string, string> {
  const failed = new Map<string, string>();
  takeKept(holder, failed);
  for (const session of handed) {
    try {
      resume(holder, session);
    } catch (error) {
      failed.set(
        session.id,
        `the daemon was replaced, and the new one could not take the terminal over: ${notAdopted(holder, session.id, error)}`,
      );
    }
  }
  return failed;
}

function takeKept(holder: Holder, failed: Map<string, string>): void {
  const { ports, options, running } = holder;
  const { ledger, keeper } = ports;
  if (!keeper) return;
  for (const { session, leader } of ledger.unsettled()) {
    const { id } = session;
    const terminal = leader && keeper.take(id);
    if (!terminal) continue;
    try {
      const { redraws, ...known } = afterCrash(ports, options, { id, leader, terminal });
      resume(holder, known, CRASHED);
      // What was lost may be a part of its picture; the program draws it anew.
      if (redraws) running.get(id)?.resize(known.size.cols, known.size.rows);
    } catch (error) {
      const reason = notAdopted(holder, id, error);
      failed.set(id, `the daemon crashed, and the next one could not take the terminal over: ${reason}`);
      keeper.forget(id);
    }
  }
}

function resume({ ports, options, hooks }: Holder, session: HandedSession, why?: NewEvent): void {
  resumeLive(ports, options, session, hooks(session.id), why);
}

/** Logs it; returns the reason. */
function notAdopted({ ports }: Pick<Holder, "ports">, sessionId: string, error: unknown) {
  const fields = failureFields(error);
  ports.log.error("session_not_adopted", { sessionId, ...fields });
  return fields.reason;
}

/**
 * Gives every terminal up and says what the next program must know of each session. It may take some turns of the loop until it can begin; from the first
 * terminal on it is one turn, in which the caller must go on with it. Rejects with all as it was.
 */
export async function giveUp(holder: Pick<Holder, "ports" | "running">): Promise<HandedSession[]> {
  const { ports, running } = holder;
  for (let tries = 0; tries < MOST_TURNS; tries++) {
    if (!Array.from(running.values()).some((live) => live.ending)) break;
    await new Promise<void>((turn) => ports.world.after(1, turn));
  }
  const sessions: HandedSession[] = [];
  try {
    await Promise.all(
      Array.from(running.values(), async (live) => void sessions.push(await live.handOver())),
    );
  } catch (error) {
    takeBack(holder, sessions);
    throw error;
  }
  return sessions;
}

/** What was given up, and nobody took. */
export function takeBack(
  { ports, running }: Pick<Holder, "ports" | "running">,
  sessions: readonly HandedSession[],
): void {
  for (const session of sessions) {
    const live = running.get(session.id);
    if (!live || !session.terminal) continue;
    const { data, exited: exit } = live;
    try {
      live.takeBack(ports.ptys.adopt(adoptable(session, session.terminal), { data, exit }));
    } catch (error) {
      notAdopted({ ports }, session.id, error);
      live.abandon();
    }
  }
}
