// What was recorded and what the disk gives back are compared: bytes that change under a sound tree of pages are found.
import { Database } from "bun:sqlite";
import { afterEach, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { openReader } from "../../src/store/connection.ts";
import { checkOutput, differing } from "../../src/store/hashes.ts";
import { inspectLedger, outputCheckOf } from "../../src/store/inspect.ts";
import { repairLedger } from "../../src/store/repair.ts";
import { AT, cleanUp, eventsOf, newLedger, newPath, newSession, output } from "./fixture.ts";

afterEach(cleanUp);

const COMPLETED = { status: "completed", exitCode: 0, signal: null } as const;
const EXIT = [{ kind: "exit", payload: { exitCode: 0, status: "completed" } }] as const;

/** Changes one bit of the byte that follows `mark` in the file. */
function rot(path: string, mark: string): void {
  const bytes = readFileSync(path);
  const at = bytes.indexOf(mark) + mark.length;
  expect(at).toBeGreaterThan(mark.length);
  bytes[at] = (bytes[at] ?? 0) ^ 4;
  writeFileSync(path, bytes);
}

function check(path: string, id: string): string {
  using db = openReader(path);
  return checkOutput(db, id);
}

// Eighteen of 24 damaged pages were answered with 200 and wrong bytes.
test("a bit that flips in a settled session's output is found, named and survives a repair as what it is", () => {
  const path = newPath();
  const ledger = newLedger(path);
  const [rotten, sound] = [newSession(ledger), newSession(ledger)];
  for (let i = 0; i < 50; i++) {
    ledger.appendOutput(rotten, Buffer.from(`rotten ${i}: ${"x".repeat(3_000)}`), AT);
    ledger.append(sound, [output(`sound ${i}`)], AT);
  }
  for (const id of [rotten, sound]) ledger.settle(id, COMPLETED, [output("last"), ...EXIT], AT);
  ledger.close();
  expect([check(path, rotten), check(path, sound)]).toEqual(["ok", "ok"]);
  expect(inspectLedger(path, { deep: true })).toMatchObject({ ok: true, checked: true });

  rot(path, "rotten 31: ");
  expect([outputCheckOf(path, rotten), outputCheckOf(path, sound)]).toEqual(["differs", "ok"]);
  expect(inspectLedger(path, { deep: true })).toMatchObject({
    ok: false,
    reason: "damaged",
    error: { details: { sessions: [rotten] } },
  });
  expect(repairLedger(path, `${path}.repaired`)).toMatchObject({ method: "sound", damagedOutput: [rotten] });
});

test("a hash goes on over daemons that crash, is not changed by how output is cut, and is sealed with the last", () => {
  const path = newPath();
  const first = newLedger(path);
  const id = newSession(first);
  // More than is kept at once, so that a part of it was written down before the crash.
  for (let i = 0; i < 90; i++) first.appendOutput(id, Buffer.alloc(20_000, 65 + (i % 26)), AT);
  first.close();
  using db = new Database(path);
  const kept = () => db.query<{ seq: number; sealed: number }, []>("SELECT seq, sealed FROM hash_rows").all();
  expect(kept()).toEqual([{ seq: expect.any(Number), sealed: 0 }]);
  expect(check(path, id)).toBe("ok");
  const second = newLedger(path);
  second.appendOutput(id, Buffer.from("after the crash"), AT);
  second.settle(id, COMPLETED, [...EXIT], AT);
  const last = eventsOf(second, id)
    .filter(({ kind }) => kind === "output")
    .at(-1)?.seq;
  second.close();
  expect(kept()).toEqual([{ seq: last ?? 0, sealed: 1 }]);
  expect(check(path, id)).toBe("ok");
  // Output that is gone counts as changed.
  db.run("DELETE FROM event_rows WHERE seq = ?", [last ?? 0]);
  expect(differing(db).map((one) => one.id)).toEqual([id]);
});

test("a settle that the disk refused leaves the hash as it was", () => {
  const path = newPath();
  const ledger = newLedger(path, { maxPages: 40 });
  const [id, filler] = [newSession(ledger), newSession(ledger)];
  ledger.appendOutput(id, Buffer.from("one"), AT);
  const fill = () => {
    for (;;) ledger.append(filler, [output("y".repeat(1_000))], AT);
  };
  expect(fill).toThrow("disk is full");
  expect(() => ledger.settle(id, COMPLETED, [output("z".repeat(60_000)), ...EXIT], AT)).toThrow(
    "disk is full",
  );
  ledger.settle(filler, COMPLETED, [], AT);
  ledger.sacrifice(filler);
  expect(ledger.settle(id, COMPLETED, [output("two"), ...EXIT], AT)).toBe(true);
  ledger.close();
  expect(check(path, id)).toBe("ok");
});

test("what was settled before there were hashes is unknown, and nobody is alarmed", () => {
  const path = newPath();
  const ledger = newLedger(path);
  const id = newSession(ledger);
  ledger.appendOutput(id, Buffer.from("old"), AT);
  ledger.settle(id, COMPLETED, [...EXIT], AT);
  ledger.close();
  const db = new Database(path);
  db.run("DELETE FROM hash_rows");
  db.close();
  expect(check(path, id)).toBe("unknown");
  expect(inspectLedger(path, { deep: true })).toMatchObject({ ok: true });
});
