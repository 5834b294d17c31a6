// What was recorded and what the disk gives back are compared: bytes that change under a sound tree of pages are found.
import { Database } from "bun:sqlite";
import { afterEach, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { openReader } from "../../src/store/connection.ts";
import { checkOutput, differing, HASH_SQL } from "../../src/store/hashes.ts";
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
test("a bit that flips in a settled session's output is found and named; a repair keeps it as it is and has no more to say of it", () => {
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
  const mended = `${path}.repaired`;
  expect(repairLedger(path, mended)).toMatchObject({
    method: "rehashed",
    output: mended,
    damagedOutput: [rotten],
    lostEvents: [],
  });
  expect([check(mended, rotten), check(mended, sound)]).toEqual(["unknown", "ok"]);
  expect(inspectLedger(mended, { deep: true })).toMatchObject({ ok: true });
});

// Each try of the output log threw after its row was kept: three tries, three rows; and the session could not be settled.
test("where the hashes themselves are damaged output is kept once, the session settles, and the ledger says that it fails", () => {
  const path = newPath();
  const first = newLedger(path);
  const old = newSession(first);
  first.append(old, [output("old")], AT);
  first.settle(old, COMPLETED, [...EXIT], AT);
  first.close();
  using db = new Database(path);
  const page = db
    .query<{ page: number }, []>("SELECT rootpage AS page FROM sqlite_schema WHERE name = 'hash_rows'")
    .get();
  db.close();
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.fill(0xa5, ((page?.page ?? 0) - 1) * 8192, (page?.page ?? 0) * 8192));
  const states: string[] = [];
  const ledger = newLedger(path, { storageChanged: (state) => void states.push(state) });
  const id = newSession(ledger);
  ledger.appendOutput(id, Buffer.from("printed once"), AT);
  expect(states).toEqual(["failing"]);
  ledger.append(id, [output("and once more")], AT);
  expect(ledger.settle(id, COMPLETED, [output("last"), ...EXIT], AT)).toBe(true);
  expect(ledger.session(id)?.status).toBe("completed");
  const kept = eventsOf(ledger, id).filter(({ kind }) => kind === "output");
  expect(kept.map(({ payload_json }) => JSON.parse(payload_json).data)).toEqual([
    "printed once",
    "and once more",
    "last",
  ]);
  ledger.close();
});

test("a session that is sacrificed while it is compared has not changed", () => {
  const path = newPath();
  const ledger = newLedger(path, { after: () => () => {} });
  const id = newSession(ledger);
  for (let i = 0; i < 400; i++) ledger.append(id, [output("y".repeat(3_000))], AT);
  ledger.settle(id, COMPLETED, [...EXIT], AT);
  using db = new Database(path, { readonly: true });
  let asked = false;
  const query = db.query.bind(db);
  // Between two statements of one comparison, as retention may.
  db.query = ((sql: string) => {
    if (sql === HASH_SQL.rows && !asked) {
      asked = true;
      ledger.sacrifice(id);
    }
    return query(sql);
  }) as typeof db.query;
  expect(differing(db)).toEqual([]);
  expect(asked).toBe(true);
  ledger.close();
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
