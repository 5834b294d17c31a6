// Proof that records come back as they were put in, in order, page by page, and settle once.
import { Database } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import { CovenError } from "../../src/errors.ts";
import { blankPicture } from "../../src/vt/picture.ts";
import { AT, cleanUp, eventsOf, newLedger, newPath, newSession, output, record, thrown } from "./fixture.ts";

afterEach(cleanUp);

const LATER = "2026-11-21T10:00:01.234Z";

describe("records", () => {
  test("come back member for member, nulls as null", () => {
    const ledger = newLedger();
    const bare = record();
    const full = record({
      title: "naïve 🦇 title",
      status: "failed",
      exit_code: 0,
      archived_at: LATER,
      pid: 4242,
      signal: "SIGKILL",
      launch_mode: "nonInteractive",
    });
    ledger.create(bare);
    ledger.create(full);
    expect(ledger.session(bare.id)).toEqual(bare);
    expect(ledger.session(full.id)).toEqual(full);
    expect(ledger.session("nobody")).toBeUndefined();
    expect(ledger.activeSessions()).toEqual([bare]);
  });

  test("an id is taken once", () => {
    const ledger = newLedger();
    const id = newSession(ledger);
    expect(() => newSession(ledger, { id })).toThrow(/UNIQUE/);
  });

  test("started sets the process, settle ends it", () => {
    const ledger = newLedger();
    const id = newSession(ledger);
    expect(ledger.unsettled()).toEqual([{ session: record({ id }), leader: null }]);
    ledger.started(id, { pid: 77, startedAt: "12345" }, LATER);
    const running = record({ id, status: "running", pid: 77, updated_at: LATER });
    expect(ledger.session(id)).toEqual(running);
    expect(ledger.unsettled()).toEqual([{ session: running, leader: { pid: 77, startedAt: "12345" } }]);
    const end = { status: "killed", exitCode: null, signal: "SIGKILL" } as const;
    expect(ledger.settle(id, end, [], LATER)).toBe(true);
    expect(ledger.session(id)).toEqual(
      record({ id, status: "killed", signal: "SIGKILL", updated_at: LATER, pid: null }),
    );
    expect(ledger.unsettled()).toEqual([]);
    ledger.started(id, { pid: 78, startedAt: null }, LATER);
    expect(ledger.session(id)?.status).toBe("killed");
  });

  test("settle writes its events and the status once; the second says false and writes nothing", () => {
    const ledger = newLedger();
    const id = newSession(ledger);
    const exit = { kind: "exit", payload: { exitCode: 3, status: "failed" } } as const;
    const end = { status: "failed", exitCode: 3, signal: null } as const;
    expect(ledger.settle(id, end, [output("tail"), exit], LATER)).toBe(true);
    const second = { status: "completed", exitCode: 0, signal: null } as const;
    expect(ledger.settle(id, second, [exit], AT)).toBe(false);
    expect(eventsOf(ledger, id).map((e) => [e.kind, e.payload_json])).toEqual([
      ["output", '{"data":"tail"}'],
      ["exit", '{"exitCode":3,"status":"failed"}'],
    ]);
    expect(ledger.session(id)).toMatchObject({ status: "failed", exit_code: 3, updated_at: LATER });
  });

  test("a settle that fails half-way leaves no half", () => {
    const ledger = newLedger();
    const id = newSession(ledger);
    const circular: Record<string, unknown> = {};
    circular["self"] = circular;
    const end = { status: "completed", exitCode: 0, signal: null } as const;
    const events = [output("x"), { kind: "metadata", payload: circular }] as const;
    expect(() => ledger.settle(id, end, events, AT)).toThrow(TypeError);
    expect(ledger.session(id)?.status).toBe("created");
    expect(eventsOf(ledger, id)).toEqual([]);
    expect(ledger.settle(id, end, [], AT)).toBe(true);
  });

  test("archive and summon", () => {
    const ledger = newLedger();
    const id = newSession(ledger);
    ledger.archive(id, LATER, LATER);
    expect(ledger.session(id)).toMatchObject({ archived_at: LATER, updated_at: LATER });
    expect(ledger.activeSessions()).toEqual([]);
    ledger.archive(id, null, AT);
    expect(ledger.session(id)).toMatchObject({ archived_at: null, updated_at: AT });
  });

  test("changing an unknown session is session_not_found", () => {
    const ledger = newLedger();
    const end = { status: "failed", exitCode: 1, signal: null } as const;
    const screen = {
      asOfSeq: 0,
      cols: 1,
      rows: 1,
      cursor: { x: 0, y: 0 },
      title: "",
      alternate: false,
      lines: [],
      picture: blankPicture(80, 24),
    };
    for (const work of [
      () => ledger.started("no", { pid: 1, startedAt: null }, AT),
      () => ledger.settle("no", end, [], AT),
      () => ledger.archive("no", null, AT),
      () => ledger.append("no", [output("x")], AT),
      () => ledger.append("no", [output("x"), output("y")], AT),
      () => ledger.saveScreen("no", screen),
      () => ledger.sacrifice("no"),
    ]) {
      const error = thrown(work);
      expect(error).toBeInstanceOf(CovenError);
      expect(error).toMatchObject({ code: "session_not_found", details: { sessionId: "no" } });
    }
  });
});

