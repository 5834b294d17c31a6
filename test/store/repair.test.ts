// A ledger damaged for real and at random: what can be read is saved, what is lost is named, and the original stays as it is.
import { Database } from "bun:sqlite";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLedger } from "../../src/store/ledger.ts";
import { openPages } from "../../src/store/pages.ts";
import { type RepairReport, repairLedger } from "../../src/store/repair.ts";
import { notLinux, testUnless, without } from "../support/unless.ts";
import { AT, eventsOf, newSession, output as printed, thrown } from "./fixture.ts";

const PAGE = 8192;

let dir: string;
let path: string;
let output: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "cv-r-"));
  path = join(dir, "coven.db");
  output = join(dir, "repaired.db");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const COMPLETED = { status: "completed", exitCode: 0, signal: null } as const;

/** Sessions of short rows, so that each row is on one page; returns their ids. */
function fill(sessions: number, close = true): string[] {
  const ledger = openLedger(path);
  const ids = Array.from({ length: sessions }, () => newSession(ledger));
  for (let i = 0; i < 20; i++) {
    for (const [place, id] of ids.entries()) ledger.append(id, [printed(`${place}/${i} `.repeat(150))], AT);
  }
  for (const id of ids)
    ledger.settle(id, COMPLETED, [{ kind: "exit", payload: { exitCode: 0, status: "completed" } }], AT);
  if (close) ledger.close();
  return ids;
}

type Kept = ReadonlyMap<number, string>;

/** What a file holds, by seq. */
function eventsIn(file: string): Kept {
  using db = new Database(file, { readonly: true });
  const rows = db.query<{ seq: number; said: string }, []>(
    "SELECT seq, id || session_id || kind || payload_json AS said FROM events",
  );
  return new Map(rows.all().map(({ seq, said }) => [seq, said]));
}

/** The page of each event. */
function pagesOf(file: string): ReadonlyMap<number, number> {
  using pages = openPages(file);
  return new Map(
    Array.from(pages.rows())
      .filter(({ values }) => values.length === 5 && values[0] === null)
      .map((row) => [row.rowid, row.page]),
  );
}

function damage(hits: Iterable<number>, how: (page: Uint8Array) => void): Uint8Array {
  const bytes = readFileSync(path);
  for (const page of hits) how(bytes.subarray((page - 1) * PAGE, page * PAGE));
  writeFileSync(path, bytes);
  return bytes;
}

function rootOf(name: string): number {
  using db = new Database(path, { readonly: true });
  return (
    db
      .query<{ page: number }, [string]>("SELECT rootpage AS page FROM sqlite_schema WHERE name = ?")
      .get(name)?.page ?? 0
  );
}

const isWhole = (file: string): string => {
  using db = new Database(file, { readonly: true });
  return db.query<{ integrity_check: string }, []>("PRAGMA integrity_check").get()?.integrity_check ?? "";
};

/** A repeatable chance. */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return Math.floor((state / 0x8000_0000) * below);
  };
}

const WAYS: readonly ((page: Uint8Array, random: (below: number) => number) => void)[] = [
  (page) => void page.fill(0),
  (page, random) => void page.set(Uint8Array.from(page, () => random(256))),
  (page, random) => {
    for (let i = 0; i < 100; i++) page[i] = random(256);
  },
];

const lostOf = (report: RepairReport) => report.lostEvents.reduce((sum, { events }) => sum + events, 0);

