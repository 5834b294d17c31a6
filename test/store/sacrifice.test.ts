// Proof that a sacrificed session is gone at once, its space after it, and its numbers for good.
import { Database } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import { readFileSync, statSync } from "node:fs";
import type { Ledger } from "../../src/session/ports/ledger.ts";
import { inspectLedger } from "../../src/store/inspect.ts";
import { blankPicture } from "../../src/vt/picture.ts";
import { AT, cleanUp, eventsOf, newLedger, newPath, newSession, output } from "./fixture.ts";

afterEach(cleanUp);

/** A clock that runs only when told: what `after` was given and not cancelled. */
function handClock() {
  const waiting = new Set<() => void>();
  return {
    waiting,
    after: (_ms: number, run: () => void) => {
      waiting.add(run);
      return () => waiting.delete(run);
    },
    /** Runs what waits, until nothing does; how many turns that took. */
    runOut(): number {
      let turns = 0;
      for (; waiting.size > 0; turns++) {
        const [next] = waiting;
        if (!next) break;
        waiting.delete(next);
        next();
      }
      return turns;
    },
  };
}

function fill(ledger: Ledger, id: string, rows: number, bytes: number): void {
  for (let i = 0; i < rows; i++) ledger.append(id, [output(new Uint8Array(bytes).fill(65))], AT);
}

function raw(path: string): { sessions: number; events: number; screens: number; free: number } {
  const db = new Database(path);
  const count = (sql: string) => db.query<{ n: number }, []>(sql).get()?.n ?? -1;
  const found = {
    sessions: count("SELECT count(*) AS n FROM session_rows"),
    events: count("SELECT count(*) AS n FROM event_rows"),
    screens: count("SELECT count(*) AS n FROM screen_rows"),
    free: count("SELECT freelist_count AS n FROM pragma_freelist_count"),
  };
  db.close();
  return found;
}

const SCREEN = {
  asOfSeq: 1,
  cols: 1,
  rows: 1,
  cursor: { x: 0, y: 0 },
  title: "",
  alternate: false,
  lines: [],
  picture: blankPicture(80, 24),
};

