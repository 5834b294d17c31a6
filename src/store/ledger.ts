// The ledger as the domain sees it: the parts put together, each call guarded, transactions around what must not be halved.
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import type { ApprovalStore } from "../control/approval.ts";
import { CovenError } from "../errors.ts";
import { withUmask } from "../os/umask.ts";
import type { Ledger, StorageState } from "../session/ports/ledger.ts";
import type { World } from "../session/ports/world.ts";
import { approvalTable } from "./approvals.ts";
import { type Census, censusOf } from "./census.ts";
import { type Connection, connect, connectReading, makePrivate } from "./connection.ts";
import { eventTable } from "./events.ts";
import { guarded } from "./failure.ts";
import { feedTable } from "./feed.ts";
import { type Gaps, gapsOf } from "./gaps.ts";
import { hashesOf } from "./hashes.ts";
import { type Ownership, sideFilesOf, takeOwnership } from "./ownership.ts";
import { reserveOf } from "./reserve.ts";
import { purgeOf } from "./sacrifice.ts";
import { screenTable } from "./screens.ts";
import { sessionTable } from "./sessions.ts";
import {
  ballastOf,
  type Disk,
  type DiskWatch,
  type ReadOnlyState,
  stateAfter,
  watchDisk,
} from "./storage.ts";
import { type Weights, weightsOf } from "./weights.ts";

/** What may differ from the daemon's ledger. */
export interface LedgerOptions {
  /** Called when the disk takes no more writes, and when it does again. */
  readonly storageChanged?: (state: StorageState, reason: string | undefined) => void;
  /** Called when the feed has a new entry. */
  readonly announced?: () => void;
  /** When the space of a large sacrifice is given back in pauses; a real timer that holds nobody up when left out. */
  readonly after?: World["after"];
  /** Space is set aside beside it for the day the disk is full. */
  readonly ballast?: boolean;
  /** The file may not grow past this many pages of 8 KiB; a full disk is then reported. No bound when left out. */
  readonly maxPages?: number;
  /** By which this process has the ledger already (`Owned.leave`), from the program that it was before. */
  readonly owned?: number | undefined;
}

/** A ledger that this process has. */
export interface Owned {
  /**
   * Leaves it to the program that replaces this one: nothing is reserved any more, as after an orderly end. Returns the descriptor that keeps other
   * daemons out, which that program needs. Whoever goes on here all the same may.
   */
  leave(): number;
}

/**
 * Opens, makes or migrates the ledger at `path` (absolute, its directory exists), mode 0600 whatever the umask.
 * Only the holder of the daemon's lock may call it. Throws `runtime_unavailable` for a file that is damaged, foreign,
 * unwritable (details `code`, `path`), or written by a newer coven (details `found`, `known`; the file stays untouched).
 * On a full disk the ballast is given up for it; where nothing at all can be written it is opened for reading only (`readOnly`).
 */