// REPAIR_RUNS=200 for the figures in docs/SAFETY.md.
test("whatever pages are damaged, every event of the others is saved, and the original is not touched", () => {
  fill(12);
  const sound = readFileSync(path);
  const before = eventsIn(path);
  const places = pagesOf(path);
  // A session's id stands on these two and nowhere else; which pages are free is known by the first.
  const naming = [rootOf("session_rows"), rootOf("sqlite_autoindex_session_rows_1")];
  expect(places.size).toBe(before.size);
  const random = chance(Number(process.env["REPAIR_SEED"] ?? 11));
  const methods = new Map<string, number>();
  let saved = 0;
  const runs = Number(process.env["REPAIR_RUNS"] ?? 40);
  for (let run = 0; run < runs; run++) {
    writeFileSync(path, sound);
    const hits = new Set(Array.from({ length: 1 + random(4) }, () => 1 + random(sound.length / PAGE)));
    const way = WAYS[run % WAYS.length] ?? WAYS[0];
    const damaged = damage(hits, (page) => way?.(page, random));
    const report = repairLedger(path, output);
    expect(readFileSync(path).equals(damaged)).toBe(true);
    expect(existsSync(`${output}.work`)).toBe(false);
    methods.set(report.method, (methods.get(report.method) ?? 0) + 1);
    const result = report.output ?? path;
    const after = eventsIn(result);
    for (const [seq, said] of before) {
      if (hits.has(places.get(seq) ?? 0)) continue;
      const nameless = naming.every((page) => hits.has(page));
      // Rows of nobody may be those of a session that was sacrificed, unless the free pages are known.
      if (nameless && hits.has(1)) continue;
      // Without the ledger's own beginning of event ids, which may be lost; and under another session, where nobody knows the id of its own.
      const from = nameless ? 72 : 36;
      expect(after.get(seq)?.slice(from)).toBe(said.slice(from));
    }
    saved += after.size / before.size;
    if (report.output !== null) {
      expect(isWhole(output)).toBe("ok");
      expect(before.size - after.size).toBeGreaterThanOrEqual(lostOf(report));
      openLedger(output).close();
    }
    for (const end of ["", "-wal", "-shm", "-ballast"]) rmSync(output + end, { force: true });
  }
  if (process.env["REPAIR_RUNS"])
    console.log(Object.fromEntries(methods), `${((100 * saved) / runs).toFixed(2)} % of the events`);
}, 120_000);

test("where only an index is damaged it is made anew, and nothing is lost", () => {
  fill(3);
  const before = eventsIn(path);
  // An entry that names another row: of an index cell the last byte is the last of the seq.
  damage([rootOf("event_rows_session")], (page) => {
    const at = new DataView(page.buffer, page.byteOffset).getUint16(8);
    const end = at + 1 + (page[at] ?? 0) - 1;
    page[end] = (page[end] ?? 0) ^ 0x40;
  });
  expect(repairLedger(path, output)).toMatchObject({
    method: "reindexed",
    output,
    lostEvents: [],
    events: before.size,
  });
  expect(isWhole(output)).toBe("ok");
});

test("a sound one is said to be, and nothing is written", () => {
  fill(2);
  expect(repairLedger(path, output)).toMatchObject({
    method: "sound",
    output: null,
    sessions: 2,
    events: 42,
  });
  expect(existsSync(output)).toBe(false);
});

test("without its first page everything is there", () => {
  fill(3);
  const before = eventsIn(path);
  damage([1], (page) => page.fill(0xee));
  expect(repairLedger(path, output)).toMatchObject({ method: "salvaged", sessions: 3, lostEvents: [] });
  expect(eventsIn(output)).toEqual(before);
});

test("what was in a log that was never copied back is there, too", () => {
  const crashed = join(dir, "crashed.db");
  const ledger = openLedger(path);
  const id = newSession(ledger);
  ledger.append(id, [printed("in the file")], AT);
  ledger.close();
  const again = openLedger(path);
  again.append(id, [printed("in the log")], AT);
  for (const end of ["", "-wal"]) copyFileSync(path + end, crashed + end);
  again.close();
  path = crashed;
  expect(readFileSync(`${crashed}-wal`).length).toBeGreaterThan(0);
  using db = new Database(crashed, { readonly: true });
  const root = db
    .query<{ page: number }, []>("SELECT rootpage AS page FROM sqlite_schema WHERE name = 'screen_rows'")
    .get()?.page;
  db.close();
  damage([root ?? 0], (page) => page.fill(0xee));
  expect(repairLedger(crashed, output)).toMatchObject({ method: "salvaged", sessions: 1, events: 2 });
  const repaired = openLedger(output);
  const said = eventsOf(repaired, id).map(({ payload_json }) => payload_json);
  expect(said).toEqual(['{"data":"in the file"}', '{"data":"in the log"}']);
  repaired.close();
});

// As a disk with a bad sector answers. It gave up and saved nothing.
testUnless(notLinux, without("strace"))(
  "a sector that can't be read is one that is lost",
  async () => {
    fill(12);
    const before = eventsIn(path);
    damage([rootOf("screen_rows")], (page) => page.fill(0));
    const size = readFileSync(path).length;
    const result = (work: Uint8Array): RepairReport => JSON.parse(new TextDecoder().decode(work));
    for (const [call, when] of [
      ["pread64", 40],
      ["copy_file_range", 1],
      ["pread64", Math.floor(size / PAGE) + 20],
    ] as const) {
      const inject = [
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-P",
        path,
        "-e",
        `trace=${call}`,
        "-e",
        `inject=${call}:error=EIO:when=${when}`,
      ];
      const child = Bun.spawnSync([
        "strace",
        ...inject,
        process.execPath,
        join(import.meta.dir, "child.ts"),
        "repair",
        path,
      ]);
      expect([call, when, child.exitCode, child.stderr.toString()]).toEqual([call, when, 0, ""]);
      expect(result(child.stdout)).toMatchObject({ method: "salvaged", sessions: 12 });
      const after = eventsIn(`${path}.repaired`);
      for (const [seq, said] of after) expect(before.get(seq)?.slice(36)).toBe(said.slice(36));
      // One page's worth at the most.
      expect(after.size).toBeGreaterThan(before.size * 0.8);
      for (const end of ["", "-wal", "-shm"]) rmSync(`${path}.repaired${end}`, { force: true });
    }
  },
  60_000,
);

