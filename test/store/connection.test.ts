// Proof that the file is private, set up as promised, migrated whole or not at all, and never a newer one's.
import { Database } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { connect } from "../../src/store/connection.ts";
import { inspectLedger } from "../../src/store/inspect.ts";
import { openLedger } from "../../src/store/ledger.ts";
import { MIGRATIONS, migrate, userVersion } from "../../src/store/migrate.ts";
import { AT, cleanUp, eventsOf, newLedger, newPath, newSession, output, thrown } from "./fixture.ts";

afterEach(cleanUp);

function modes(path: string): string[] {
  return [path, `${path}-wal`, `${path}-shm`].map((file) => (statSync(file).mode & 0o7777).toString(8));
}

describe("the file", () => {
  test.each([0o000, 0o022, 0o277])("is 0600 under umask %o, with its -wal and -shm", (mask) => {
    const path = newPath();
    const before = process.umask(mask);
    try {
      const ledger = newLedger(path);
      ledger.append(newSession(ledger), [output("x")], AT);
      expect(modes(path)).toEqual(["600", "600", "600"]);
    } finally {
      process.umask(before);
    }
  });

  test("that others may read is mended", () => {
    const path = newPath();
    newLedger(path).close();
    chmodSync(path, 0o666);
    const ledger = newLedger(path);
    newSession(ledger);
    expect(modes(path)).toEqual(["600", "600", "600"]);
  });

  test("is alone after close, and opens again with everything in it", () => {
    const path = newPath();
    const ledger = newLedger(path);
    const id = newSession(ledger);
    ledger.append(id, [output("x")], AT);
    ledger.close();
    ledger.close();
    expect([existsSync(`${path}-wal`), existsSync(`${path}-shm`)]).toEqual([false, false]);
    expect(thrown(() => ledger.append(id, [output("y")], AT))).toMatchObject({ code: "runtime_unavailable" });
    expect(thrown(() => eventsOf(ledger, id))).toMatchObject({ code: "runtime_unavailable" });
    expect(eventsOf(newLedger(path), id).length).toBe(1);
  });

  test("has the pragmas decision 0003 names", () => {
    const connection = connect(newPath(), undefined);
    const pragma = (name: string) =>
      Object.values(connection.db.query<Record<string, unknown>, []>(`PRAGMA ${name}`).get() ?? {})[0];
    expect(
      Object.fromEntries(
        ["journal_mode", "synchronous", "foreign_keys", "auto_vacuum", "page_size", "user_version"].map(
          (name) => [name, pragma(name)],
        ),
      ),
    ).toEqual({
      journal_mode: "wal",
      synchronous: 1,
      foreign_keys: 1,
      auto_vacuum: 2,
      page_size: 8192,
      user_version: MIGRATIONS.length,
    });
    connection.close();
  });

  test("the WAL stays bounded while output streams", () => {
    const path = newPath();
    const ledger = newLedger(path);
    const id = newSession(ledger);
    for (let i = 0; i < 2000; i++) ledger.append(id, [output(new Uint8Array(16384))], AT);
    expect(statSync(`${path}-wal`).size).toBeLessThan(17 << 20);
    expect(statSync(path).size).toBeGreaterThan(20 << 20);
  });
});

describe("what is not our ledger is refused with a reason", () => {
  test("garbage", () => {
    const path = newPath();
    writeFileSync(path, "garbage ".repeat(2000));
    const before = readFileSync(path);
    const error = thrown(() => openLedger(path));
    expect(error).toMatchObject({ code: "runtime_unavailable", details: { code: "SQLITE_NOTADB", path } });
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(existsSync(`${path}-wal`)).toBe(false);
  });

  test("a directory, a symlink, a missing parent", () => {
    const path = newPath();
    mkdirSync(path);
    expect(thrown(() => openLedger(path))).toMatchObject({
      code: "runtime_unavailable",
      details: { code: "not_a_file" },
    });
    const link = join(dirname(path), "link.db");
    symlinkSync(join(dirname(path), "elsewhere.db"), link);
    expect(thrown(() => openLedger(link))).toMatchObject({
      code: "runtime_unavailable",
      details: { code: "not_a_file" },
    });
    expect(existsSync(join(dirname(path), "elsewhere.db"))).toBe(false);
    expect(thrown(() => openLedger(join(dirname(path), "no", "coven.db")))).toMatchObject({
      code: "runtime_unavailable",
      details: { code: "ENOENT" },
    });
  });

  test("a newer ledger, which stays byte for byte what it was", () => {
    const path = newPath();
    newLedger(path).close();
    const newer = new Database(path);
    newer.run("PRAGMA user_version = 9001");
    newer.close();
    const before = { bytes: readFileSync(path), mtime: statSync(path).mtimeMs };
    const error = thrown(() => openLedger(path));
    expect(error).toMatchObject({
      name: "CovenError",
      code: "runtime_unavailable",
      details: { found: 9001, known: MIGRATIONS.length, path },
    });
    expect(readFileSync(path).equals(before.bytes)).toBe(true);
    expect(statSync(path).mtimeMs).toBe(before.mtime);
    expect(existsSync(`${path}-wal`)).toBe(false);
  });

  // Who comes from an earlier coven has such a file in the same place; the start said "table sessions already exists".
  test.each([0, 1, 9001])("another program's database of schema %d, which stays what it was", (version) => {
    const path = newPath();
    const foreign = new Database(path, { create: true });
    foreign.run("CREATE TABLE sessions (id TEXT PRIMARY KEY)");
    foreign.run(`PRAGMA user_version = ${version}`);
    foreign.close();
    const before = readFileSync(path);
    expect(thrown(() => openLedger(path))).toMatchObject({
      code: "runtime_unavailable",
      message: expect.stringContaining("another program"),
      details: { code: "foreign", path },
    });
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(inspectLedger(path)).toMatchObject({ ok: false, reason: "damaged" });
  });
});

describe("migrations", () => {
  const second = "CREATE TABLE later (x); INSERT INTO later VALUES (1);";

  test("run in order, once", () => {
    const db = new Database(newPath(), { create: true });
    migrate(db, "x", [...MIGRATIONS, second]);
    expect(userVersion(db)).toBe(MIGRATIONS.length + 1);
    migrate(db, "x", [...MIGRATIONS, second]);
    expect(db.query("SELECT count(*) AS n FROM later").get()).toEqual({ n: 1 });
    db.close();
  });

  test("one that fails half-way leaves the version before it, usable", () => {
    const path = newPath();
    newLedger(path).close();
    const db = new Database(path);
    expect(() => migrate(db, path, [...MIGRATIONS, `${second} INSERT INTO nowhere VALUES (1);`])).toThrow(
      /nowhere/,
    );
    expect(userVersion(db)).toBe(MIGRATIONS.length);
    expect(db.query("SELECT name FROM sqlite_schema WHERE name = 'later'").all()).toEqual([]);
    db.close();
    newSession(newLedger(path));
  });
});
