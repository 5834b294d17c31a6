// The ledger's file and how it is opened: private, in WAL mode, migrated; and the transactions on it.
import { constants, Database } from "bun:sqlite";
import {
  chmodSync,
  closeSync,
  constants as fs,
  fsync,
  fsyncSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
} from "node:fs";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { CovenError } from "../errors.ts";
import { MIGRATIONS, migrate, refuseForeign, refuseNewer, userVersion } from "./migrate.ts";

/** 8 KiB is the fastest for floods, and small appends cost little more than with 4 KiB (decision 0003). */
const PAGE_BYTES = 8192;
/** How long a call waits for a lock a foreign process holds, in ms. Longer would hold up every session. */
const BUSY_TIMEOUT_MS = 1000;
/** How long `close` waits for foreign readers before it leaves the WAL to the next start, in ms. */
const CLOSE_TIMEOUT_MS = 100;
/** The WAL is copied back at this many pages (2 MiB): everybody waits for it, so it is short and frequent (decision 0003). Cut back to twice that when a reader made it grow. */
const CHECKPOINT_PAGES = 256;

/** An open ledger file. */
export interface Connection {
  /** `db.query` once per SQL text, when opening: a cached statement is three times as fast as one made for each call. */
  readonly db: Database;
  /** Runs `work` in one write transaction: all of it is durable, or none of it happened. */
  transaction<T>(work: () => T): T;
  /** Returns when the disk has all that was written: a power cut takes none of it. */
  sync(): void;
  /** Has the disk take all that was written, behind our back; where that fails the next `sync` throws. What asks meanwhile shares the next one. */
  syncSoon(): void;
  /** Copies the WAL back and closes. */
  close(): void;
  /** Closes without touching any file by its name: another may have it by now. */
  abandon(): void;
}

