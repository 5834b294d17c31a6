// What a daemon does about sessions whose daemon died: the record says so, and their processes are ended, however many starts it takes.
import { failureFields } from "./evidence.ts";
import { isHalfImported } from "./import.ts";
import type { Ledger } from "./ports/ledger.ts";
import type { Processes, ProcessIdentity } from "./ports/processes.ts";
import type { Log, World } from "./ports/world.ts";
import { endLeftovers, outlivers } from "./stop.ts";

interface RecoverPorts {
  readonly ledger: Ledger;
  readonly processes: Processes;
  readonly world: World;
  readonly log: Log;
}

/** What is known of sessions beyond the ledger. */
interface Handled {
  readonly adopted: ReadonlySet<string>;
  why(id: string): string | undefined;
  /** What is left of its processes is about to be ended; `leader` as it was recorded. */
  ending?(id: string, leader: ProcessIdentity | null): void;
}

/** How many sessions are looked after at once: each look is a pass over the whole process table. */
const LANES = 4;
const SWEEP_MS = 60_000;

/**
 * Marks every unsettled row `orphaned` with a `metadata` event that says why. Its processes are ended in the background and in turns of the loop of
 * their own, so that a daemon with many of them answers at once. Until they are proved gone the ledger keeps the session among its
 * leftovers: a daemon that dies meanwhile leaves the work to the next, and what resists is tried again every minute. What was ended, and what survived, is
 * appended when it is known. Those that were `adopted` are nobody's orphans; `why` knows better than anybody. Returns the way to stop.
 */
export function recoverOrphans(
  ports: RecoverPorts,
  graceMs: number,
  { adopted, why, ending }: Handled = { adopted: new Set(), why: () => undefined },
): () => void {
  const { ledger, world, log } = ports;
  for (const { session, leader } of ledger.unsettled()) {
    if (isHalfImported(ledger, session)) {
      ledger.sacrifice(session.id);
      continue;
    }
    if (adopted.has(session.id)) continue;
    const reason = why(session.id) ?? "the daemon that held this session ended without settling it";
    const payload = { event: "orphaned", reason, status: session.status };
    const orphaned = { status: "orphaned", exitCode: null, signal: null } as const;
    ledger.settle(session.id, orphaned, [{ kind: "metadata", payload }], world.now(), { leader });
    log.warn("session_orphaned", { sessionId: session.id });
  }
  /** What was said last of those that survive: said once, and again when it changes. */
  const said = new Map<string, string>();
  let stopped = false;
  let cancel = (): void => {};
  const sweep = async (): Promise<void> => {
    try {
      const queue = ledger.leftovers().values();
      await Promise.all(Array.from({ length: LANES }, () => endInTurn(ports, graceMs, queue, said, ending)));
    } catch (error) {
      log.error("leftovers_not_ended", { ...failureFields(error) });
    }
    if (!stopped) cancel = world.after(SWEEP_MS, () => void sweep());
  };
  void sweep();
  return () => {
    stopped = true;
    cancel();
  };
}

/** Takes one after the other from a queue that several share. */
async function endInTurn(
  ports: RecoverPorts,
  graceMs: number,
  queue: Iterator<ReturnType<Ledger["leftovers"]>[number]>,
  said: Map<string, string>,
  ending: Handled["ending"],
): Promise<void> {
  const { ledger, world, processes, log } = ports;
  for (let next = queue.next(); !next.done; next = queue.next()) {
    const { sessionId, leader } = next.value;
    await new Promise<void>((turn) => world.after(0, turn));
    try {
      const target = { processes, world, sessionId, leader: leader ?? undefined };
      ending?.(sessionId, leader);
      const report = await endLeftovers({ ...target, graceMs });
      // One that was in the middle of an exec at each look is seen now.
      const gone = report.survived.length === 0 && (await outlivers(target, false)).length === 0;
      if (!ledger.session(sessionId)) continue;
      const news = JSON.stringify(report);
      if (report.ended.length + report.survived.length > 0 && said.get(sessionId) !== news) {
        const payload = { event: "leftovers_ended", ...report };
        ledger.append(sessionId, [{ kind: "metadata", payload }], world.now());
        log.info("leftovers_ended", { sessionId, ...report });
        said.set(sessionId, news);
      }
      if (!gone) continue;
      ledger.leftoversGone(sessionId);
      said.delete(sessionId);
    } catch (error) {
      log.error("leftovers_not_ended", { sessionId, ...failureFields(error) });
    }
  }
}
