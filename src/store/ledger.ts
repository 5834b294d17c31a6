// The ledger as the domain sees it: the parts put together, each call guarded, transactions around what must not be halved.
import { CovenError } from "../errors.ts";
import type { Ledger, StorageState, World } from "../session/ports.ts";
import { type Census, censusOf } from "./census.ts";
import { type Connection, connect, connectReading } from "./connection.ts";
import { eventTable } from "./events.ts";
import { guarded } from "./failure.ts";
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
  /** When the space of a large sacrifice is given back in pauses; a real timer that holds nobody up when left out. */
  readonly after?: World["after"];
  /** Space is set aside beside it for the day the disk is full. */
  readonly ballast?: boolean;
  /** The file may not grow past this many pages of 8 KiB; a full disk is then reported. No bound when left out. */
  readonly maxPages?: number;
}

/**
 * Opens, makes or migrates the ledger at `path` (absolute, its directory exists), mode 0600 whatever the umask.
 * Only the holder of the daemon's lock may call it. Throws `runtime_unavailable` for a file that is damaged, foreign,
 * unwritable (details `code`, `path`), or written by a newer coven (details `found`, `known`; the file stays untouched).
 * On a full disk the ballast is given up for it; where nothing at all can be written it is opened for reading only (`readOnly`).
 */
export function openLedger(path: string, options: LedgerOptions = {}): Ledger & Weights & Census & Disk {
  return guarded(path, () => {
    const after = options.after ?? realTimer;
    const { connection, readOnly, spent } = opened(path, options.maxPages);
    const mark = connection.db.query("UPDATE meta SET value = value WHERE key = 'event_id_prefix'");
    const disk = watchDisk(path, {
      ...{ after, readOnly, spent, changed: options.storageChanged, keepsBallast: options.ballast ?? false },
      touch: () => void mark.run(),
    });
    const reserve = reserveOf(connection);
    const { settled, leave, ...sessions } = sessionTable(connection);
    const events = eventTable(connection, reserve);
    const { sacrifice, ...purge } = purgeOf(connection, after, (step) => disk.write(true, step));
    let open = true;
    if (!readOnly) purge.resume();

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

    const parts = {
      ...sessions,
      ...events,
      ...screenTable(connection),
      ...weightsOf(connection),
      ...censusOf(connection),
      sacrifice,
      keptBefore: reserve.keptBefore,
      create(session) {
        sessions.create(session);
        connection.sync();
      },
      settle(sessionId, settlement, added, at, left) {
        reserve.ahead();
        const done = connection.transaction(() => {
          if (!settled(sessionId, settlement, at)) return false;
          if (left) leave(sessionId, left.leader);
          events.append(sessionId, added, at);
          return true;
        });
        // Many may settle at once, and nobody waits: a launch does (decision 30).
        if (done) connection.syncSoon();
        return done;
      },
    } satisfies Partial<Ledger>;

    return {
      ...everyCall(parts, call, disk),
      ...{ storage: disk.storage, readOnly: disk.readOnly, writable: disk.writable },
      events: (query) => guardedRows(() => events.events(query)),
      kept: (query) => guardedRows(() => events.kept(query)),
      close() {
        if (!open) return;
        open = false;
        purge.stop();
        disk.stop();
        reserve.release();
        guarded(path, () => connection.close());
      },
    };
  });
}

/** Opened for writing: by giving up the ballast where the disk is full; else for reading, where even that is too little. */
function opened(
  path: string,
  maxPages: number | undefined,
): { connection: Connection; readOnly?: ReadOnlyState; spent?: boolean } {
  const ballast = ballastOf(path);
  for (let spent = false; ; spent = true) {
    try {
      return { connection: connect(path, maxPages), spent };
    } catch (cause) {
      const state = stateAfter(cause, path);
      if (state !== "full" && state !== "read_only") throw cause;
      if (state === "full" && ballast.held) {
        ballast.release();
        continue;
      }
      try {
        return { connection: connectReading(path), readOnly: state };
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
  append: "ordinary",
  appendOutput: "ordinary",
  saveScreen: "ordinary",
  keepClock: "ordinary",
  settle: "urgent",
  leftoversGone: "urgent",
  archive: "urgent",
  sacrifice: "urgent",
} satisfies Partial<Record<keyof (Ledger & Weights), "begin" | "urgent" | "ordinary">>;

/** The same functions, each run by `call`, those that write by the disk's leave. */
function everyCall<P extends object>(parts: P, call: <T>(work: () => T) => T, disk: DiskWatch): P {
  const wrapped = Object.entries(parts).map(([name, part]) => {
    const kind = WRITES[name];
    if (!kind) return [name, (...args: unknown[]) => call(() => disk.read(() => part(...args)))];
    if (kind === "begin") return [name, (...args: unknown[]) => call(() => disk.begin(() => part(...args)))];
    return [
      name,
      (...args: unknown[]) =>
        call(() => disk.write(kind === "urgent" || isLast(name, args), () => part(...args))),
    ];
  });
  return Object.fromEntries(wrapped); // the same names with the same signatures
}

const realTimer: World["after"] = (ms, run) => {
  const timer = setTimeout(run, ms);
  timer.unref();
  return () => clearTimeout(timer);
};
