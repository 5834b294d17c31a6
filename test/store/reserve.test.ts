// Holds src/store/reserve.ts: which seqs come after which end, and which cursors mean nothing any more.
import { Database } from "bun:sqlite";
import { afterEach, expect, test } from "bun:test";
import { copyFileSync } from "node:fs";
import { inspectLedger } from "../../src/store/inspect.ts";
import { AT, cleanUp, eventsOf, newLedger, newPath, newSession, output } from "./fixture.ts";

afterEach(cleanUp);

/** The ledger's files as a process leaves them that ends now, under another name. */
function cutOff(path: string): string {
  const copy = newPath();
  for (const end of ["", "-wal"]) copyFileSync(path + end, copy + end);
  return copy;
}

test("after an orderly end the next seq follows", () => {
  const path = newPath();
  const first = newLedger(path);
  const id = newSession(first);
  expect(first.append(id, [output("a")], AT)).toBe(1);
  first.close();
  const second = newLedger(path);
  expect(second.append(id, [output("b")], AT)).toBe(2);
  expect([0, 1, 2].map((seq) => second.keptBefore(seq))).toEqual([undefined, undefined, undefined]);
  // Ahead of all there is: of another ledger, or of one that was put back.
  expect([3, 1_000_000].map((seq) => second.keptBefore(seq))).toEqual([2, 2]);
});

test("after any other, it is one that was never given, however often in a row; what is between is known as lost", () => {
  const path = newPath();
  const ledger = newLedger(path);
  const id = newSession(ledger);
  ledger.append(id, [output("a")], AT);
  const disk = cutOff(path);
  let given = 1;
  while (given < 40) given = ledger.append(id, [output("lost")], AT);

  const again = newLedger(cutOff(disk));
  expect(eventsOf(again, id).map(({ seq }) => seq)).toEqual([1]);
  const next = again.append(id, [output("b")], AT);
  expect(next).toBeGreaterThan(given);
  expect([1, 2, given, next - 1, next].map((seq) => again.keptBefore(seq))).toEqual([
    undefined,
    1,
    1,
    1,
    undefined,
  ]);

  // Each time the power goes again before the disk has a single event.
  let cut = disk;
  for (let times = 0; times < 3; times++) {
    const one = newLedger(cut);
    one.append(id, [output("lost as well")], AT);
    const file = new Database(cut);
    file.run("DELETE FROM event_rows WHERE seq = (SELECT max(seq) FROM event_rows)");
    file.close();
    cut = cutOff(cut);
  }
  // Then it has one, and there is a second gap.
  const last = newLedger(cut);
  const after = last.append(id, [output("c")], AT);
  expect(after).toBeGreaterThan(3 * next);
  expect([2, next, after - 1].map((seq) => last.keptBefore(seq))).toEqual([1, 1, 1]);
  const third = newLedger(cutOff(cut));
  const most = third.append(id, [output("d")], AT);
  expect([2, after - 1, after, after + 1, most - 1].map((seq) => third.keptBefore(seq))).toEqual([
    1,
    1,
    undefined,
    after,
    after,
  ]);
  expect(eventsOf(third, id).map(({ seq }) => seq)).toEqual([1, after, most]);
});

test("more events than are reserved at once: the mark is always ahead of them", () => {
  const path = newPath();
  const ledger = newLedger(path);
  const id = newSession(ledger);
  const many = Array.from({ length: 16_384 }, () => output("x"));
  let seq = 0;
  while (seq < 300_000) {
    seq = ledger.append(id, many, AT);
    const other = new Database(path, { readonly: true });
    const mark = other
      .query<{ value: string }, []>("SELECT value FROM meta WHERE key = 'seq_reserved'")
      .get();
    other.close();
    expect(Number(mark?.value)).toBeGreaterThanOrEqual(seq);
  }
  const settled = ledger.settle(id, { status: "completed", exitCode: 0, signal: null }, many, AT);
  expect(settled).toBe(true);
  const next = newLedger(cutOff(path));
  expect(next.append(id, [output("y")], AT)).toBeGreaterThan(seq + many.length);
});

test("what holds the place of lost seqs is no session, no event, and gone once it is not needed", async () => {
  const path = newPath();
  const ledger = newLedger(path);
  const id = newSession(ledger);
  ledger.append(id, [output("a")], AT);
  const disk = cutOff(path);
  const timers: (() => void)[] = [];
  const after = (_: number, run: () => void) => {
    timers.push(run);
    return () => {};
  };
  const next = newLedger(disk, { after });
  next.append(id, [output("b")], AT);
  expect(inspectLedger(disk)).toMatchObject({ ok: true, sessions: 1, events: 2 });
  expect(next.activeSessions().map((session) => session.id)).toEqual([id]);
  next.close();
  const last = newLedger(disk, { after });
  while (timers.length > 0) timers.shift()?.();
  last.close();
  const file = new Database(disk);
  expect(file.query("SELECT count(*) FROM session_rows").values()).toEqual([[1]]);
  expect(file.query("SELECT count(*) FROM event_rows").values()).toEqual([[2]]);
  file.close();
});
