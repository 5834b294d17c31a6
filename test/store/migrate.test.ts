// Tests src/store/migrate.ts against SIGKILL: a start is killed at each of its writes in turn, its close included, and the next one finds everything.
import { Database } from "bun:sqlite";
import { afterEach, expect, test } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { inspectLedger } from "../../src/store/inspect.ts";
import { MIGRATIONS, userVersion } from "../../src/store/migrate.ts";
import { notLinux, testUnless, without } from "../support/unless.ts";
import { AT, cleanUp, eventsOf, newLedger, newPath, newSession, output } from "./fixture.ts";

afterEach(cleanUp);

const CHILD = join(import.meta.dir, "child.ts");
/** What SQLite changes a file with: each is a step that a crash can come before. */
const WRITES = "pwrite64,ftruncate,fsync,fdatasync,unlink";
/** Children at a time. */
const AT_ONCE = 4;

/** A closed ledger as the coven that knew so many migrations left it, and a session with one event where it could keep one. */
function ledgerOf(version: number): { path: string; id: string | undefined } {
  const path = newPath();
  // The very first start finds no file.
  if (version === 0) return { path, id: undefined };
  const ledger = newLedger(path);
  const id = newSession(ledger);
  ledger.append(id, [output("kept")], AT);
  ledger.close();
  // What later migrations added is taken away again, in the order it came.
  const db = new Database(path);
  for (const undo of UNDO.slice(version).reverse()) db.run(undo);
  db.run(`PRAGMA user_version = ${version}`);
  db.run("VACUUM");
  db.close();
  return { path, id };
}

const COLUMNS_OF_5 = [
  ...["labels", "visibility", "external", "conversation_id", "familiar_id", "transcript_path", "model"],
  ...["permission", "add_dirs"],
];

const COLUMNS_OF_8 = ["base_commit", "worktree", "continues", "agent_session_id", '"group"'];

/** Takes back what one migration added to sessions: the columns, and the view as the migration before has it. */
const withoutColumns = (columns: readonly string[], before: number) =>
  `DROP VIEW sessions; ${columns.map((name) => `ALTER TABLE session_rows DROP COLUMN ${name};`).join(" ")}
   ${/CREATE VIEW sessions [^;]*;/.exec(MIGRATIONS[before - 1] ?? "")?.[0]}`;

/** Takes back the n-th migration, so that a ledger of the version before it can be made with today's code. */
const UNDO = [
  "",
  "DROP TABLE leftover_rows",
  "DROP TABLE lost_rows",
  "DROP TABLE hash_rows",
  withoutColumns(COLUMNS_OF_5, 1),
  "DROP TABLE gap_rows",
  "DROP TABLE feed_rows",
  withoutColumns(COLUMNS_OF_8, 5),
  "DROP TABLE approval_rows; DROP TABLE approval_step_rows",
  withoutColumns(["name"], 8),
];

test("every migration has its way back here", () => {
  expect(UNDO).toHaveLength(MIGRATIONS.length);
});

testUnless(notLinux, without("strace")).each(MIGRATIONS.map((_, version) => version))(
  "from version %d, killed before each write in turn: the version is old or new, nothing is lost, and the next start goes on",
  async (version) => {
    const { path, id } = ledgerOf(version);
    const seen = new Set<number>();
    let steps = 0;
    /** True once there is no such step: the start came to its end. */
    const killedAt = async (step: number): Promise<boolean> => {
      const copy = join(dirname(path), String(step), "coven.db");
      mkdirSync(dirname(copy));
      if (existsSync(path)) copyFileSync(path, copy);
      const files = ["", "-wal", "-shm", "-journal", ".new", ".new-journal"].flatMap((end) => [
        "-P",
        copy + end,
      ]);
      const kill = `inject=${WRITES}:signal=KILL:when=${step}`;
      const child = Bun.spawn(
        [
          "strace",
          "-f",
          "-qq",
          "-o",
          "/dev/null",
          ...files,
          "-e",
          `trace=${WRITES}`,
          "-e",
          kill,
          process.execPath,
          CHILD,
          "open",
          copy,
        ],
        { stdout: "pipe", stderr: "inherit", stdin: "ignore" },
      );
      if ((await new Response(child.stdout).text()) === "closed\n") return true;
      steps += 1;
      // A first start that got nowhere has left no file, and none of 0 bytes.
      if (existsSync(copy)) expect(statSync(copy).size).toBeGreaterThan(0);
      else newLedger(copy).close();
      const db = new Database(copy);
      const found = userVersion(db);
      seen.add(found);
      expect(db.query("PRAGMA integrity_check").values()).toEqual([["ok"]]);
      // What a migration makes is there with its number, and never before it.
      const tables = db.query("SELECT name FROM sqlite_schema WHERE type = 'table'").values().flat();
      expect(["session_rows", "leftover_rows", "lost_rows"].map((name) => tables.includes(name))).toEqual([
        found >= 1,
        found >= 2,
        found >= 3,
      ]);
      db.close();
      const next = newLedger(copy);
      if (id !== undefined)
        expect(eventsOf(next, id).map((event) => event.payload_json)).toEqual(['{"data":"kept"}']);
      next.append(newSession(next), [output("new")], AT);
      next.close();
      expect(inspectLedger(copy, { deep: true })).toMatchObject({ ok: true, userVersion: MIGRATIONS.length });
      return false;
    };
    for (let first = 1; ; first += AT_ONCE) {
      const ended = await Promise.all(Array.from({ length: AT_ONCE }, (_, k) => killedAt(first + k)));
      if (ended.includes(true)) break;
    }
    expect(steps).toBeGreaterThan(10);
    const versions = [0, ...MIGRATIONS.map((_, n) => n + 1)];
    expect([...seen].sort((a, b) => a - b)).toEqual(versions.filter((one) => one >= version));
  },
  30_000,
);
