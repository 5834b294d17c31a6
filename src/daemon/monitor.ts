// What the daemon knows of its own health: what goes through its ledger, how late its loop is, what it takes of the machine.
import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import { Histogram } from "../api/meter.ts";
import type { Monitor, Statistics, Storage } from "../api/monitor.ts";
import { openDescriptors } from "../os/descriptors.ts";
import { terminalCount } from "../os/machine.ts";
import type { NewEvent } from "../session/event.ts";
import type { Ledger, StorageState } from "../session/ports/ledger.ts";
import type { World } from "../session/ports/world.ts";
import type { SessionStatus } from "../session/session.ts";
import { ledgerSizes } from "../store/inspect.ts";
import { every } from "./world.ts";

/** What is counted, and what is asked when somebody wants to know. */
export interface LedgerMonitor<L extends Ledger> extends Omit<Monitor, "printed"> {
  /** The ledger to work with: the same one, counting what goes into it. */
  readonly ledger: L;
  /** Bytes of output that this daemon has taken from a session that runs. */
  taken(id: string): number;
  stop(): void;
}

/** What counting needs of a ledger beside the port. */
interface Counted extends Ledger {
  storage(): StorageState;
  byStatus(): Record<SessionStatus, number>;
  behind(sessionId: string, afterSeq: number): number;
}

const SECOND = 1_000;
/** Seconds that a rate and a worst case look back. */
const MINUTE = 60;
/** A rate of growth is told once the daemon has run so long, in ms. */
const GROWTH_MS = 600_000;
const DAY_MS = 86_400_000;
/** Asking macOS for its terminals starts a process. */
const PTYS_MS = process.platform === "darwin" ? 60_000 : 0;

/** Begins to count; `path` is the ledger's file. A timer of one second runs until `stop`. */
export function startMonitor<L extends Counted>(ledger: L, path: string, world: World): LedgerMonitor<L> {
  const statuses = ledger.byStatus();
  const loopDelay = new Histogram();
  let events = 0;
  let outputBytes = 0;
  const taken = new Map<string, number>();
  /** One entry a second, the youngest last. */
  const seconds = [{ at: world.monotonic(), events: 0, delay: 0 }];

  const count = (added: readonly NewEvent[]): void => {
    events += added.length;
    for (const event of added) if (event.kind === "output") outputBytes += event.data.length;
  };
  const moved = (from: SessionStatus | undefined, to: SessionStatus | undefined): void => {
    if (from) statuses[from] -= 1;
    if (to) statuses[to] += 1;
  };

  let planned = world.monotonic() + SECOND;
  const stop = every(world, SECOND, () => {
    const at = world.monotonic();
    const delay = Math.max(0, at - planned) / SECOND;
    loopDelay.observe(delay);
    seconds.push({ at, events, delay });
    if (seconds.length > MINUTE + 1) seconds.shift();
    planned = world.monotonic() + SECOND;
  });

  let ptys: Statistics["ptys"] = null;
  let ptysAt = Number.NEGATIVE_INFINITY;
  const terminals = (): Statistics["ptys"] => {
    if (world.monotonic() - ptysAt >= PTYS_MS) {
      ptys = terminalCount();
      ptysAt = world.monotonic();
    }
    return ptys;
  };

  const begun = { at: world.monotonic(), bytes: sum(ledgerSizes(path)) };
  const storage = (): Storage => {
    const sizes = ledgerSizes(path);
    const freeBytes = freeBytesAt(path);
    const elapsed = world.monotonic() - begun.at;
    const grown = sum(sizes) - begun.bytes;
    const growthPerDay = elapsed < GROWTH_MS ? null : Math.max(0, Math.round((grown * DAY_MS) / elapsed));
    const daysLeft = freeBytes !== null && growthPerDay ? Math.floor(freeBytes / growthPerDay) : null;
    return { state: ledger.storage(), bytes: sum(sizes), freeBytes, growthPerDay, daysLeft };
  };

  return {
    storage: ledger.storage,
    ledger: {
      ...ledger,
      create(session) {
        ledger.create(session);
        moved(undefined, session.status);
      },
      started(id, leader, at) {
        const before = ledger.session(id)?.status;
        ledger.started(id, leader, at);
        moved(before, ledger.session(id)?.status);
      },
      append(sessionId, added, at) {
        const seq = ledger.append(sessionId, added, at);
        count(added);
        return seq;
      },
      appendOutput(sessionId, bytes, at, last) {
        const rows = ledger.appendOutput(sessionId, bytes, at, last);
        events += rows.length;
        outputBytes += bytes.length;
        taken.set(sessionId, (taken.get(sessionId) ?? 0) + bytes.length);
        return rows;
      },
      settle(id, settlement, last, at, left, quietly) {
        const before = ledger.session(id)?.status;
        const settled = ledger.settle(id, settlement, last, at, left, quietly);
        if (settled) {
          count(last);
          taken.delete(id);
          moved(before, settlement.status);
        }
        return settled;
      },
      sacrifice(id, oneOfMany) {
        const before = ledger.session(id)?.status;
        const gone = ledger.sacrifice(id, oneOfMany);
        moved(before, undefined);
        return gone;
      },
    },
    statistics() {
      const first = seconds[0] ?? { at: world.monotonic(), events };
      const elapsed = Math.max(1, (world.monotonic() - first.at) / SECOND);
      const { user, system } = process.cpuUsage();
      return {
        ...ledgerSizes(path),
        storage: storage(),
        sessionsByStatus: statuses,
        events,
        outputBytes,
        eventsPerSecond: (events - first.events) / elapsed,
        ptys: terminals(),
        loopDelay,
        worstLoopDelay: Math.max(...seconds.map(({ delay }) => delay)),
        rssBytes: process.memoryUsage.rss(),
        cpuSeconds: (user + system) / 1e6,
        openFds: openDescriptors() ?? null,
      };
    },
    behind: ledger.behind,
    taken: (id) => taken.get(id) ?? 0,
    stop,
  };
}

function sum({ ledgerBytes, walBytes }: ReturnType<typeof ledgerSizes>): number {
  return ledgerBytes + walBytes;
}

/** For an ordinary user, on the file system of a file; null where nobody knows. */
function freeBytesAt(path: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(dirname(path));
    return bavail * bsize;
  } catch {
    return null;
  }
}
