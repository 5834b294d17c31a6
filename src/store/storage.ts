// What the disk lets the ledger do, and the space that is kept aside for the day it is full.
import { SQLiteError } from "bun:sqlite";
import { randomFillSync } from "node:crypto";
import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  openSync,
  rmSync,
  statfsSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { codeOf } from "../os/file-failure.ts";
import type { StorageState } from "../session/ports/ledger.ts";
import type { World } from "../session/ports/world.ts";
import { isDamage, storageRefusal } from "./failure.ts";

/** Set aside beside the ledger: enough for thousands of small transactions. */
const BALLAST_BYTES = 8 * 1024 * 1024;
/** It is taken where so much more is left behind it. */
const SPARE_BYTES = 4 * 1024 * 1024;
/** A disk with less than this counts as full, whatever SQLite calls it, until it has more than `SOME_BYTES`. */
const NOTHING_BYTES = 64 * 1024;
const SOME_BYTES = 256 * 1024;
/** A file needs a number of its own: SQLite makes two, a daemon its socket and its identity. */
const FEW_FILES = 4;
/** The first look for the ballast (a start waits for nothing), and how often it is looked whether the disk takes writes again. */
const LOOK_MS = 1_000;
/** How often it is looked whether somebody else has filled a disk that nothing is written to just now. */
const CALM_LOOK_MS = 5_000;

/** What keeps a ledger from being opened for writing, and lets it be read. */
export type ReadOnlyState = "full" | "read_only";

/** The disk as the ledger sees it. */
export interface Disk {
  /** `ok` again once a write has succeeded. */
  storage(): StorageState;
  /** Opened on a disk that takes no writes: everything but reading is refused, until `writable` and a new opening. */
  readonly readOnly: boolean;
  /** The disk would take writes now. */
  writable(): boolean;
  /** Looks whether the file is where it was; when not, what it holds is written back. */
  verify(): void;
}

/** The watch over a ledger's disk. */
export interface DiskWatch extends Omit<Disk, "verify"> {
  /** The ledger's file is not where it was, and why that is not mended; undefined when it is. */
  detached(reason: string | undefined): void;

  /**
   * Runs a write. An `urgent` one gets the ballast when the disk is full; others are refused from then on until there is room for the ballast
   * again, so that what it makes room for stays possible. Throws what `work` throws, and `runtime_unavailable`.
   */
  write<T>(urgent: boolean, work: () => T): T;
  /** Runs a write that begins something new: refused while the ledger is damaged, whatever else it still takes. */
  begin<T>(work: () => T): T;
  /** Runs a reading. */
  read<T>(work: () => T): T;
  /** A part of the ledger failed, and what was asked for was done without it. */
  noticed(cause: unknown): void;
  /** The ledger is damaged: nothing new begins in it any more. */
  damaged(reason: string): void;
  stop(): void;
}

export interface DiskOptions {
  readonly after: World["after"];
  /** Space is set aside. */
  readonly keepsBallast: boolean;
  /** One small write of the ledger, by which it is seen that it takes writes again. */
  touch(): void;
  /** Called when the state changes. */
  changed?: ((state: StorageState, reason: string | undefined) => void) | undefined;
  /** The state in which the ledger could only be opened for reading. */
  readOnly?: ReadOnlyState | undefined;
  /** It could be opened once the ballast was given up. */
  spent?: boolean | undefined;
}

