// A damaged ledger made usable again, in another file: its indexes made anew where that is all, else every row that can be read put into a new one.
import { Database } from "bun:sqlite";
import { randomUUID } from "node:crypto";
import { copyFileSync, existsSync, renameSync, rmSync, statSync } from "node:fs";
import { CovenError } from "../errors.ts";
import { codeOf } from "../os/file-failure.ts";
import { SESSION_STATUSES } from "../session/session.ts";
import { connect } from "./connection.ts";
import { differing, HASH_SQL } from "./hashes.ts";
import { openPages, type Pages, type Row, type Value } from "./pages.ts";

/** What is missing of one session. */
export interface LostEvents {
  readonly sessionId: string;
  readonly events: number;
  /** Ranges of seqs, both ends included. */
  readonly seqs: readonly (readonly [from: number, to: number])[];
}

export interface RepairReport {
  /** Nothing was wrong; only output has changed, and its hashes were given up; indexes were made anew; rows were put into a new ledger. */
  readonly method: "sound" | "rehashed" | "reindexed" | "salvaged";
  /** The repaired ledger; null where nothing was wrong. */
  readonly output: string | null;
  readonly sessions: number;
  readonly events: number;
  /** Sessions whose record can't be read; what they printed is kept under a record that says so. */
  readonly lostRecords: readonly string[];
  readonly lostEvents: readonly LostEvents[];
  /** Sessions whose output is all there and not what was recorded; it is kept as the disk gives it. */
  readonly damagedOutput: readonly string[];
  /** Last screens that can't be read; they are drawn again from the output. */
  readonly lostScreens: number;
}

/** The columns by which rows are told apart: rows on a leaf don't say of which table they are. */
const SESSION_COLUMNS = 16;
const EVENT_COLUMNS = 5;
const STATUS_COLUMN = 5;
const APPROVAL_COLUMNS = 13;
const STEP_COLUMNS = 6;
const KINDS = 6;

/**
 * Repairs the ledger at `path` into the new file `output`; the original and its log are only read. Nobody may have it open for writing. Throws
 * `runtime_unavailable` when `output` is there already, or nothing of a ledger can be found, and the system's own errors.
 */
export function repairLedger(path: string, output: string): RepairReport {
  if (existsSync(output)) throw unusable(`${output} is there already.`, output);
  return reindexed(path, output) ?? salvaged(path, output);
}

/** On a copy; undefined where more than its indexes is damaged. */
function reindexed(path: string, output: string): RepairReport | undefined {
  const work = `${output}.work`;
  try {
    for (const end of ["", "-wal"]) if (existsSync(path + end)) copyFileSync(path + end, work + end);
    const db = new Database(work, { readwrite: true, create: false });
    try {
      db.run("PRAGMA temp_store = MEMORY");
      const before = problemsOf(db);
      if (before.length > 0) {
        if (!before.every(isOfIndex)) return undefined;
        db.run("REINDEX");
        if (problemsOf(db).length > 0) return undefined;
      }
      const counted = countsOf(db);
      const damagedOutput = unhashed(db);
      db.run("PRAGMA wal_checkpoint(TRUNCATE)");
      db.close();
      const method = before.length > 0 ? "reindexed" : damagedOutput.length > 0 ? "rehashed" : "sound";
      if (method !== "sound") renameSync(work, output);
      return {
        ...{ method, output: method === "sound" ? null : output, ...counted },
        ...{ lostRecords: [], lostEvents: [], damagedOutput, lostScreens: 0 },
      };
    } finally {
      db.close();
    }
  } catch (cause) {
    if (isOfSystem(cause)) throw cause;
    return undefined;
  } finally {
    for (const end of ["", "-wal", "-shm"]) rmSync(work + end, { force: true });
  }
}

function problemsOf(db: Database): string[] {
  const found = db.query<{ integrity_check: string }, []>("PRAGMA integrity_check").all();
  return found.map((row) => row.integrity_check).filter((line) => line !== "ok");
}

