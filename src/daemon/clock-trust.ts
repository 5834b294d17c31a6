// Whether the clock may be believed by what deletes: a leap of it, against what was known before, must last a day first.

/** What is kept between looks, across restarts of the daemon. */
export interface ClockNote {
  /** The latest time that was believed, RFC 3339. */
  readonly believed: string;
  /** A leap is being waited out: for how long a daemon has seen the new time go on as a clock does, in milliseconds. */
  readonly waitedMs?: number;
}

/** One look at both clocks. */
export interface ClockLook {
  /** The wall clock, milliseconds since 1970. */
  readonly now: number;
  /** A clock that never goes back, milliseconds. */
  readonly monotonic: number;
}

/** What is to be done at this look, and to be kept for the next. */
export interface ClockVerdict {
  readonly trusted: boolean;
  /** How far the clock is ahead of what was believed, in milliseconds. */
  readonly leapMs: number;
  readonly note: ClockNote;
}

const HOUR_MS = 3_600_000;
/** A weekend with the machine off is no leap. */
export const LEAP_MS = 72 * HOUR_MS;
export const WAIT_MS = 24 * HOUR_MS;
/** How far the two clocks may drift apart between two looks of one daemon. */
const DRIFT_MS = HOUR_MS;

/**
 * Judges `look`. What was believed last is in `note`; without one, `newest` (RFC 3339, the newest record that is not ahead of the clock) stands for
 * it, and with neither the clock is believed. `before` is the look before by this daemon, if any. A clock that goes back is believed: it deletes less.
 */
export function judgeClock(
  look: ClockLook,
  before: ClockLook | undefined,
  note: ClockNote | undefined,
  newest: string | undefined,
): ClockVerdict {
  const believed = Date.parse(note?.believed ?? newest ?? "") || look.now;
  const leapMs = look.now - believed;
  const elapsed = before ? look.monotonic - before.monotonic : 0;
  const steady = before !== undefined && Math.abs(look.now - before.now - elapsed) <= DRIFT_MS;
  const waitedMs = (note?.waitedMs ?? 0) + (steady ? elapsed : 0);
  // Between two looks of one daemon time passes; that is none.
  if (leapMs <= LEAP_MS || (note?.waitedMs !== undefined && waitedMs >= WAIT_MS)) {
    return { trusted: true, leapMs, note: { believed: new Date(look.now).toISOString() } };
  }
  const kept = before !== undefined && !steady ? 0 : waitedMs;
  return { trusted: false, leapMs, note: { believed: new Date(believed).toISOString(), waitedMs: kept } };
}
