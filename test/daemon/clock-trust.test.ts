// Holds when what deletes by age may believe the clock.
import { expect, test } from "bun:test";
import { type ClockLook, type ClockNote, judgeClock } from "../../src/daemon/clock-trust.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.parse("2026-11-21T10:00:00.000Z");

/** A daemon that looks every hour; `clock` says what the wall clock shows after so many hours. Returns the hours in which it was believed. */
function hours(count: number, clock: (hour: number) => number, first?: ClockNote, newest?: string): number[] {
  let note = first;
  let before: ClockLook | undefined;
  const trusted: number[] = [];
  for (let hour = 0; hour < count; hour++) {
    const look = { now: START + clock(hour), monotonic: hour * HOUR };
    const verdict = judgeClock(look, before, note, newest);
    if (verdict.trusted) trusted.push(hour);
    ({ note } = verdict);
    before = look;
  }
  return trusted;
}

const each = (count: number, from = 0) => Array.from({ length: count }, (_, i) => from + i);
const believed = { believed: new Date(START).toISOString() };

test.each([
  ["a clock that goes on as clocks do", hours(48, (h) => h * HOUR, believed), each(48)],
  ["a machine that was off for two days", hours(3, (h) => 2 * DAY + h * HOUR, believed), each(3)],
  ["a year ahead: after a day that it lasted", hours(30, (h) => 365 * DAY + h * HOUR, believed), each(6, 24)],
  [
    "a year ahead and soon put right: never",
    hours(30, (h) => (h < 5 ? 365 * DAY : 0) + h * HOUR, believed),
    each(25, 5),
  ],
  [
    "a leap while it runs, and another one: a day from the last",
    hours(60, (h) => (h < 3 ? 0 : h < 20 ? 400 * DAY : 900 * DAY) + h * HOUR, believed),
    [0, 1, 2, ...each(16, 44)],
  ],
  ["back in time: it deletes less", hours(3, (h) => -400 * DAY + h * HOUR, believed), each(3)],
  ["nothing is known", hours(2, (h) => h * HOUR), each(2)],
  [
    "the newest record stands for what was believed",
    hours(2, (h) => h * HOUR, undefined, "2025-01-01T00:00:00.000Z"),
    [],
  ],
])("%s", (_, found, wanted) => expect(found).toEqual(wanted));

test("the wait goes on over restarts of the daemon, and time in which none ran does not count", () => {
  const late = { ...believed, waitedMs: 23 * HOUR };
  const look = { now: START + 365 * DAY, monotonic: 0 };
  const first = judgeClock(look, undefined, late, undefined);
  expect([first.trusted, first.note.waitedMs]).toEqual([false, 23 * HOUR]);
  const second = judgeClock({ now: look.now + HOUR, monotonic: HOUR }, look, first.note, undefined);
  expect(second.trusted).toBe(true);
});
