// Owns what is deleted without anybody asking: ended sessions past the age or above the size a user has set. Off by default.
import type { Log, World } from "../session/ports.ts";
import { isSettled, type Session } from "../session/session.ts";

/** What a user has set (`retention.*`); 0 keeps everything. */
export interface RetentionRules {
  /** Ended sessions go so many days after their record last changed: their end, or an archive or summon since. */
  readonly days: number;
  /** The ledger's bytes above which ended sessions go, the oldest first. */
  readonly maxBytes: number;
}

/** What retention needs of the house. */
export interface RetentionHouse {
  readonly ledger: {
    oldest(after: number, limit: number): { readonly sessions: Session[]; readonly next: number };
    bytesOf(id: string): number;
    bytesKept(): number;
  };
  /** Deletes one; refuses a running one. */
  sacrifice(id: string): number;
  readonly world: Pick<World, "now" | "after">;
  readonly log: Log;
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Records read at a time, and the pause after a deletion, in which the daemon does its work, in ms. */
const BATCH = 100;
const PAUSE_MS = 50;

/**
 * Looks through the ledger now and then every hour of a clock that never goes back, one deletion in a turn. An archived
 * session is as mortal as any other that has ended; one that runs is never touched. Returns the way to stop.
 */
export function startRetention(house: RetentionHouse, rules: RetentionRules): () => void {
  if (rules.days === 0 && rules.maxBytes === 0) return () => {};
  const { world, log } = house;
  let cancel = (): void => {};
  const next = (ms: number, pass: Iterator<unknown>): void => {
    cancel = world.after(ms, () => {
      try {
        if (!pass.next().done) return next(PAUSE_MS, pass);
      } catch (error) {
        log.error("retention_failed", { reason: String(error) });
      }
      next(HOUR_MS, onePass(house, rules));
    });
  };
  next(0, onePass(house, rules));
  return () => cancel();
}

/** One look through the ledger; each step is one turn's work. */
export function* onePass(house: RetentionHouse, rules: RetentionRules): Generator<void, void, undefined> {
  if (rules.days > 0) yield* byAge(house, rules.days);
  if (rules.maxBytes > 0) yield* bySize(house, rules.maxBytes);
}

function* byAge(house: RetentionHouse, days: number): Generator<void, void, undefined> {
  const before = new Date(Date.parse(house.world.now()) - days * DAY_MS).toISOString();
  for (const session of oldestFirst(house)) {
    // Sessions come in the order they were made, and none changes before it is made.
    if (session.created_at >= before) return;
    if (!isSettled(session.status) || session.updated_at >= before) continue;
    forget(house, session, { reason: "age", days });
    yield;
  }
}

function* bySize(house: RetentionHouse, maxBytes: number): Generator<void, void, undefined> {
  let excess = house.ledger.bytesKept() - maxBytes;
  if (excess <= 0) return;
  for (const session of oldestFirst(house)) {
    if (!isSettled(session.status)) continue;
    const bytes = house.ledger.bytesOf(session.id);
    forget(house, session, { reason: "size", bytes, maxBytes });
    excess -= bytes;
    if (excess <= 0) return;
    yield;
  }
}

function* oldestFirst({ ledger }: RetentionHouse): Generator<Session, void, undefined> {
  for (let after = 0; ; ) {
    const { sessions, next } = ledger.oldest(after, BATCH);
    yield* sessions;
    if (sessions.length < BATCH) return;
    after = next;
  }
}

function forget({ sacrifice, log }: RetentionHouse, session: Session, why: Record<string, unknown>): void {
  try {
    sacrifice(session.id);
    log.info("retention_sacrificed", { sessionId: session.id, endedAt: session.updated_at, ...why });
  } catch (error) {
    // Somebody was quicker, or the disk failed; the next pass looks again.
    log.warn("retention_not_sacrificed", { sessionId: session.id, reason: String(error) });
  }
}