export function openLedger(
  path: string,
  options: LedgerOptions = {},
): Ledger & Weights & Census & Gaps & ApprovalStore & Disk & Owned {
  return guarded(path, () => {
    const after = options.after ?? realTimer;
    const { connection, ownership, readOnly, spent } = opened(path, options);
    const disk = watchDisk(path, {
      ...{ after, readOnly, spent, changed: options.storageChanged, keepsBallast: options.ballast ?? false },
      touch: () => now.touch(),
    });
    const at = (place: string, connection: Connection, ownership: Ownership) => ({
      ...{ place, connection, ownership, whole: sideFilesOf(place) },
      ...partsOf(connection, after, disk, options.announced ?? (() => {})),
    });
    let now = at(path, connection, ownership);
    let open = true;
    if (!readOnly) now.purge.resume();

    function call<T>(work: () => T): T {
      // Late callers happen while the daemon stops; they are told so, not shown the driver's words.
      if (!open)
        throw new CovenError("runtime_unavailable", "The ledger is closed: the daemon is stopping.", {
          path,
        });
      return guarded(path, work);
    }

    function* guardedRows<T>(begin: () => Iterator<T>): Generator<T, void, undefined> {
      const rows = call(begin);
      const step = () => call(() => disk.read(() => rows.next()));
      for (let next = step(); !next.done; next = step()) yield next.value;
    }

    /** Writing back has failed. That takes long in a large ledger, so it is tried again each minute and not after each write. */
    let failed = false;

    function verify(written = false): void {
      if (!open || readOnly) return;
      const found = now.ownership.where();
      const where = found === "there" && !now.whole() ? "halved" : found;
      if (where === "there") {
        if (now.place === path) disk.detached(undefined);
      } else if (where === "emptied") {
        disk.damaged(`${path} was emptied under the daemon`);
      } else if (where === "moved") {
        disk.detached(`its file is ${now.ownership.name()} now; what is recorded goes there`);
      } else if (!failed || !written) {
        try {
          writeBack(where);
          failed = false;
        } catch (cause) {
          failed = true;
          disk.detached(`${LOST[where]}, and could not be written back: ${String(cause)}`);
        }
      }
    }

    /** What the file without a name holds gets one again: its own, or where another file has that, one beside it. */
    function writeBack(where: "unlinked" | "halved" | "replaced"): void {
      const place = where === "replaced" ? `${path}-detached-${Date.now()}` : now.place;
      now.reserve.release();
      // Its log loses its name before the new file gets that of the old.
      if (where === "halved") now.connection.db.run("PRAGMA wal_checkpoint(PASSIVE)");
      // A link, unlike a rename, fails where somebody has put a file meanwhile.
      saveAs(now.connection, place, where === "halved" ? renameSync : linkSync);
      const before = now;
      now = at(place, connect(place, options.maxPages), takeOwnership(place));
      before.purge.stop();
      before.connection.abandon();
      before.ownership.release();
      now.purge.resume();
      disk.detached(
        place === path ? undefined : `another file is in its place; what is recorded goes to ${place}`,
      );
      if (where !== "replaced") options.storageChanged?.(disk.storage(), `written back: ${LOST[where]}`);
    }

    return {
      ...everyCall(
        () => now.parts,
        call,
        disk,
        () => verify(true),
      ),
      leave() {
        now.reserve.release();
        return now.ownership.fd;
      },
      ...{ storage: disk.storage, readOnly: disk.readOnly, writable: disk.writable, verify: () => verify() },
      events: (query) => guardedRows(() => now.parts.events(query)),
      kept: (query) => guardedRows(() => now.parts.kept(query)),
      close() {
        if (!open) return;
        verify();
        open = false;
        now.purge.stop();
        disk.stop();
        now.reserve.release();
        guarded(path, () => {
          if (readOnly || now.ownership.where() === "there") now.connection.close();
          else now.connection.abandon();
        });
        now.ownership.release();
      },
    };
  });
}

/** Everything that works on one connection. */
function partsOf(connection: Connection, after: World["after"], disk: DiskWatch, announced: () => void) {
  const reserve = reserveOf(connection);
  const { settled, leave, ...sessions } = sessionTable(connection);
  const { add: announce, forget, ...feed } = feedTable(connection);
  const hashes = hashesOf(connection.db, disk.noticed);
  const events = eventTable(connection, reserve, hashes);
  const gaps = gapsOf(connection);
  const { sacrifice, ...purge } = purgeOf(connection, after, (step) => disk.write(true, step));
  const sealing = (sessionId: string, work: () => boolean): boolean => {
    try {
      return connection.transaction(work);
    } catch (cause) {
      hashes.forget(sessionId);
      throw cause;
    }
  };
  const mark = connection.db.query("UPDATE meta SET value = value WHERE key = 'event_id_prefix'");
  const parts = {
    ...sessions,
    ...events,
    ...screenTable(connection),
    ...weightsOf(connection),
    ...censusOf(connection),
    ...approvalTable(connection),
    ...gaps,
    ...feed,
    announce(news, at) {
      announce(news, Date.parse(at));
      announced();
    },
    started(id, leader, at) {
      connection.transaction(() => {
        sessions.started(id, leader, at);
        announce({ type: "session.launched", sessionId: id }, Date.parse(at));
      });
      announced();
    },
    takeOut(id, head, bytes) {
      const gap = gaps.takeOut(id, head, bytes);
      // What went gives its space back once no more goes.
      if (!gap) purge.resume();
      return gap;
    },
    sacrifice(id, oneOfMany) {
      const events = sacrifice(id, oneOfMany, () => {
        forget(id);
        announce({ type: "session.sacrificed", data: { id } }, Date.now());
      });
      announced();
      return events;
    },
    keptBefore: reserve.keptBefore,
    create(session) {
      sessions.create(session);
      connection.sync();
    },
    settle(sessionId, settlement, added, at, left, quietly) {
      reserve.ahead();
      const done = sealing(sessionId, () => {
        if (!settled(sessionId, settlement, at)) return false;
        if (left) leave(sessionId, left.leader);
        events.append(sessionId, added, at);
        hashes.seal(sessionId);
        if (!quietly) announce({ type: "session.settled", sessionId }, Date.parse(at));
        return true;
      });
      // Many may settle at once, and nobody waits: a launch does (decision 30).
      if (done) connection.syncSoon();
      if (done && !quietly) announced();
      return done;
    },
  } satisfies Partial<Ledger & Gaps>;
  return { parts, purge, reserve, touch: () => void mark.run() };
}

