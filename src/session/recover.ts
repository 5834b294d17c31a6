// What a new daemon does about sessions whose daemon died: the record says so, and their processes are ended.
import { failureFields } from "./evidence.ts";
import type { Ledger, Log, Processes, ProcessIdentity, World } from "./ports.ts";
import type { Session } from "./session.ts";
import { endLeftovers } from "./stop.ts";

interface RecoverPorts {
  readonly ledger: Ledger;
  readonly processes: Processes;
  readonly world: World;
  readonly log: Log;
}

/** How many sessions are looked after at once: each look is a pass over the whole process table. */
const LANES = 4;

/**
 * Marks every unsettled row `orphaned` with a `metadata` event that says why, then ends what carries its mark or is its
 * recorded leader, in the background and in turns of the loop of its own, so that a daemon with many of them answers at
 * once; what was ended is appended when it is known.
 */
export function recoverOrphans(ports: RecoverPorts, graceMs: number): void {
  const { ledger, world, log } = ports;
  const orphans = ledger.unsettled();
  for (const { session } of orphans) {
    const reason = "the daemon that held this session ended without settling it";
    const payload = { event: "orphaned", reason, status: session.status };
    const orphaned = { status: "orphaned", exitCode: null, signal: null } as const;
    ledger.settle(session.id, orphaned, [{ kind: "metadata", payload }], world.now());
    log.warn("session_orphaned", { sessionId: session.id });
  }
  const queue = orphans.values();
  for (let lane = 0; lane < Math.min(LANES, orphans.length); lane++) void endInTurn(ports, graceMs, queue);
}

/** Takes one after the other from a queue that several share. */
async function endInTurn(
  ports: RecoverPorts,
  graceMs: number,
  queue: Iterator<{ readonly session: Session; readonly leader: ProcessIdentity | null }>,
): Promise<void> {
  const { ledger, world, processes, log } = ports;
  for (let next = queue.next(); !next.done; next = queue.next()) {
    const { session, leader } = next.value;
    const sessionId = session.id;
    await new Promise<void>((turn) => world.after(0, turn));
    try {
      const target = { processes, world, graceMs, sessionId, leader: leader ?? undefined };
      const report = await endLeftovers(target);
      if (report.ended.length + report.survived.length === 0 || !ledger.session(sessionId)) continue;
      const payload = { event: "leftovers_ended", ...report };
      ledger.append(sessionId, [{ kind: "metadata", payload }], world.now());
      log.info("leftovers_ended", { sessionId, ...report });
    } catch (error) {
      log.error("leftovers_not_ended", { sessionId, ...failureFields(error) });
    }
  }
}