describe("sacrifice", () => {
  test("takes the record, its events and its screen, and says how many events went", () => {
    const path = newPath();
    const ledger = newLedger(path);
    const [gone, kept] = [newSession(ledger), newSession(ledger)];
    fill(ledger, gone, 30, 100);
    fill(ledger, kept, 3, 100);
    ledger.saveScreen(gone, SCREEN);
    ledger.archive(gone, AT, AT);
    const eventId = eventsOf(ledger, gone)[0]?.id ?? "";
    expect(ledger.sacrifice(gone)).toBe(30);
    expect(ledger.session(gone)).toBeUndefined();
    expect(ledger.screen(gone)).toBeUndefined();
    expect(ledger.seqOf(gone, eventId)).toBeUndefined();
    expect(ledger.lastSeq(gone)).toBe(0);
    expect(eventsOf(ledger, gone)).toEqual([]);
    expect(ledger.output(gone, 0, 1000)).toEqual([]);
    expect(ledger.unsettled().map((u) => u.session.id)).toEqual([kept]);
    expect(ledger.sessions({ limit: 9, includeArchived: true }).sessions.map((s) => s.id)).toEqual([kept]);
    expect(eventsOf(ledger, kept).length).toBe(3);
    expect(raw(path)).toEqual({ sessions: 1, events: 3, screens: 0, free: 0 });
  });

  test("a seq is never used again, also when the newest session went, also after a restart", () => {
    // With a plain rowid the next append after deleting the newest rows would get their numbers, and a client
    // resuming with afterSeq would skip it for ever.
    const path = newPath();
    const ledger = newLedger(path);
    const first = newSession(ledger);
    fill(ledger, first, 5, 10);
    const newest = newSession(ledger);
    fill(ledger, newest, 10, 10);
    expect(ledger.sacrifice(newest)).toBe(10);
    expect(eventsOf(ledger, first).length).toBe(5);
    ledger.close();
    const again = newLedger(path);
    expect(again.append(first, [output("x")], AT)).toBe(16);
    expect(again.sacrifice(first)).toBe(6);
    const third = newSession(again);
    expect(again.append(third, [output("x")], AT)).toBe(17);
    expect(again.sacrifice(third)).toBe(1);
    again.close();
    const last = newLedger(path);
    expect(last.append(newSession(last), [output("x")], AT)).toBe(18);
    last.close();
    // What was kept for the numbers' sake says nothing and is counted nowhere.
    expect(inspectLedger(path, { deep: true })).toMatchObject({ ok: true, sessions: 1, events: 1 });
  });

  test("what was printed is not in the file afterwards, nor the title", () => {
    // Between rows of other sessions, so that its rows lie on pages that stay; long and short, so that some overflow.
    const path = newPath();
    const clock = handClock();
    const ledger = newLedger(path, { after: clock.after });
    const kept = newSession(ledger);
    const id = newSession(ledger, { title: "TITLE-TO-FORGET" });
    for (let i = 0; i < 400; i++) {
      ledger.append(
        i % 2 ? id : kept,
        [output((i % 2 ? "SECRET-TO-FORGET" : "harmless").repeat(1 + (i % 97) * 10))],
        AT,
      );
    }
    ledger.saveScreen(id, SCREEN);
    expect(ledger.sacrifice(id)).toBe(200);
    // On a busy machine the time of the call is used up before the last page is given back.
    clock.runOut();
    ledger.close();
    const bytes = readFileSync(path);
    expect([bytes.includes("SECRET-TO"), bytes.includes("TITLE-TO"), bytes.includes("harmless")]).toEqual([
      false,
      false,
      true,
    ]);
  });

  test("a large one is gone at once, blocks nobody for long, and gives its space back in turns", () => {
    const path = newPath();
    const clock = handClock();
    const ledger = newLedger(path, { after: clock.after });
    const [before, id] = [newSession(ledger), newSession(ledger)];
    fill(ledger, before, 10, 100);
    fill(ledger, id, 10_000, 8000);
    const full = statSync(path).size;
    expect(ledger.sacrifice(id)).toBe(10_000);
    expect(ledger.session(id)).toBeUndefined();
    expect(clock.waiting.size).toBe(1);
    expect(raw(path).free + raw(path).events).toBeGreaterThan(11);
    // Life goes on between the turns.
    expect(ledger.append(before, [output("x")], AT)).toBe(10_011);
    expect(clock.runOut()).toBeGreaterThan(0);
    expect(raw(path)).toEqual({ sessions: 1, events: 11, screens: 0, free: 0 });
    ledger.close();
    expect(statSync(path).size).toBeLessThan(full / 100);
    expect(inspectLedger(path, { deep: true })).toMatchObject({ ok: true, sessions: 1, events: 11 });
  });

  test("what a stopped daemon left undone, the next one finishes", () => {
    const path = newPath();
    const never = handClock();
    const first = newLedger(path, { after: never.after });
    const id = newSession(first);
    fill(first, id, 10_000, 8000);
    first.sacrifice(id);
    expect(never.waiting.size).toBe(1);
    first.close();
    expect(never.waiting.size).toBe(0);
    expect(raw(path).free + raw(path).events).toBeGreaterThan(1);
    const clock = handClock();
    const second = newLedger(path, { after: clock.after });
    expect(clock.waiting.size).toBe(1);
    clock.runOut();
    expect(raw(path)).toEqual({ sessions: 1, events: 1, screens: 0, free: 0 });
    second.close();
    expect(clock.waiting.size).toBe(0);
  });

  test("with a real clock it ends by itself", async () => {
    const path = newPath();
    const ledger = newLedger(path);
    const id = newSession(ledger);
    fill(ledger, id, 5000, 8000);
    ledger.sacrifice(id);
    const deadline = performance.now() + 10_000;
    while (raw(path).free > 0 || raw(path).events > 1) {
      if (performance.now() > deadline) throw new Error("the space was not given back");
      await Bun.sleep(10);
    }
  });
});
