// Owns what a new daemon does about sessions whose daemon died: the record says so, and their processes are ended.
import type { Ledger, Log, Processes, World } from "./ports.ts";
import { endLeftovers } from "./stop.ts";

interface RecoverPorts {
  readonly ledger: Ledger;
  readonly processes: Processes;
  readonly world: World;
  readonly log: Log;
}

/**
 * Marks every unsettled row `orphaned` with a `metadata` event that says why, then ends what carries its mark or is its
 * recorded leader, in the background; what was ended is appended when it is known.
 */
export function recoverOrphans(ports: RecoverPorts, graceMs: number): void {
  const { ledger, world, processes, log } = ports;
  for (const { session, leader } of ledger.unsettled()) {
    const reason = "the daemon that held this session ended without settling it";
    const payload = { event: "orphaned", reason, status: session.status };
    const orphaned = { status: "orphaned", exitCode: null, signal: null } as const;
    ledger.settle(session.id, orphaned, [{ kind: "metadata", payload }], world.now());
    log.warn("session_orphaned", { sessionId: session.id });
    endLeftovers({ processes, world, graceMs, sessionId: session.id, leader: leader ?? undefined })
      .then((report) => {
        if (report.ended.length + report.survived.length === 0 || !ledger.session(session.id)) return;
        ledger.append(
          session.id,
          [{ kind: "metadata", payload: { event: "leftovers_ended", ...report } }],
          world.now(),
        );
        log.info("leftovers_ended", { sessionId: session.id, ...report });
      })
      .catch((error: unknown) =>
        log.error("leftovers_not_ended", { sessionId: session.id, reason: String(error) }),
      );
  }
}
