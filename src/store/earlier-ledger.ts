// Reads the ledger of coven 0.4 (`coven.sqlite3`) without changing a byte of it.
import { type Database, SQLiteError } from "bun:sqlite";
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
} from "node:fs";
import { CovenError } from "../errors.ts";
import type { EarlierEvent, EarlierLedger, EarlierSession } from "../session/ports/earlier-ledger.ts";
import { openReader } from "./connection.ts";

/** Its tables that hold what is imported, and those that only help it find things. */
const READ = ["sessions", "events"];
const HELPS =
  /^(sqlite_|events_fts|store_meta$|.*_(migrations|checkpoints|stream_heads|authority|last_pass|cursor)$)/;

/**
 * Opens it, also while a daemon of 0.4 has it open. SQLite reads nothing of a file that is cut short: of such a one a copy is read that is long enough
 * again, and the rest of it is missing. Throws `invalid_request` (details `file`) for what is none, or can't be read.
 */
export function openEarlier(file: string): EarlierLedger {
  try {
    const copy = madeWhole(file);
    return copy === undefined ? opened(file) : opened(copy, () => rmSync(copy, { force: true }));
  } catch (cause) {
    if (!(cause instanceof SQLiteError)) throw cause;
    throw new CovenError(
      "invalid_request",
      `${file} can't be read as a ledger of coven 0.4 (${cause.message}).`,
      {
        file,
        code: cause.code,
        hint: `sqlite3 ${file} .recover | sqlite3 recovered.db   (then put that in its place)`,
      },
    );
  }
}

function opened(file: string, after: () => void = () => {}): EarlierLedger {
  const db = openReader(file);
  const close = () => {
    db.close();
    after();
  };
  try {
    const columns = new Set(
      db
        .query<{ name: string }, []>("SELECT name FROM pragma_table_info('sessions')")
        .all()
        .map(({ name }) => name),
    );
    const tables = db
      .query<{ name: string }, []>("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
      .all()
      .map(({ name }) => name);
    if (!columns.has("project_root") || !tables.includes("events")) {
      throw new CovenError("invalid_request", `${file} is no ledger of coven 0.4.`, { file });
    }
    return { ...reading(db, columns, tables), close };
  } catch (cause) {
    close();
    throw cause;
  }
}

/** sqlite.org/fileformat2.html, "The Database Header": the size of a page, and how many there are; both big-endian. */
const HEADER_BYTES = 100;
const PAGE_SIZE_AT = 16;
const PAGE_COUNT_AT = 28;

/** A copy with as many pages as its header says, the missing ones blank; undefined where none is missing. With a log beside it the header is not the last word. */
function madeWhole(file: string): string | undefined {
  const header = Buffer.alloc(HEADER_BYTES);
  const fd = openSync(file, "r");
  try {
    if (
      readSync(fd, header, 0, HEADER_BYTES, 0) < HEADER_BYTES ||
      !header.subarray(0, 6).equals(Buffer.from("SQLite"))
    )
      return undefined;
  } finally {
    closeSync(fd);
  }
  const pageBytes = header.readUInt16BE(PAGE_SIZE_AT) === 1 ? 65_536 : header.readUInt16BE(PAGE_SIZE_AT);
  const bytes = header.readUInt32BE(PAGE_COUNT_AT) * pageBytes;
  if (statSync(file).size >= bytes || existsSync(`${file}-wal`)) return undefined;
  const copy = `${file}.import-${process.pid}.tmp`;
  copyFileSync(file, copy);
  chmodSync(copy, 0o600);
  truncateSync(copy, bytes);
  return copy;
}

function reading(
  db: Database,
  columns: ReadonlySet<string>,
  tables: readonly string[],
): Omit<EarlierLedger, "close"> {
  // Columns came with its versions; what an older one lacks is null.
  const column = (name: string) => (columns.has(name) ? name : `NULL AS ${name}`);
  const optional = ["conversation_id", "labels", "visibility", "familiar_id", "external", "transcript_path"];
  const next = db.query<EarlierSession & { readonly row: number }, [number]>(
    `SELECT rowid AS row, id, project_root, harness, title, status, exit_code, archived_at, created_at, updated_at,
      ${optional.map(column).join(", ")} FROM sessions WHERE rowid > ? ORDER BY rowid LIMIT 1`,
  );
  const EVENT = "SELECT rowid AS row, kind, payload_json AS payload, created_at AS at FROM events";
  const events = db.query<EarlierEvent, [string, number, number]>(
    `${EVENT} WHERE session_id = ? AND rowid > ? ORDER BY rowid LIMIT ?`,
  );
  // Without the index, which may be what is damaged, and one by one, so that each row before a damaged page is read.
  const one = db.query<EarlierEvent, [string, number]>(
    `${EVENT} NOT INDEXED WHERE session_id = ? AND rowid > ? ORDER BY rowid LIMIT 1`,
  );
  return {
    after: (row) => next.get(row) ?? undefined,
    events(sessionId, row, limit) {
      try {
        return events.all(sessionId, row, limit);
      } catch {
        const found = one.get(sessionId, row);
        return found ? [found] : [];
      }
    },
    others() {
      return tables
        .filter((name) => !READ.includes(name) && !HELPS.test(name))
        .map((name) => ({ name, rows: rowsOf(db, name) }))
        .filter(({ rows }) => rows > 0);
    },
  };
}

function rowsOf(db: Database, table: string): number {
  try {
    return (
      db.query<{ rows: number }, []>(`SELECT count(*) AS rows FROM "${table.replaceAll('"', '""')}"`).get()
        ?.rows ?? 0
    );
  } catch {
    return 0;
  }
}