/** Sentences of integrity_check that REINDEX mends. */
function isOfIndex(problem: string): boolean {
  return /^(row \d+ missing from index|wrong # of entries in index|non-unique entry in index|row not in PRIMARY KEY order)/.test(
    problem,
  );
}

/** The system refuses (no room, no right), and not the damaged file. */
function isOfSystem(cause: unknown): boolean {
  return cause instanceof Error && "syscall" in cause && codeOf(cause) !== "EIO";
}

function countsOf(db: Database): { sessions: number; events: number } {
  return (
    db
      .query<{ sessions: number; events: number }, []>(
        `SELECT (SELECT count(*) FROM session_rows WHERE id IS NOT NULL) AS sessions,
          (SELECT count(*) FROM event_rows WHERE session IN (SELECT n FROM session_rows WHERE id IS NOT NULL)) AS events`,
      )
      .get() ?? { sessions: 0, events: 0 }
  );
}

/** What the leaves hold, but for the events and screens themselves. */
interface Found {
  readonly sessions: Map<number, readonly Value[]>;
  /** Sacrificed, and not purged to the end: nothing of them is put anywhere. */
  readonly forgotten: ReadonlySet<number>;
  /** By n, from the index of ids. */
  readonly ids: Map<number, string>;
  readonly meta: Map<string, string>;
  /** By session: seqs that the index has. */
  readonly indexed: Map<number, Set<number>>;
  readonly greatestSession: number;
  readonly greatestSeq: number;
}

function salvaged(path: string, output: string): RepairReport {
  using pages = openPages(path);
  const found = lookThrough(pages);
  if (statSync(path).size > 0 && !hasAnything(found)) {
    throw unusable(`Nothing of a ledger was found in ${path}.`, path);
  }
  try {
    const connection = connect(output, undefined);
    try {
      const report = connection.transaction(() => fill(connection.db, pages, found));
      const lossy = new Set(report.lostEvents.map(({ sessionId }) => sessionId));
      const damagedOutput = unhashed(connection.db).filter((id) => !lossy.has(id));
      return { method: "salvaged", output, ...countsOf(connection.db), ...report, damagedOutput };
    } finally {
      connection.close();
    }
  } catch (cause) {
    for (const end of ["", "-wal", "-shm"]) rmSync(output + end, { force: true });
    throw cause;
  }
}

/** Events alone are enough: each of them names the number of its session. */
function hasAnything({ sessions, ids, indexed, greatestSeq }: Found): boolean {
  return sessions.size + ids.size + indexed.size + greatestSeq > 0;
}

function lookThrough(pages: Pages): Found {
  const sessions = new Map<number, readonly Value[]>();
  const forgotten = new Set<number>();
  const ids = new Map<number, string>();
  const meta = new Map<string, string>();
  const indexed = new Map<number, Set<number>>();
  let greatestSession = 0;
  let greatestSeq = 0;
  for (const row of pages.rows()) {
    if (isSession(row) && row.values[1] === null) forgotten.add(row.rowid);
    else if (isSession(row)) sessions.set(row.rowid, row.values);
    else if (isEvent(row)) greatestSeq = Math.max(greatestSeq, row.rowid);
    const [name, n] = row.values;
    if (row.values.length === 2 && name === "session_rows") greatestSession = Number(n);
  }
  for (const [first, second, ...more] of pages.entries()) {
    if (more.length > 0) continue;
    if (typeof first === "string" && typeof second === "string") meta.set(first, second);
    if (typeof first === "string" && typeof second === "number" && isId(first)) ids.set(second, first);
    // As the index of `archived_at` has those: no other session was archived at no time.
    if (first === "" && typeof second === "number") forgotten.add(second);
    if (typeof first !== "number" || typeof second !== "number") continue;
    const seqs = indexed.get(first) ?? new Set();
    indexed.set(first, seqs.add(second));
    greatestSeq = Math.max(greatestSeq, second);
  }
  for (const n of forgotten) indexed.delete(n);
  return { sessions, forgotten, ids, meta, indexed, greatestSession, greatestSeq };
}

