// Proof that a full disk, a locked or unwritable file is said in words, and that nothing recorded is lost.
import { constants, Database } from "bun:sqlite";
import { afterEach, expect, test } from "bun:test";
import { CovenError } from "../../src/errors.ts";
import { guarded, ledgerFailure } from "../../src/store/failure.ts";
import { AT, cleanUp, eventsOf, newLedger, newPath, newSession, output, thrown } from "./fixture.ts";

afterEach(cleanUp);

test("a full ledger refuses with a reason, keeps what it has, and goes on when there is space", () => {
  const path = newPath();
  const ledger = newLedger(path, { maxPages: 60 });
  const [first, second] = [newSession(ledger), newSession(ledger)];
  const row = output(new Uint8Array(8000).fill(7));
  for (let i = 0; i < 10; i++) ledger.append(first, [row], AT);
  let kept = 0;
  const error = thrown(() => {
    for (; kept < 1000; kept++) ledger.append(second, [row], AT);
  });
  expect(error).toBeInstanceOf(CovenError);
  expect(error).toMatchObject({ code: "runtime_unavailable", details: { code: "SQLITE_FULL", path } });
  expect(String(error)).toContain("disk is full");
  expect(kept).toBeGreaterThan(10);

  // A batch and a settle that do not fit leave nothing of themselves.
  expect(thrown(() => ledger.append(second, [output("small"), row, row], AT))).toMatchObject({
    details: { code: "SQLITE_FULL" },
  });
  const end = { status: "completed", exitCode: 0, signal: null } as const;
  expect(thrown(() => ledger.settle(second, end, [row, row], AT))).toMatchObject({
    details: { code: "SQLITE_FULL" },
  });
  expect(ledger.session(second)?.status).toBe("created");
  expect(eventsOf(ledger, second).length).toBe(kept);

  expect(ledger.sacrifice(first)).toBe(10);
  expect(ledger.append(second, [row, row], AT)).toBe(10 + kept + 2);
  expect(ledger.settle(second, end, [row], AT)).toBe(true);
  ledger.close();
  const again = newLedger(path);
  expect(again.output(second, 0, 1 << 30).every((r) => r.data.length === 8000)).toBe(true);
  expect(eventsOf(again, second).length).toBe(kept + 3);
});

test("a ledger another program holds locked", () => {
  const path = newPath();
  const ledger = newLedger(path);
  const id = newSession(ledger);
  const foreign = new Database(path);
  foreign.run("BEGIN IMMEDIATE");
  expect(thrown(() => ledger.append(id, [output("x")], AT))).toMatchObject({
    code: "runtime_unavailable",
    details: { code: "SQLITE_BUSY", path },
  });
  foreign.run("ROLLBACK");
  foreign.close();
  expect(ledger.append(id, [output("x")], AT)).toBe(1);
});

test("a file that may only be read", () => {
  const path = newPath();
  newLedger(path).close();
  const db = new Database(path, constants.SQLITE_OPEN_READONLY);
  const error = thrown(() => guarded(path, () => db.run("PRAGMA user_version = 3")));
  db.close();
  expect(error).toMatchObject({ code: "runtime_unavailable", details: { code: "SQLITE_READONLY", path } });
});

test("a bug is not dressed up as the weather", () => {
  const bug = new TypeError("x is not a function");
  expect(ledgerFailure(bug, "p")).toBe(bug);
  const db = new Database(":memory:");
  const wrong = thrown(() => db.run("SELEC 1"));
  expect(ledgerFailure(wrong, "p")).toBe(wrong);
  db.close();
});