/** Watches over the disk of the ledger at `path`. */
export function watchDisk(path: string, options: DiskOptions): DiskWatch {
  const ballast = ballastOf(path);
  const { after, touch, changed, readOnly, keepsBallast } = options;
  /** The ballast was given up, and there was no room for it since. */
  let spent = options.spent ?? false;
  let state: StorageState = readOnly ?? (spent ? "full" : "ok");
  let gone: string | undefined;
  /** That some writes still succeed proves nothing of the rest. */
  let damaged = false;
  let cancel: (() => void) | undefined;

  function become(next: StorageState, cause?: unknown): void {
    damaged ||= isDamage(cause);
    if (damaged && next === "ok") next = "failing";
    if (next === state) return;
    // The calm look is too late now.
    cancel?.();
    cancel = undefined;
    look(LOOK_MS);
    state = next;
    changed?.(state, cause instanceof Error ? cause.message : undefined);
  }

  function look(ms: number): void {
    cancel ??= after(ms, () => {
      cancel = undefined;
      if (readOnly) return;
      try {
        if (keepsBallast && !ballast.whole && hasRoomFor(path, BALLAST_BYTES + SPARE_BYTES)) ballast.take();
        if (ballast.held || (!keepsBallast && hasRoomFor(path, SPARE_BYTES))) spent = false;
        if (state !== "ok" && !spent) write(false, touch);
        else if (state === "ok" && !hasRoomFor(path, NOTHING_BYTES)) become("full");
      } catch {
        // Still so.
      }
      if (state !== "ok") look(LOOK_MS);
      else if (keepsBallast) look(CALM_LOOK_MS);
    });
  }

  function write<T>(urgent: boolean, work: () => T): T {
    if (readOnly) throw storageRefusal(readOnly, path, { reading: true, needs: SPARE_BYTES });
    if (spent && !urgent) throw storageRefusal("full", path, { needs: BALLAST_BYTES + SPARE_BYTES });
    try {
      const done = work();
      // What was urgent, or small, may have got through where other writes do not.
      if (!urgent && state !== "ok" && (state !== "full" || hasRoomFor(path, SOME_BYTES))) become("ok");
      return done;
    } catch (cause) {
      const found = stateAfter(cause, path);
      if (found) become(found, cause);
      if (found !== "full" || !urgent || !ballast.held) throw cause;
      ballast.release();
      spent = true;
      return work();
    }
  }

  function noticed(cause: unknown): void {
    if (isDamage(cause)) become("failing", cause);
  }

  function read<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      noticed(cause);
      throw cause;
    }
  }

  if (keepsBallast) look(LOOK_MS);
  return {
    write,
    read,
    noticed,
    damaged(reason) {
      damaged = true;
      become("failing", new Error(reason));
    },
    detached(reason) {
      if (reason === gone) return;
      gone = reason;
      changed?.(reason === undefined ? state : "detached", reason);
    },
    begin(work) {
      if (gone !== undefined) throw storageRefusal("detached", path);
      if (damaged) throw storageRefusal("failing", path);
      return write(false, work);
    },
    storage: () => (gone === undefined ? state : "detached"),
    readOnly: readOnly !== undefined,
    writable: () => !isReadOnly(path) && hasRoomFor(path, SPARE_BYTES),
    stop() {
      cancel?.();
    },
  };
}

/** The file that keeps the space. It is written, with bytes that no file system can compress: a hole would keep nothing. */
export function ballastOf(ledger: string) {
  const file = `${ledger}-ballast`;
  const size = () => lstatSync(file, { throwIfNoEntry: false })?.size ?? 0;
  return {
    get held(): boolean {
      return size() > 0;
    },
    get whole(): boolean {
      return size() >= BALLAST_BYTES;
    },
    take(): void {
      const fd = openSync(file, "w", 0o600);
      try {
        const piece = Buffer.allocUnsafe(1024 * 1024);
        for (let bytes = 0; bytes < BALLAST_BYTES; bytes += piece.length)
          writeSync(fd, randomFillSync(piece));
        fsyncSync(fd);
      } catch (cause) {
        rmSync(file, { force: true });
        throw cause;
      } finally {
        closeSync(fd);
      }
    },
    release(): void {
      rmSync(file, { force: true });
    },
  };
}

/** What a failed write says of the disk; undefined when it says nothing of it (a lock that somebody holds, a bug of ours). */
export function stateAfter(cause: unknown, path: string): StorageState | undefined {
  const code = cause instanceof SQLiteError ? (cause.code ?? "") : codeOf(cause);
  if (code === "SQLITE_FULL" || code === "ENOSPC" || code === "EDQUOT") return "full";
  if (code === "EROFS") return "read_only";
  if (code === "EIO") return "failing";
  if (isDamage(cause)) return "failing";
  if (!/^SQLITE_(IOERR|READONLY|CANTOPEN)/.test(code)) return undefined;
  if (isReadOnly(path)) return "read_only";
  // Memory that is shared and can't be made reads as an error of the disk, as a quota that is used up does.
  if (!hasRoomFor(path, SOME_BYTES) || !takesBytes(path)) return "full";
  return code.startsWith("SQLITE_READONLY") ? "read_only" : "failing";
}

function hasRoomFor(path: string, bytes: number): boolean {
  try {
    const { bavail, bfree, bsize, files, ffree } = statfsSync(dirname(path));
    // Some of it is kept for root.
    const blocks = process.getuid?.() === 0 ? bfree : bavail;
    return blocks * bsize >= bytes && (files === 0 || ffree >= FEW_FILES);
  } catch {
    return false;
  }
}

/** False when there is room on the disk and none for this user: a quota. What else goes wrong is no word on room. */
function takesBytes(path: string): boolean {
  const probe = `${path}-probe`;
  try {
    writeFileSync(probe, randomFillSync(Buffer.allocUnsafe(NOTHING_BYTES)), { mode: 0o600, flag: "wx" });
    return true;
  } catch (cause) {
    return codeOf(cause) !== "EDQUOT" && codeOf(cause) !== "ENOSPC";
  } finally {
    rmSync(probe, { force: true });
  }
}

function isReadOnly(path: string): boolean {
  try {
    accessSync(dirname(path), constants.W_OK);
    return false;
  } catch {
    return true;
  }
}