/** The sessions whose output is not what was recorded. Their hashes are deleted: from now on what is there counts. */
function unhashed(db: Database): string[] {
  const found = differing(db);
  const forget = db.query<null, [number]>(HASH_SQL.forget);
  for (const { n } of found) forget.run(n);
  return found.map(({ id }) => id);
}

function fill(
  db: Database,
  pages: Pages,
  found: Found,
): Pick<RepairReport, "lostRecords" | "lostEvents" | "lostScreens"> {
  const { sessions, forgotten, ids, meta, indexed } = found;
  const putMeta = db.query("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)");
  for (const [key, value] of meta) putMeta.run(key, value);
  const putSession = inserting(db, "session_rows");
  for (const [n, values] of sessions) putSession(n, values);
  const known = new Set(sessions.keys());
  const lostRecords: string[] = [];

  /** Of a session whose record is lost. Where nobody knows which pages are free, its rows may be those of one that was sacrificed. */
  function standIn(n: number): boolean {
    const id = ids.get(n);
    if (forgotten.has(n) || (id === undefined && pages.free === undefined)) return false;
    const now = new Date().toISOString();
    const record = [
      null,
      id ?? randomUUID(),
      "/",
      "unknown",
      "its record was lost",
      "orphaned",
      null,
      null,
      now,
      now,
      "/",
      "interactive",
      null,
      null,
      null,
    ];
    putSession(n, [...record, Date.parse(now)]);
    known.add(n);
    lostRecords.push(String(record[1]));
    return true;
  }

  for (const n of ids.keys()) if (!known.has(n)) standIn(n);
  const putEvent = inserting(db, "event_rows");
  const putScreen = inserting(db, "screen_rows");
  const putHash = inserting(db, "hash_rows");
  const putGap = inserting(db, "gap_rows");
  const putLost = inserting(db, "lost_rows");
  const putLeftover = inserting(db, "leftover_rows");
  const putApproval = inserting(db, "approval_rows");
  const putStep = inserting(db, "approval_step_rows");
  let screens = 0;
  for (const row of pages.rows()) {
    if (isEvent(row)) {
      const n = Number(row.values[1]);
      if (known.has(n) || standIn(n)) putEvent(row.rowid, row.values);
      indexed.get(n)?.delete(row.rowid);
    } else if (isScreen(row) && known.has(row.rowid)) {
      putScreen(row.rowid, row.values);
      screens += 1;
    } else if (isLeftover(row) && known.has(row.rowid)) putLeftover(row.rowid, row.values);
    else if (isHash(row) && known.has(row.rowid)) putHash(row.rowid, row.values);
    else if (isGap(row) && known.has(row.rowid)) putGap(row.rowid, row.values);
    else if (isLost(row)) putLost(row.rowid, row.values);
    else if (isApproval(row)) putApproval(row.rowid, row.values);
    else if (isStep(row)) putStep(row.rowid, row.values);
  }
  keepNumbers(db, found);
  const settled = db.query<{ count: number }, []>(
    "SELECT count(*) AS count FROM session_rows WHERE id IS NOT NULL AND status NOT IN ('created', 'running')",
  );
  return {
    lostRecords,
    lostEvents: Array.from(indexed, ([n, seqs]) => lostOf(db, n, seqs)).filter((one) => one !== undefined),
    lostScreens: Math.max(0, Math.min(settled.get()?.count ?? 0, ids.size) - screens),
  };
}

/** Neither seqs nor the order of sessions are used a second time, also where the last of them are lost: the next start goes on behind the mark. */
function keepNumbers(db: Database, { meta, greatestSession, greatestSeq }: Found): void {
  const mark = Math.max(Number(meta.get("seq_reserved") ?? 0), greatestSeq);
  const last = db.query<{ seq: number | null }, []>("SELECT max(seq) AS seq FROM event_rows").get()?.seq ?? 0;
  if (mark > last)
    db.query("INSERT OR REPLACE INTO meta (key, value) VALUES ('seq_reserved', ?)").run(String(mark));
  db.query("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'session_rows'").run(greatestSession);
}

