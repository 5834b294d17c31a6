// Durations, ages and sizes as people read them. JSON keeps RFC 3339 and bytes.

import { UsageError } from "./failure.ts";
import { quoted } from "./text.ts";

const UNITS = [
  ["d", 86_400],
  ["h", 3_600],
  ["m", 60],
] as const;

/** `12s`, `3m`, `2h`, `5d`: one unit, rounded down; never negative. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  for (const [unit, size] of UNITS) if (seconds >= size) return `${Math.floor(seconds / size)}${unit}`;
  return `${seconds}s`;
}

/** `2m ago`, or `just now`, from an RFC 3339 time. */
export function ago(at: string, now: number = Date.now()): string {
  const ms = now - Date.parse(at);
  if (Number.isNaN(ms)) return "?";
  return ms < 5_000 ? "just now" : `${span(ms)} ago`;
}

/** How long something took: `0.4 s`, `12 s`, `3 m 20 s`, `2 h 5 m`. */
export function duration(ms: number): string {
  if (ms < 9_950) return `${(Math.max(0, ms) / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} m ${seconds % 60} s`;
  return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} m`;
}

/** Bytes as people read them: `812 B`, `4.2 KB`, `3.1 GB` (powers of 1000). */
export function size(bytes: number): string {
  const names = ["B", "KB", "MB", "GB", "TB"];
  let value = bytes;
  let place = 0;
  while (value >= 999.5 && place < names.length - 1) {
    value /= 1000;
    place++;
  }
  return place === 0 ? `${value} B` : `${value.toFixed(value < 10 ? 1 : 0)} ${names[place]}`;
}

const SPAN = /^(\d{1,9})(ms|s|m|h|d|w)$/;
const SPAN_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

/** The milliseconds of a span as people type it, `90s`, `10m`, `7d`. Throws `UsageError` for what is none, naming the flag. */
export function spanOf(flag: string, typed: string): number {
  const [, number, unit = ""] = SPAN.exec(typed) ?? [];
  const ms = Number(number) * (SPAN_MS[unit] ?? Number.NaN);
  if (Number.isSafeInteger(ms)) return ms;
  throw new UsageError(`--${flag} takes a span of time, and ${quoted(typed)} is none.`, [
    `--${flag} 10m   (a number and one of ms s m h d w)`,
  ]);
}

/** What a timer of the runtime holds, 24.8 days; it fires at once for more. */
const MOST_MS = 2 ** 31 - 1;

/** Runs it after so many milliseconds, however many; returns the way to stop. */
export function afterSpan(ms: number, run: () => void): () => void {
  let timer: ReturnType<typeof setTimeout>;
  const wait = (left: number): void => {
    timer = setTimeout(() => (left > MOST_MS ? wait(left - MOST_MS) : run()), Math.min(left, MOST_MS));
  };
  wait(ms);
  return () => clearTimeout(timer);
}
