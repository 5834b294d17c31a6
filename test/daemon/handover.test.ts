// Tests src/daemon/handover.ts: the document both ways, and what is no document of ours.
import { expect, test } from "bun:test";
import { decodeHandover, encodeHandover, type Handover, takeHandover } from "../../src/daemon/handover.ts";

const bytes = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));

const FULL: Handover = {
  pid: 4711,
  umask: 0o022,
  sessions: [
    {
      id: "a-session",
      leader: { pid: 4712, startedAt: "12345" },
      size: { cols: 120, rows: 40 },
      terminal: {
        fd: 17,
        process: null,
        unwritten: bytes("typed\xff"),
        exit: { exitCode: null, signal: "SIGTERM" },
      },
      exit: null,
      printed: 123_456_789_012,
      waiting: bytes("\xc3"),
      screen: { drawn: bytes("\x1b[2Jscreen"), unfinished: bytes("\x1b[3") },
      activity: "working",
      attention: {
        state: "waiting",
        kind: "permission",
        message: "Run it?",
        source: "osc7501",
        seq: 9,
        at: "2026-01-01T00:00:00.000Z",
      },
      viewers: [{ cols: 80, rows: 24, usedAt: 3 }],
      typists: [["a-client", 7]],
      typing: [{ kind: "submit", bytes: bytes("a task"), enterDue: true }],
      kill: {
        by: "a client (curl/8.0)",
        eventWaits: true,
        graceLeftMs: 1234.5,
        known: [{ pid: 9, startedAt: null, parent: 1, group: 9, session: 9, name: "sh", dead: false }],
      },
      memoryRanOut: true,
    },
    {
      id: "one-that-ended",
      leader: { pid: 4713, startedAt: null },
      size: { cols: 1, rows: 1 },
      terminal: null,
      exit: { exitCode: 3, signal: null },
      printed: 0,
      waiting: bytes(""),
      screen: null,
      activity: null,
      viewers: [],
      typists: [],
      typing: [],
      kill: null,
      memoryRanOut: false,
    },
  ],
  launchKeys: [["key", "a-session"]],
  inputKeys: [["a-session key", "17"]],
};

test("what is written is read, as JSON, in every member", () => {
  const { version: _, ...read } = {
    version: 0,
    ...decodeHandover(JSON.parse(JSON.stringify(encodeHandover(FULL)))),
  };
  expect(read).toEqual(FULL);
});

test("what a later program adds is passed over; another version and a missing member are refused", () => {
  const written = encodeHandover(FULL) as Record<string, unknown>;
  const { version: _, ...read } = { version: 0, ...decodeHandover({ ...written, later: [1] }) };
  expect(read).toEqual(FULL);
  expect(() => decodeHandover({ ...written, version: 3 })).toThrow();
  for (const name of Object.keys(written)) {
    // Later than the first version.
    if (name === "inputKeys") continue;
    expect(() => decodeHandover({ ...written, [name]: undefined }), name).toThrow();
  }
});

test("a program that is no child takes version 2, which an older program refuses before anything is handed over", () => {
  const [first, ...rest] = FULL.sessions;
  if (!first?.terminal) throw new Error("it has one");
  const foreign = {
    ...FULL,
    sessions: [{ ...first, terminal: { ...first.terminal, process: 18 } }, ...rest],
  };
  const written = encodeHandover(foreign) as { version: number };
  expect([(encodeHandover(FULL) as { version: number }).version, written.version]).toEqual([1, 2]);
  expect(decodeHandover(JSON.parse(JSON.stringify(written))).sessions).toEqual(foreign.sessions);
  // As a program of before wrote it.
  const old = JSON.parse(JSON.stringify(encodeHandover(FULL)));
  delete old.sessions[0].terminal.process;
  expect(decodeHandover(old).sessions[0]?.terminal?.process).toBeNull();
});

test("a variable that names no document of ours is taken away, and nothing is touched", () => {
  for (const value of ["", "0,1,2", "1,2", "asked", "3", "4,5,6,7", "999999,5,6", "-1,5,6"]) {
    const env: Record<string, string | undefined> = { COVEN_HANDOVER_FD: value };
    expect(takeHandover(env)).toBeUndefined();
    expect(env).toEqual({});
  }
});