const LOST = {
  unlinked: "its file was removed",
  replaced: "its file was replaced",
  halved: "its write-ahead log or shared memory was removed",
};

/**
 * Writes everything the connection sees to a new file, whole, on the disk, and private, and has `name` give it the name `place`. Its directory is made if it is
 * gone. What the ledger's own log beside it was is nobody's any more.
 */
function saveAs({ db }: Connection, place: string, name: (draft: string, place: string) => void): void {
  mkdirSync(dirname(place), { recursive: true, mode: 0o700 });
  const draft = `${place}.tmp`;
  rmSync(draft, { force: true });
  try {
    withUmask(0o077, () => db.query("VACUUM INTO ?").run(draft));
    const fd = openSync(draft, "r+");
    fsyncSync(fd);
    closeSync(fd);
    for (const end of ["-wal", "-shm"]) rmSync(place + end, { force: true });
    name(draft, place);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Opened for writing: by giving up the ballast where the disk is full; else for reading, where even that is too little. */
function opened(
  path: string,
  { maxPages, owned }: LedgerOptions,
): { connection: Connection; ownership: Ownership; readOnly?: ReadOnlyState; spent?: boolean } {
  const ballast = ballastOf(path);
  try {
    makePrivate(path);
  } catch (cause) {
    if (stateAfter(cause, path) !== "full" || !ballast.held) throw cause;
    ballast.release();
    makePrivate(path);
  }
  const ownership = takeOwnership(path, owned);
  using failed = new DisposableStack();
  failed.defer(ownership.release);

  for (let spent = false; ; spent = true) {
    try {
      const connection = connect(path, maxPages);
      failed.move();
      return { connection, ownership, spent };
    } catch (cause) {
      const state = stateAfter(cause, path);
      if (state !== "full" && state !== "read_only") throw cause;
      if (state === "full" && ballast.held) {
        ballast.release();
        continue;
      }
      try {
        const connection = connectReading(path);
        failed.move();
        return { connection, ownership, readOnly: state };
      } catch {
        // Why it can't be written says more than why it can't be read.
        throw cause;
      }
    }
  }
}

/** Output of a program that was ended. */
const isLast = (name: string, args: readonly unknown[]) => name === "appendOutput" && args[3] === true;

/** What writes: `begin` a session, which a damaged ledger doesn't; `urgent` what ends a session, makes room, or takes a few bytes at somebody's wish. */
const WRITES: Readonly<Record<string, "begin" | "urgent" | "ordinary">> = {
  create: "begin",
  started: "ordinary",
  conversationIs: "ordinary",
  append: "ordinary",
  announce: "ordinary",
  appendOutput: "ordinary",
  saveScreen: "ordinary",
  keepNote: "ordinary",
  settle: "urgent",
  leftoversGone: "urgent",
  archive: "urgent",
  rename: "urgent",
  sacrifice: "urgent",
  takeOut: "urgent",
  beginApproval: "begin",
  saveApproval: "urgent",
} satisfies Partial<Record<keyof (Ledger & Weights & Gaps & ApprovalStore), "begin" | "urgent" | "ordinary">>;

/** The same functions, each run by `call`, those that write by the disk's leave. */
function everyCall<P extends Record<string, (...args: never[]) => unknown>>(
  parts: () => P,
  call: <T>(work: () => T) => T,
  disk: DiskWatch,
  verify: () => void,
): P {
  const wrapped = Object.keys(parts()).map((name) => {
    const kind = WRITES[name];
    // The same arguments that the function of this name was called with.
    const run = (args: unknown[]) => () => parts()[name]?.(...(args as never[]));
    if (!kind) return [name, (...args: unknown[]) => call(() => disk.read(run(args)))];
    const write = (args: unknown[]) =>
      kind === "begin"
        ? disk.begin(run(args))
        : disk.write(kind === "urgent" || isLast(name, args), run(args));
    const kept = (args: unknown[]) => {
      const done = write(args);
      // Before anybody is told that it is kept: the file may be gone from under us.
      verify();
      return done;
    };
    return [name, (...args: unknown[]) => call(() => kept(args))];
  });
  return Object.fromEntries(wrapped); // the same names with the same signatures
}

const realTimer: World["after"] = (ms, run) => {
  const timer = setTimeout(run, ms);
  timer.unref();
  return () => clearTimeout(timer);
};
