// A line of the log: parsed, filtered, and shown so that nothing written into it can control a terminal. Pure.
import { harmless } from "../../ui/text.ts";

/** Levels, mildest first. */
export const LOG_LEVELS = ["info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One line: its text as it stood, and its members where it is a JSON object. */
export interface LogEntry {
  readonly text: string;
  readonly fields: Readonly<Record<string, unknown>> | undefined;
}

/** Which lines are wanted. */
export interface LogFilter {
  /** This level and graver ones. */
  readonly level: LogLevel;
  /** The beginning of a session's id, or the whole of it. */
  readonly session: string | undefined;
}

/** Parses a line. */
export function logEntry(text: string): LogEntry {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return { text, fields: { ...value } };
  } catch {
    // Cut off by a crash, or written by something else.
  }
  return { text, fields: undefined };
}

/** Whether the line passes the filter. A line that is not JSON passes every level and belongs to no session. */
export function isWanted({ fields }: LogEntry, { level, session }: LogFilter): boolean {
  const found = LOG_LEVELS.find((one) => one === fields?.["level"]);
  if (found && LOG_LEVELS.indexOf(found) < LOG_LEVELS.indexOf(level)) return false;
  return session === undefined || String(fields?.["sessionId"] ?? "").startsWith(session);
}

/** Members that are shown elsewhere in the line, or not at all. */
const PLACED = new Set(["ts", "level", "event", "sessionId", "pid"]);

/** The line for a person: time, level, event, session, then the rest as `name=value`. No control character is left in it. */
export function shownLine(entry: LogEntry, paint: (level: LogLevel, text: string) => string): string {
  const { fields, text } = entry;
  if (!fields) return harmless(text);
  const { ts, level, event, sessionId } = fields;
  const known = LOG_LEVELS.find((one) => one === level) ?? "error";
  const parts = [
    harmless(String(ts ?? "")).padEnd(24),
    paint(known, known.toUpperCase().padEnd(5)),
    harmless(String(event ?? "")),
  ];
  if (sessionId !== undefined) parts.push(`session ${harmless(String(sessionId)).slice(0, 8)}`);
  for (const [name, value] of Object.entries(fields)) {
    if (!PLACED.has(name)) parts.push(`${harmless(name)}=${word(value)}`);
  }
  return parts.join("  ");
}

/** The line for a program: JSON on one line, with every character that could control a terminal escaped. */
export function jsonLine({ text, fields }: LogEntry): string {
  return JSON.stringify(fields ?? { unreadable: text }).replace(
    /[\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function word(value: unknown): string {
  if (typeof value === "string")
    return /^[\w./:@%+-]+$/.test(value) ? value : harmless(JSON.stringify(value));
  return harmless(JSON.stringify(value) ?? String(value));
}