function lostOf(db: Database, n: number, seqs: ReadonlySet<number>): LostEvents | undefined {
  const id = db.query<{ id: string | null }, [number]>("SELECT id FROM session_rows WHERE n = ?").get(n)?.id;
  if (!id || seqs.size === 0) return undefined;
  const ranges: [number, number][] = [];
  for (const seq of Array.from(seqs).sort((a, b) => a - b)) {
    const range = ranges.at(-1);
    if (range && range[1] + 1 === seq) range[1] = seq;
    else ranges.push([seq, seq]);
  }
  return { sessionId: id, events: seqs.size, seqs: ranges };
}

/** Puts rows into a table as they were; columns that a later schema added get their defaults. The first to come counts. */
function inserting(db: Database, table: string): (rowid: number, values: readonly Value[]) => void {
  const columns = db
    .query<{ name: string }, []>(`PRAGMA table_info(${table})`)
    .all()
    .map(({ name }) => name);
  const statements = new Map<number, ReturnType<Database["query"]>>();
  return (rowid, values) => {
    const used = Math.min(values.length, columns.length);
    let statement = statements.get(used);
    if (!statement) {
      const names = columns.slice(0, used);
      statement = db.query(
        `INSERT OR IGNORE INTO ${table} (${names.map((name) => `"${name}"`).join(", ")}) VALUES (${names.map(() => "?").join(", ")})`,
      );
      statements.set(used, statement);
    }
    statement.run(rowid, ...values.slice(1, used));
  };
}

function isSession({ values }: Row): boolean {
  const [rowid, id] = values;
  const status = values[STATUS_COLUMN];
  const known = SESSION_STATUSES.some((one) => one === status);
  return (
    values.length >= SESSION_COLUMNS && rowid === null && (id === null || typeof id === "string") && known
  );
}

function isEvent({ values }: Row): boolean {
  const [rowid, session, kind, at, data] = values;
  if (values.length !== EVENT_COLUMNS || rowid !== null) return false;
  if (typeof session !== "number" || typeof kind !== "number" || typeof at !== "number") return false;
  return kind >= 0 && kind < KINDS && (kind === 0 ? data instanceof Uint8Array : typeof data === "string");
}

/** By its id, which is the only one that begins so. */
function isApproval({ values }: Row): boolean {
  return values.length === APPROVAL_COLUMNS && values[0] === null && isApprovalId(values[1]);
}

function isStep({ values }: Row): boolean {
  return values.length === STEP_COLUMNS && values[0] === null && isApprovalId(values[1]);
}

function isApprovalId(value: Value | undefined): boolean {
  return typeof value === "string" && value.startsWith("apr-");
}

function isScreen({ values }: Row): boolean {
  return values.length === 2 && values[0] === null && values[1] instanceof Uint8Array;
}

function isLeftover({ values }: Row): boolean {
  const [rowid, pid, startedAt] = values;
  const isNumber = pid === null || typeof pid === "number";
  return (
    values.length === 3 && rowid === null && isNumber && (startedAt === null || typeof startedAt === "string")
  );
}

function isHash({ values }: Row): boolean {
  const [rowid, seq, hash, sealed] = values;
  if (values.length !== 4 || rowid !== null || typeof seq !== "number" || typeof sealed !== "number")
    return false;
  return typeof hash === "string" && /^[0-9a-f]{16}$/.test(hash);
}

/** Output that was taken out. */
function isGap({ values }: Row): boolean {
  const hashes = values.slice(5);
  if (
    values.length !== 7 ||
    values[0] !== null ||
    !values.slice(1, 5).every((one) => typeof one === "number")
  )
    return false;
  return hashes.every((one) => typeof one === "string" && /^[0-9a-f]{16}$/.test(one));
}

/** Seqs that a power cut took. */
function isLost({ values }: Row): boolean {
  return values.length === 2 && values[0] === null && typeof values[1] === "number";
}

function isId(text: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-/.test(text);
}

function unusable(sentence: string, path: string): CovenError {
  return new CovenError("runtime_unavailable", sentence, { path });
}
