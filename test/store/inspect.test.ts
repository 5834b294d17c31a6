// Proof that looking at a ledger changes nothing, and that what is wrong with one is named.
import { Database } from "bun:sqlite";
import { afterEach, expect, test } from "bun:test";
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { checkLedger, inspectLedger, ledgerSizes } from "../../src/store/inspect.ts";
import { MIGRATIONS } from "../../src/store/migrate.ts";
import { refusalOf } from "../support/refusal.ts";
import { AT, cleanUp, newLedger, newPath, newSession, output } from "./fixture.ts";

afterEach(cleanUp);

test("a missing ledger is said to be missing and stays so", () => {
  const path = newPath();
  expect(inspectLedger(path)).toMatchObject({
    ok: false,
    reason: "missing",
    error: { code: "runtime_unavailable" },
  });
  expect(ledgerSizes(path)).toEqual({ ledgerBytes: 0, walBytes: 0 });
  expect(readdirSync(dirname(path))).toEqual([]);
});

test("a ledger at rest is counted, and nothing is left beside it", () => {
  const path = newPath();
  const ledger = newLedger(path);
  const id = newSession(ledger);
  newSession(ledger);
  for (let i = 0; i < 7; i++) ledger.append(id, [output("x")], AT);
  const known = { ok: true, userVersion: MIGRATIONS.length, sessions: 2, events: 7 } as const;
  // Beside the daemon that writes it, too.
  expect(inspectLedger(path)).toEqual({ ...known, checked: false });
  expect(ledgerSizes(path).walBytes).toBeGreaterThan(0);
  ledger.close();
  const before = readFileSync(path);
  expect(inspectLedger(path, { deep: true })).toEqual({ ...known, checked: true });
  expect(readdirSync(dirname(path))).toEqual(["coven.db"]);
  expect(readFileSync(path).equals(before)).toBe(true);
  expect(ledgerSizes(path)).toEqual({ ledgerBytes: statSync(path).size, walBytes: 0 });
});

test("a file of 0 bytes was a ledger once", () => {
  const path = newPath();
  writeFileSync(path, "");
  expect(inspectLedger(path)).toMatchObject({
    reason: "damaged",
    error: { details: { code: "empty", path } },
  });
  expect(refusalOf(() => checkLedger(path))).toMatchObject({ details: { code: "empty", path } });
  expect(statSync(path).size).toBe(0);
});

test("a newer, a foreign and a damaged file have three names", () => {
  const newer = newPath();
  newLedger(newer).close();
  const db = new Database(newer);
  db.run("PRAGMA user_version = 77");
  db.close();
  expect(inspectLedger(newer)).toMatchObject({
    ok: false,
    reason: "newer",
    error: { details: { found: 77, known: MIGRATIONS.length } },
  });

  const foreign = newPath();
  writeFileSync(foreign, "not a database ".repeat(1000));
  expect(inspectLedger(foreign)).toMatchObject({
    ok: false,
    reason: "damaged",
    error: { details: { code: "SQLITE_NOTADB" } },
  });

  const damaged = newPath();
  const ledger = newLedger(damaged);
  const id = newSession(ledger);
  for (let i = 0; i < 500; i++) ledger.append(id, [output(new Uint8Array(500).fill(i))], AT);
  ledger.close();
  const file = openSync(damaged, "r+");
  for (let page = 8; page < 30; page++)
    writeSync(file, new Uint8Array(4000).fill(0xee), 0, 4000, page * 8192);
  closeSync(file);
  expect(inspectLedger(damaged, { deep: true })).toMatchObject({ ok: false, reason: "damaged" });
  expect(existsSync(`${damaged}-wal`)).toBe(false);
});

test("a directory in its place is unavailable, not damaged", () => {
  expect(inspectLedger(dirname(newPath()))).toMatchObject({ ok: false, reason: "unavailable" });
});
