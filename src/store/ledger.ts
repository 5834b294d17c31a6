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
    const sessions = sessionTable(connection);
    const events = eventTable(connection);
    const screens = screenTable(connection);
    const weights = weightsOf(connection);
    const census = censusOf(connection);
    const purge = purgeOf(connection, options.after ?? realTimer);
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

    return {
      create: (session) => call(() => sessions.create(session)),
      started: (id, leader, at) => call(() => sessions.started(id, leader, at)),
      session: (id) => call(() => sessions.session(id)),
      activeSessions: () => call(() => sessions.activeSessions()),
      sessions: (query) => call(() => sessions.sessions(query)),
      unsettled: () => call(() => sessions.unsettled()),
      append: (sessionId, added, at) => call(() => events.append(sessionId, added, Date.parse(at))),
      appendOutput: (sessionId, bytes, at) =>
        call(() => events.appendOutput(sessionId, bytes, Date.parse(at))),
      settle: (sessionId, settlement, added, at, left) =>
        call(() =>
          connection.transaction(() => {
            if (!sessions.settle(sessionId, settlement, at)) return false;
            if (left) sessions.leave(sessionId, left.leader);
            events.append(sessionId, added, Date.parse(at));
            return true;
          }),
        ),
      leftovers: () => call(() => sessions.leftovers()),
      leftoversGone: (id) => call(() => sessions.leftoversGone(id)),
      archive: (id, at, updatedAt) => call(() => sessions.archive(id, at, updatedAt)),
      sacrifice: (id, oneOfMany) => call(() => purge.sacrifice(id, oneOfMany)),
      events: (query) => guardedRows(() => events.events(query)),
      kept: (query) => guardedRows(() => events.kept(query)),
      lastOf: (sessionId, kind, beforeSeq) => call(() => events.lastOf(sessionId, kind, beforeSeq)),
      seqOf: (sessionId, eventId) => call(() => events.seqOf(sessionId, eventId)),
      output: (sessionId, afterSeq, maxBytes) => call(() => events.output(sessionId, afterSeq, maxBytes)),
      lastSeq: (sessionId) => call(() => events.lastSeq(sessionId)),
      saveScreen: (sessionId, screen) => call(() => screens.saveScreen(sessionId, screen)),
      screen: (sessionId) => call(() => screens.screen(sessionId)),
      oldest: (after, limit) => call(() => weights.oldest(after, limit)),
      bytesOf: (id) => call(() => weights.bytesOf(id)),
      bytesKept: () => call(() => weights.bytesKept()),
      newest: (now) => call(() => weights.newest(now)),
      clock: () => call(() => weights.clock()),
      keepClock: (note) => call(() => weights.keepClock(note)),
      byStatus: () => call(() => census.byStatus()),
      behind: (sessionId, afterSeq) => call(() => census.behind(sessionId, afterSeq)),
      close() {
        if (!open) return;
        open = false;
        purge.stop();
        guarded(path, () => connection.close());
      },
    };
  });
}

const realTimer: World["after"] = (ms, run) => {
  const timer = setTimeout(run, ms);
  timer.unref();
  return () => clearTimeout(timer);
};
