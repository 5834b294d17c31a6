// What is deleted without anybody asking: ended sessions past the age or above the size a user has set. Off by default.
import type { Log, World } from "../session/ports/world.ts";
import { isSettled, type Session } from "../session/session.ts";
import { type ClockLook, type ClockNote, judgeClock } from "./clock-trust.ts";

/** What a user has set (`retention.*`); 0 keeps everything. */
export interface RetentionRules {
  /** Ended sessions go so many days after their record last changed: their end, or an archive or summon since. */
  readonly days: number;
  /** The ledger's bytes above which ended sessions go, the oldest first. */
  readonly maxBytes: number;
  /** `YYYY-MM-DD`: up to this day the clock is right, whatever leap it made; empty when nobody has said so. */
  readonly clockOkUntil: string;
}

/** What retention needs of the daemon. */
export interface RetentionDependencies {
  readonly ledger: {
    oldest(after: number, limit: number): { readonly sessions: Session[]; readonly next: number };
    bytesOf(id: string): number;
    bytesKept(): number;
    newest(now: string): string | undefined;
    note(name: "retention_clock"): string | undefined;
    keepNote(name: "retention_clock", note: string): void;
  };
  /** Deletes one; refuses a running one. */
  sacrifice(id: string): number;
  readonly world: Pick<World, "now" | "after" | "monotonic">;
  readonly log: Log;
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Records read at a time. */
const BATCH = 100;
/** How long deletions may take in one turn of the loop, and the pause behind it, in which the daemon does its work, in ms. */
const TURN_MS = 5;
const PAUSE_MS = 10;

/**
 * Looks through the ledger now and then every hour of a clock that never goes back, in short turns. An archived
 * session is as mortal as any other that has ended; one that runs is never touched. Returns the way to stop.
 */
export function startRetention(dependencies: RetentionDependencies, rules: RetentionRules): () => void {
  if (rules.days === 0 && rules.maxBytes === 0) return () => {};
  const { world, log } = dependencies;
  let before: ClockLook | undefined;
  let cancel = (): void => {};
  const begin = (): Iterator<unknown> => {
    const look = { now: Date.parse(world.now()), monotonic: world.monotonic() };
    const pass = onePass(dependencies, rules, look, before);
    before = look;
    return pass;
  };
  const next = (ms: number, pass?: Iterator<unknown>): void => {
    cancel = world.after(ms, () => {
      try {
        const going = pass ?? begin();
        const end = world.monotonic() + TURN_MS;
        do if (going.next().done) return next(HOUR_MS);
        while (world.monotonic() < end);
        return next(PAUSE_MS, going);
      } catch (error) {
        log.error("retention_failed", { reason: String(error) });
        next(HOUR_MS);
      }
    });
  };
  next(0);
  return () => cancel();
}

/** One look through the ledger; each step is one deletion. `before` is the look before, by the same daemon. */
export function* onePass(
  dependencies: RetentionDependencies,
  rules: RetentionRules,
  look: ClockLook,
  before: ClockLook | undefined,
): Generator<void, void, undefined> {
  if (rules.days > 0 && isClockTrusted(dependencies, rules, look, before))
    yield* byAge(dependencies, rules.days);
  if (rules.maxBytes > 0) yield* bySize(dependencies, rules.maxBytes);
}

/** An age is only as right as the clock: after a leap nothing is deleted by age until a daemon has seen the new time last a day. */
function isClockTrusted(
  { ledger, log }: RetentionDependencies,
  { clockOkUntil }: RetentionRules,
  look: ClockLook,
  before: ClockLook | undefined,
): boolean {
  const kept = ledger.note("retention_clock");
  // Written by the line below.
  const note = kept === undefined ? undefined : (JSON.parse(kept) as ClockNote);
  const now = new Date(look.now).toISOString();
  // Whoever names the day vouches for it; what is believed from then on is now.
  const vouched = clockOkUntil !== "" && now.slice(0, 10) <= clockOkUntil;
  const known = vouched ? { believed: now } : note;
  const verdict = judgeClock(look, before, known, ledger.newest(now));
  ledger.keepNote("retention_clock", JSON.stringify(verdict.note));
  const days = Math.round(verdict.leapMs / DAY_MS);
  if (!verdict.trusted) {
    const waitedHours = Math.floor((verdict.note.waitedMs ?? 0) / HOUR_MS);
    log.warn("retention_suspended", { reason: "the clock has leapt", days, waitedHours });
  } else if (note?.waitedMs !== undefined) log.info("retention_resumed", { days });
  return verdict.trusted;
}

function* byAge(dependencies: RetentionDependencies, days: number): Generator<void, void, undefined> {
  const now = dependencies.world.now();
  const before = new Date(Date.parse(now) - days * DAY_MS).toISOString();
  /** Sessions come in the order they were made, so each is no older than those before it, whatever the clock said. */
  let made = "";
  for (const session of oldestFirst(dependencies)) {
    const { created_at, updated_at, status } = session;
    // A clock that was ahead says nothing about the others.
    if (created_at > now) continue;
    if (created_at > made) made = created_at;
    if (made >= before) return;
    if (!isSettled(status) || updated_at >= before) continue;
    forget(dependencies, session, { reason: "age", days });
    yield;
  }
}

function* bySize(dependencies: RetentionDependencies, maxBytes: number): Generator<void, void, undefined> {
  let excess = dependencies.ledger.bytesKept() - maxBytes;
  if (excess <= 0) return;
  for (const session of oldestFirst(dependencies)) {
    if (!isSettled(session.status)) continue;
    const bytes = dependencies.ledger.bytesOf(session.id);
    forget(dependencies, session, { reason: "size", bytes, maxBytes });
    excess -= bytes;
    if (excess <= 0) return;
    yield;
  }
}

function* oldestFirst({ ledger }: RetentionDependencies): Generator<Session, void, undefined> {
  for (let after = 0; ; ) {
    const { sessions, next } = ledger.oldest(after, BATCH);
    yield* sessions;
    if (sessions.length < BATCH) return;
    after = next;
  }
}

function forget(
  { sacrifice, log }: RetentionDependencies,
  session: Session,
  why: Record<string, unknown>,
): void {
  try {
    sacrifice(session.id);
    log.info("retention_sacrificed", { sessionId: session.id, endedAt: session.updated_at, ...why });
  } catch (error) {
    // Somebody was quicker, or the disk failed; the next pass looks again.
    log.warn("retention_not_sacrificed", { sessionId: session.id, reason: String(error) });
  }
}
