// The lock that says who is the daemon. The kernel drops it when its holder dies, so nobody ever guesses by pid.
// SQLite locks with fcntl: closing any other descriptor of this file in the holder's process would drop the lock, so nothing
// else in the daemon opens it (chmod and stat go by name and are harmless).
import { Database } from "bun:sqlite";
import { closeSync, existsSync, fstatSync, readdirSync, rmSync, type Stats, statSync } from "node:fs";
import { CovenError } from "../errors.ts";
import { keepNoLonger } from "../os/descriptors.ts";
import { codeOf } from "../os/file-failure.ts";

/** Being the daemon of one home. */
export interface Lock {
  /** The one descriptor that holds it; undefined where that can't be told (only Linux says). */
  descriptor(): number | undefined;
  /** Gives it up; harmless when done before. */
  release(): void;
}

/** Longer than any outsider's look (`isLocked`) takes, so that a look never makes a starting daemon give up. */
const WAIT_MS = 100;

/** Held locks: the collector closes a `Database` nobody refers to, and the lock would go with it. */
const held = new Set<Database>();

/**
 * Takes the lock, or returns undefined while another process holds it. Leaves no side files. Throws `runtime_unavailable`
 * where SQLite cannot lock: the file cannot be opened, is no lock file, or the file system has no locks.
 */
export function tryLock(path: string, waitMs: number = WAIT_MS): Lock | undefined {
  const db = lockFile(path, waitMs);
  if (!db) {
    if (!canLockBeside(path)) {
      throw unusable(path, "the file system it lies on has no working locks", "no_locks");
    }
    return undefined;
  }
  held.add(db);
  const file = statSync(path, { throwIfNoEntry: false });
  return {
    descriptor: () => file && descriptorOf(file),
    release() {
      if (held.delete(db)) close(db);
    },
  };
}

/**
 * The lock that this very process took before another program replaced it by execve(2): the kernel has held it all the time. SQLite would give up a part of
 * it for a moment if it took it once more, so the descriptor alone is kept. Undefined where this is not the lock's file.
 */
export function adoptLock(path: string, fd: number): Lock | undefined {
  try {
    const [mine, there] = [fstatSync(fd), statSync(path, { throwIfNoEntry: false })];
    if (!mine.isFile() || (there && (there.ino !== mine.ino || there.dev !== mine.dev))) return undefined;
  } catch {
    return undefined;
  }
  keepNoLonger(fd);
  let released = false;
  return {
    descriptor: () => fd,
    release() {
      if (!released) closeSync(fd);
      released = true;
    },
  };
}

function descriptorOf({ dev, ino }: Stats): number | undefined {
  if (process.platform !== "linux") return undefined;
  return readdirSync("/proc/self/fd")
    .map(Number)
    .find((fd) => {
      try {
        const found = fstatSync(fd);
        return found.ino === ino && found.dev === dev;
      } catch {
        // That of the look itself.
        return false;
      }
    });
}

/**
 * Whether some process holds the lock at this instant. Looks with a read lock, for microseconds; creates nothing.
 * Throws as `tryLock` where nobody can tell.
 */
export function isLocked(path: string): boolean {
  if (!existsSync(path)) return false;
  let db: Database | undefined;
  try {
    db = new Database(path, { readonly: true });
    db.exec("PRAGMA busy_timeout = 0; SELECT count(*) FROM sqlite_master");
    return false;
  } catch (error) {
    if (isBusy(error)) return true;
    // It went away between the two looks.
    if (!existsSync(path)) return false;
    throw unusable(path, words(error), "cannot_open");
  } finally {
    db?.close();
  }
}

/** An exclusive transaction on `path`, or undefined when it is busy for longer than `waitMs`. */
function lockFile(path: string, waitMs: number): Database | undefined {
  let db: Database | undefined;
  try {
    db = new Database(path, { create: true, readwrite: true });
    // In memory: a journal beside the lock file would be one more thing a crash leaves behind.
    db.exec(`PRAGMA busy_timeout = ${waitMs}; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE`);
    return db;
  } catch (error) {
    db?.close();
    if (isBusy(error)) return undefined;
    throw unusable(path, words(error), "cannot_open");
  }
}

/** SQLite calls a file system without locks busy too; on a file nobody else knows of, it shows. */
function canLockBeside(path: string): boolean {
  const probe = `${path}.${process.pid}`;
  try {
    const db = lockFile(probe, 0);
    if (db) close(db);
    return db !== undefined;
  } finally {
    rmSync(probe, { force: true });
  }
}

function close(db: Database): void {
  // Rolled back by hand: a statement not yet finalised would keep a closed connection, and the lock, alive.
  db.exec("ROLLBACK");
  db.close();
}

function isBusy(error: unknown): boolean {
  return /^SQLITE_(BUSY|LOCKED)/.test(codeOf(error));
}

function words(error: unknown): string {
  if (codeOf(error) === "SQLITE_NOTADB") return "it is not a lock file of Coven; remove it";
  return error instanceof Error ? error.message : String(error);
}

function unusable(path: string, why: string, reason: string): CovenError {
  return new CovenError("runtime_unavailable", `Coven cannot lock ${path}: ${why}.`, { path, reason });
}
