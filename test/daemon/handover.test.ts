// Tests src/daemon/handover.ts: the document both ways, and what is no document of ours.
import { expect, test } from "bun:test";
import {
  decodeHandover,
  encodeHandover,
  type Handover,
  handoverVersions,
  takeHandover,
} from "../../src/daemon/handover.ts";

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

const BIG: Handover = {
  ...FULL,
  sessions: FULL.sessions.map((one, i) => ({
    ...one,
    waiting: new Uint8Array(Buffer.alloc(300 + i, i + 10)),
    screen: { drawn: new Uint8Array(Buffer.alloc(100_000 + i, "a line\n")), unfinished: bytes("\x1b[") },
  })),
};

/** Without the version, and with bytes of their own. */
function read(written: Uint8Array): unknown {
  const { version: _, ...rest } = { version: 0, ...decodeHandover(written) };
  return structuredClone(rest);
}
const plain = (handover: Handover) => structuredClone(handover);
const textOf = (written: Uint8Array) =>
  JSON.parse(Buffer.from(written).toString("latin1").split("\n", 1)[0] ?? "");

test.each([1, 2, 3] as const)("what is written is read, in every member, in version %i", (version) => {
  for (const handover of [FULL, BIG]) {
    const written = encodeHandover(handover, version);
    expect(textOf(written).version).toBe(version);
    expect(read(written)).toEqual(plain(handover));
  }
});

test("before version 3 it is JSON alone, as programs of before read it", () => {
  for (const version of [1, 2] as const) {
    const text = Buffer.from(encodeHandover(BIG, version)).toString();
    expect(JSON.parse(text).sessions[0].screen.drawn).toBe(
      Buffer.from(BIG.sessions[0]?.screen?.drawn ?? []).toString("base64"),
    );
  }
});

test("what a later program adds is passed over; another version, a missing member, and bytes that are not there are refused", () => {
  const written = textOf(encodeHandover(FULL, 1));
  const decode = (value: unknown) => decodeHandover(Buffer.from(JSON.stringify(value)));
  const { version: _, ...rest } = { version: 0, ...decode({ ...written, later: [1] }) };
  expect(plain(rest)).toEqual(plain(FULL));
  expect(() => decode({ ...written, version: 4 })).toThrow();
  for (const name of ["version", "pid", "umask", "sessions", "launchKeys"]) {
    expect(() => decode({ ...written, [name]: undefined }), name).toThrow();
  }
  const big = encodeHandover(BIG, 3);
  expect(() => decodeHandover(big.subarray(0, big.length - 1))).toThrow("beyond the end");
});

test("a program that is no child takes a version that an older program refuses before anything is handed over", () => {
  expect([handoverVersions(false), handoverVersions(true)]).toEqual([
    [3, 1],
    [3, 2],
  ]);
  const [first, ...rest] = FULL.sessions;
  if (!first?.terminal) throw new Error("it has one");
  const foreign = {
    ...FULL,
    sessions: [{ ...first, terminal: { ...first.terminal, process: 18 } }, ...rest],
  };
  expect(read(encodeHandover(foreign, 2))).toEqual(plain(foreign));
  // As a program of before wrote it.
  const old = textOf(encodeHandover(FULL, 1));
  delete old.sessions[0].terminal.process;
  expect(decodeHandover(Buffer.from(JSON.stringify(old))).sessions[0]?.terminal?.process).toBeNull();
});

test("a variable that names no document of ours is taken away, and nothing is touched", () => {
  for (const value of ["", "0,1,2", "1,2", "asked", "3", "4,5,6,7", "999999,5,6", "-1,5,6"]) {
    const env: Record<string, string | undefined> = { COVEN_HANDOVER_FD: value };
    expect(takeHandover(env)).toBeUndefined();
    expect(env).toEqual({});
  }
});
