// The ledger as the domain sees it: the parts put together, each call guarded, transactions around what must not be halved.
import { CovenError } from "../errors.ts";
import type { Ledger, World } from "../session/ports.ts";
import { type Census, censusOf } from "./census.ts";
import { connect } from "./connection.ts";
import { eventTable } from "./events.ts";
import { guarded } from "./failure.ts";
import { purgeOf } from "./sacrifice.ts";
import { screenTable } from "./screens.ts";
import { sessionTable } from "./sessions.ts";
import { type Weights, weightsOf } from "./weights.ts";

/** What may differ from the daemon's ledger. */
export interface LedgerOptions {
  /** When the space of a large sacrifice is given back in pauses; a real timer that holds nobody up when left out. */
  readonly after?: World["after"];
  /** The file may not grow past this many pages of 8 KiB; a full disk is then reported. No bound when left out. */
  readonly maxPages?: number;
}

/**
 * Opens, makes or migrates the ledger at `path` (absolute, its directory exists), mode 0600 whatever the umask.
 * Only the holder of the daemon's lock may call it. Throws `runtime_unavailable` for a file that is damaged, foreign,
 * unwritable (details `code`, `path`), or written by a newer coven (details `found`, `known`; the file stays untouched).
 */
export function openLedger(path: string, options: LedgerOptions = {}): Ledger & Weights & Census {
  return guarded(path, () => {
    const connection = connect(path, options.maxPages);
    const { settled, leave, ...sessions } = sessionTable(connection);
    const events = eventTable(connection);
    const { sacrifice, ...purge } = purgeOf(connection, options.after ?? realTimer);
    let open = true;
    purge.resume();

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
      for (let next = call(() => rows.next()); !next.done; next = call(() => rows.next())) yield next.value;
    }

    const parts = {
      ...sessions,
      ...events,
      ...screenTable(connection),
      ...weightsOf(connection),
      ...censusOf(connection),
      sacrifice,
      settle: (sessionId, settlement, added, at, left) =>
        connection.transaction(() => {
          if (!settled(sessionId, settlement, at)) return false;
          if (left) leave(sessionId, left.leader);
          events.append(sessionId, added, at);
          return true;
        }),
    } satisfies Partial<Ledger>;

    return {
      ...everyCall(parts, call),
      events: (query) => guardedRows(() => events.events(query)),
      kept: (query) => guardedRows(() => events.kept(query)),
      close() {
        if (!open) return;
        open = false;
        purge.stop();
        guarded(path, () => connection.close());
      },
    };
  });
}

/** The same functions, each run by `call`. */
function everyCall<P extends object>(parts: P, call: <T>(work: () => T) => T): P {
  const wrapped = Object.entries(parts).map(([name, part]) => [
    name,
    (...args: unknown[]) => call(() => part(...args)),
  ]);
  return Object.fromEntries(wrapped); // the same names with the same signatures
}

const realTimer: World["after"] = (ms, run) => {
  const timer = setTimeout(run, ms);
  timer.unref();
  return () => clearTimeout(timer);
};
