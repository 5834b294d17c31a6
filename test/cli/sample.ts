// Session records for tests of what people see: everything as usual unless said otherwise.
import { type Session, UNASKED } from "../../src/session/session.ts";

/** When these tests take place. */
export const NOW = Date.parse("2026-03-01T12:00:00.000Z");

let made = 0;

/** A finished session of an hour ago, with what is given over it. */
export function sample(over: Partial<Session> = {}): Session {
  made += 1;
  return {
    id: `${made.toString(16).padStart(8, "0")}-0000-4000-8000-000000000000`,
    project_root: "/home/me/app",
    harness: "codex",
    title: "fix the tests",
    status: "completed",
    exit_code: 0,
    archived_at: null,
    created_at: "2026-03-01T10:59:00.000Z",
    updated_at: "2026-03-01T11:00:00.000Z",
    cwd: "/home/me/app",
    launch_mode: "interactive",
    pid: null,
    signal: null,
    activity: null,
    attention: null,
    ...UNASKED,
    ...over,
  };
}

/** A title and a path as an enemy would choose them: they move the cursor, ring, colour, reverse and break lines. */
export const HOSTILE = "a\u001b[2J\u001b]0;x\u0007b\r\nc\td\u0000e\u009b31mf\u202eg\u2028h";

/** Every control character there is, and what reverses text; nothing we print may hold one. */
export const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;