test("what is lost is named, and its seqs are never used again", () => {
  const [first = "", second = ""] = fill(2);
  const places = pagesOf(path);
  const last = Math.max(...places.values());
  const lost = Array.from(places)
    .filter(([, page]) => page === last)
    .map(([seq]) => seq);
  damage([last], (page) => page.fill(0));
  const report = repairLedger(path, output);
  expect(lostOf(report)).toBe(lost.length);
  const named = report.lostEvents.flatMap(({ seqs }) =>
    seqs.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i)),
  );
  expect(named.sort((a, b) => a - b)).toEqual(lost.sort((a, b) => a - b));
  expect(report.lostEvents.map(({ sessionId }) => sessionId).sort()).toEqual([first, second].sort());
  const repaired = openLedger(output);
  const id = newSession(repaired);
  expect(repaired.append(id, [printed("new")], AT)).toBeGreaterThan(Math.max(...lost));
  repaired.close();
});

test("a record that is lost has a stand-in with its id, under which its output is kept", () => {
  const [id = ""] = fill(1);
  damage([rootOf("session_rows")], (page) => page.fill(0));
  expect(repairLedger(path, output)).toMatchObject({ sessions: 1, events: 21, lostRecords: [id] });
  const repaired = openLedger(output);
  expect(repaired.session(id)).toMatchObject({ status: "orphaned", title: "its record was lost" });
  repaired.close();
});

test("where no record and no index can be read, each session's output is kept under a record of its own", () => {
  fill(3);
  const gone = ["session_rows", "sqlite_autoindex_session_rows_1", "event_rows_session"].map(rootOf);
  damage(gone, (page) => page.fill(0));
  const report = repairLedger(path, output);
  expect(report).toMatchObject({ method: "salvaged", sessions: 3, events: 63 });
  expect(report.lostRecords).toHaveLength(3);
});

test("what was sacrificed does not come back, whether its rows were purged by then or not", () => {
  const sound = join(dir, "sound.db");
  // The clock never gets to the purge, and a row takes pages of its own: most of them are still there.
  const ledger = openLedger(path, { after: () => () => {} });
  const [gone, stays] = [newSession(ledger), newSession(ledger)];
  for (let i = 0; i < 3_500; i++) ledger.append(gone, [printed("secret ".repeat(1_000))], AT);
  for (let i = 0; i < 20; i++) ledger.append(stays, [printed("kept ".repeat(100))], AT);
  // As one of many it is purged for 2 ms, and the rest later: never all of this.
  ledger.sacrifice(gone, true);
  ledger.close();
  copyFileSync(path, sound);
  expect(readFileSync(path).includes("secret")).toBe(true);
  for (const page of [rootOf("sqlite_autoindex_session_rows_1"), 1]) {
    copyFileSync(sound, path);
    damage([page], (bytes) => bytes.fill(0));
    expect(repairLedger(path, output)).toMatchObject({ method: "salvaged", sessions: 1, events: 20 });
    expect(readFileSync(output).includes("secret")).toBe(false);
    const repaired = openLedger(output);
    const id = newSession(repaired);
    expect(repaired.append(id, [printed("new")], AT)).toBeGreaterThan(3_520);
    repaired.close();
    for (const end of ["", "-wal", "-shm"]) rmSync(output + end, { force: true });
  }
});

test("what is no ledger, and an output that is there, are refused and left alone", () => {
  writeFileSync(path, "this is a letter, and no ledger at all\n".repeat(500));
  expect(thrown(() => repairLedger(path, output))).toMatchObject({ code: "runtime_unavailable" });
  expect(existsSync(output)).toBe(false);
  writeFileSync(output, "mine");
  expect(thrown(() => repairLedger(path, output))).toMatchObject({ code: "runtime_unavailable" });
  expect(readFileSync(output, "utf8")).toBe("mine");
});