describe("pages", () => {
  test("newest first, every session once, no page after the last", () => {
    const ledger = newLedger();
    const ids = Array.from({ length: 7 }, () => newSession(ledger));
    ledger.archive(ids[3] ?? "", AT, AT);
    const active = ids.filter((_, i) => i !== 3).reverse();
    for (const [includeArchived, expected] of [
      [false, active],
      [true, ids.toReversed()],
    ] as const) {
      for (const limit of [1, 2, 3, 6, 7, 100]) {
        const seen: string[] = [];
        let cursor: string | null = null;
        let pages = 0;
        do {
          const page = ledger.sessions({ limit, includeArchived, ...(cursor && { cursor }) });
          expect(page.sessions.length).toBeLessThanOrEqual(limit);
          seen.push(...page.sessions.map((s) => s.id));
          cursor = page.nextCursor;
          pages++;
        } while (cursor !== null);
        expect(seen).toEqual([...expected]);
        expect(pages).toBe(Math.ceil(expected.length / limit));
      }
    }
    expect(ledger.sessions({ limit: 1, includeArchived: true }).sessions[0]).toEqual(
      record({ id: ids[6] ?? "" }),
    );
  });

  test("a session made between two pages does not shift the second", () => {
    const ledger = newLedger();
    const [a, b] = [newSession(ledger), newSession(ledger)];
    const first = ledger.sessions({ limit: 1, includeArchived: false });
    newSession(ledger);
    const second = ledger.sessions({ limit: 9, includeArchived: false, cursor: first.nextCursor ?? "" });
    expect([first, second].map((p) => p.sessions.map((s) => s.id))).toEqual([[b], [a]]);
  });

  test("an empty ledger is one empty page", () => {
    expect(newLedger().sessions({ limit: 1, includeArchived: true })).toEqual({
      sessions: [],
      nextCursor: null,
    });
  });

  test.each([
    "",
    "garbage",
    "1",
    "n1",
    Buffer.from("n0").toString("base64url"),
    Buffer.from("n-1").toString("base64url"),
    Buffer.from("n01").toString("base64url"),
    Buffer.from("n1.5").toString("base64url"),
    Buffer.from("n1 ").toString("base64url"),
    Buffer.from("n1e3").toString("base64url"),
    Buffer.from("x7").toString("base64url"),
    Buffer.from("n99999999999999999999").toString("base64url"),
    "bjE=",
    "bjE\0",
  ])("the cursor %j is refused", (cursor) => {
    const error = thrown(() => newLedger().sessions({ limit: 5, includeArchived: false, cursor }));
    expect(error).toMatchObject({ name: "CovenError", code: "invalid_request", details: { cursor } });
  });
});

test("what a launch asked for comes back as it went in, and a list that a disk has spoiled is empty", () => {
  const path = newPath();
  const ledger = newLedger(path);
  const asked = {
    labels: ["a", 'b "c", é'],
    visibility: "workspace",
    external: true,
    conversation_id: "c1",
    familiar_id: "f1",
    transcript_path: "/t",
    model: "m",
    permission: "read-only",
    add_dirs: ["/one", "/two three"],
    base_commit: "a".repeat(40),
    worktree: { path: "/w", branch: "b/c", base: "a".repeat(40) },
    continues: "an id",
    agent_session_id: "s1",
    group: "g",
  } as const;
  const id = newSession(ledger, asked);
  expect(ledger.session(id)).toMatchObject(asked);
  expect(ledger.sessions({ limit: 1, includeArchived: true }).sessions).toMatchObject([asked]);
  ledger.close();
  const db = new Database(path);
  db.run(`UPDATE session_rows SET labels = '["a', add_dirs = '{"a":1}', worktree = '{"path":1}'`);
  db.close();
  expect(newLedger(path).session(id)).toMatchObject({ ...asked, labels: [], add_dirs: [], worktree: null });
});