/** Opens the ledger for writing, making and migrating it as needed. Throws raw SQLite and system errors. */
export function connect(path: string, maxPages: number | undefined): Connection {
  makePrivate(path);
  // Looked at before anything is opened for writing, so that a newer or foreign file is left exactly as it was.
  const reader = openReader(path);
  try {
    refuseForeign(reader, path);
    refuseNewer(userVersion(reader), MIGRATIONS.length, path);
  } finally {
    reader.close();
  }
  const db = new Database(path, { readwrite: true, create: false, strict: true });
  try {
    db.run(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    const mode = db.query<{ journal_mode: string }, []>("PRAGMA journal_mode = WAL").get()?.journal_mode;
    if (mode !== "wal") {
      throw new CovenError(
        "runtime_unavailable",
        `The file system of ${path} does not let SQLite share memory. Put COVEN_HOME on a local disk.`,
        { code: "journal_mode", path },
      );
    }
    db.run("PRAGMA synchronous = NORMAL");
    db.run("PRAGMA foreign_keys = ON");
    db.run(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    db.run(`PRAGMA journal_size_limit = ${2 * CHECKPOINT_PAGES * PAGE_BYTES}`);
    db.run("PRAGMA cache_size = -4096");
    db.run("PRAGMA temp_store = MEMORY");
    // What a sacrifice deletes from pages that stay is blanked; pages that go are cut off or written over.
    db.run("PRAGMA secure_delete = FAST");
    if (maxPages !== undefined) db.run(`PRAGMA max_page_count = ${maxPages}`);
    migrate(db, path);
  } catch (cause) {
    db.close();
    throw cause;
  }
  const begin = db.query("BEGIN IMMEDIATE");
  const commit = db.query("COMMIT");
  const rollback = db.query("ROLLBACK");
  const { close: closeLog, ...syncing } = syncOf(`${path}-wal`);
  return {
    db,
    ...syncing,
    transaction(work) {
      begin.run();
      try {
        const result = work();
        commit.run();
        return result;
      } catch (cause) {
        // After a full disk SQLite has rolled back already, and a second ROLLBACK would hide the cause.
        if (db.inTransaction) rollback.run();
        throw cause;
      }
    },
    close() {
      db.run(`PRAGMA busy_timeout = ${CLOSE_TIMEOUT_MS}`);
      db.run("PRAGMA wal_checkpoint(TRUNCATE)");
      closeLog();
      db.close();
    },
    abandon() {
      // SQLite would delete the log by its name.
      db.fileControl(constants.SQLITE_FCNTL_PERSIST_WAL, 1);
      closeLog();
      db.close();
    },
  };
}

/**
 * Opens an existing ledger where nothing can be written: on a full disk, or a file system that is read only. Only its owner may: on a full disk there is no
 * room for the memory that SQLite shares with others, so it keeps them out. Throws raw SQLite errors, for a ledger of an older schema too.
 */
export function connectReading(path: string): Connection {
  const db = readingHandle(path);
  try {
    refuseForeign(db, path);
    refuseNewer(userVersion(db), MIGRATIONS.length, path);
    if (userVersion(db) < MIGRATIONS.length) throw new Error(`the ledger ${path} has an older schema`);
  } catch (cause) {
    db.close();
    throw cause;
  }
  return {
    db,
    transaction: (work) => work(),
    sync() {},
    syncSoon() {},
    close: () => db.close(),
    abandon: () => db.close(),
  };
}

function readingHandle(path: string): Database {
  const reader = openReader(path);
  try {
    userVersion(reader);
    return reader;
  } catch {
    reader.close();
  }
  const owner = new Database(path, { readwrite: true, create: false, strict: true });
  owner.run("PRAGMA locking_mode = EXCLUSIVE");
  return owner;
}

/**
 * Syncs the write-ahead log by a descriptor of our own. Commits leave that to the copying back (`synchronous = NORMAL`); what was committed
 * last is behind all that was committed before, so one call makes all of it durable. SQLite has no locks on this file.
 */
function syncOf(log: string): Pick<Connection, "sync" | "syncSoon" | "close"> {
  const fd = openSync(log, fs.O_RDWR | fs.O_NOFOLLOW);
  let state: "idle" | "syncing" | "syncing, and asked again" = "idle";
  let closed = false;
  let failure: Error | null = null;

  function begin(): void {
    state = "syncing";
    fsync(fd, (error) => {
      failure ??= error;
      const again = state === "syncing, and asked again";
      state = "idle";
      if (again && !closed) begin();
    });
  }

  return {
    sync() {
      const before = failure;
      failure = null;
      if (before) throw before;
      fsyncSync(fd);
    },
    syncSoon() {
      if (state === "idle") begin();
      else state = "syncing, and asked again";
    },
    close() {
      // A call under way ends by itself, at worst with an error that nobody hears of: the log was copied back.
      closed = true;
      closeSync(fd);
    },
  };
}

/**
 * Opens an existing ledger for reading only, also while a daemon writes to it. Without a WAL nobody has it open, and
 * it is read as immutable: SQLite would otherwise leave a WAL behind that belongs to no daemon.
 */
export function openReader(path: string): Database {
  const flags = constants.SQLITE_OPEN_READONLY | constants.SQLITE_OPEN_URI;
  const uri = pathToFileURL(path).href;
  const db = new Database(exists(`${path}-wal`) ? uri : `${uri}?immutable=1`, flags);
  db.run(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
  return db;
}

/** Makes the file if there is none, and takes everybody else's permissions away; SQLite gives -wal and -shm the same. */
export function makePrivate(path: string): void {
  if (!exists(path)) makeNew(path);
  // An existing ledger is never opened here: closing any descriptor of it drops every lock this process has on it.
  const found = lstatSync(path);
  if (!found.isFile()) {
    throw new CovenError(
      "runtime_unavailable",
      `${path} must be a plain file, and it is not. Move it away; a new one is made.`,
      {
        code: "not_a_file",
        path,
      },
    );
  }
  refuseEmpty(path);
  for (const file of [path, `${path}-wal`, `${path}-shm`]) if (exists(file)) chmodSync(file, 0o600);
}

/**
 * Throws `runtime_unavailable` (details `code` "empty", `path`) for a file of 0 bytes: no start leaves one, so it was a ledger once. SQLite would begin a
 * new history in it, and delete its write-ahead log.
 */
export function refuseEmpty(path: string): void {
  if (lstatSync(path).size > 0) return;
  throw new CovenError(
    "runtime_unavailable",
    `The ledger ${path} has 0 bytes: something has emptied it. Nothing was changed. Put a copy of it back if you have one; "coven ledger repair" saves what its write-ahead log still has. Without either, move it away; a new one is made at the next start.`,
    { code: "empty", path },
  );
}

/** A new ledger has its first page before it has its name, so that a start which is cut off leaves no ledger of 0 bytes. */
function makeNew(path: string): void {
  const draft = `${path}.new`;
  // Left by such a start.
  rmSync(draft, { force: true });
  try {
    closeSync(openSync(draft, fs.O_RDWR | fs.O_CREAT | fs.O_EXCL | fs.O_NOFOLLOW, 0o600));
    const db = new Database(draft, { readwrite: true, create: false });
    try {
      // In memory: a journal would be one more file to leave behind.
      db.run("PRAGMA journal_mode = MEMORY");
      db.run(`PRAGMA page_size = ${PAGE_BYTES}`);
      db.run("PRAGMA auto_vacuum = INCREMENTAL");
      db.run("PRAGMA user_version = 0");
    } finally {
      db.close();
    }
    // Of a ledger that was taken away without it. It would be read as the log of this one.
    if (exists(`${path}-wal`)) renameSync(`${path}-wal`, `${path}-wal-left-${Date.now()}`);
    rmSync(`${path}-shm`, { force: true });
    renameSync(draft, path);
  } finally {
    rmSync(draft, { force: true });
  }
  syncDirectory(dirname(path));
}

/** Has the disk take the names in it, where directories can be synced. */
function syncDirectory(path: string): void {
  if (process.platform === "win32") return;
  const fd = openSync(path, fs.O_RDONLY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
