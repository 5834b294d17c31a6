// The rows of events: appending, reading and paging them, and the ids that are computed, not stored.
import {
  type Event,
  type EventKind,
  type EventQuery,
  type KeptEvent,
  MAX_OUTPUT_EVENT_BYTES,
  type OutputRow,
} from "../session/event.ts";
import type { Ledger } from "../session/ports/ledger.ts";
import type { Connection } from "./connection.ts";
import type { Hashes } from "./hashes.ts";
import { packingOf } from "./packing.ts";
import type { Reserve } from "./reserve.ts";
import { rowsOf } from "./rows.ts";
import { sessionNotFound } from "./sessions.ts";

const NEWER = "FROM event_rows WHERE session = ? AND seq > ?";

/** Every statement on event rows. */
export const EVENT_SQL = {
  append: `INSERT INTO event_rows (session, kind, at, data)
    SELECT n, ?, ? - born, ? FROM session_rows WHERE id = ?`,
  owner: "SELECT n, born FROM session_rows WHERE id = ?",
  between: `SELECT seq, kind, at, data ${NEWER} AND seq < ? ORDER BY seq LIMIT ?`,
  before: `SELECT seq, kind, at, data FROM event_rows WHERE session = ? AND seq < ? ORDER BY seq DESC LIMIT ?`,
  lastOf: `SELECT seq, kind, at, data FROM event_rows WHERE session = ? AND seq < ? AND kind = ? ORDER BY seq DESC LIMIT 1`,
  output: `SELECT seq, data ${NEWER} AND kind = 0 ORDER BY seq LIMIT ?`,
  last: "SELECT max(seq) AS seq FROM event_rows WHERE session = ?",
  member: "SELECT 1 FROM event_rows WHERE seq = ? AND session = ?",
  prefix: "SELECT value FROM meta WHERE key = 'event_id_prefix'",
} as const;

/** The number of each kind in the file, as migration 001 says. Never changed, only added to. */
const CODES: Readonly<Record<EventKind, number>> = {
  output: 0,
  input: 1,
  kill: 2,
  exit: 3,
  resize: 4,
  metadata: 5,
};
const KIND_OF = new Map(Object.entries(CODES).map(([kind, code]) => [code, kind as EventKind])); // the keys of CODES

/**
 * Rows fetched at a time (at most 1 MiB of output). A statement left open between rows would be reset by the next
 * reader of the same query, and would keep the WAL from being copied back.
 */
const BATCH = 64;
/** How many at first, twice as many each time: who wants little reads little. */
const FIRST_BATCH = 4;
const SEQ_DIGITS = 12;
/** Sessions whose ordinal is remembered between appends. */
const MOST_SIZED = 1_000;

/** The part of the ledger that keeps events. Appends are in one transaction, that of the caller where there is one. */
export interface EventTable
  extends Pick<Ledger, "append" | "appendOutput" | "output" | "lastOf" | "seqOf" | "lastSeq"> {
  events(query: EventQuery): Generator<Event, void, undefined>;
  kept(query: EventQuery): Generator<KeptEvent, void, undefined>;
}

interface Owner {
  readonly n: number;
  /** Milliseconds since 1970. */
  readonly born: number;
}

interface NewRow {
  readonly kind: number;
  readonly data: Uint8Array | string;
}

interface EventRow {
  readonly seq: number;
  readonly kind: number;
  readonly at: number;
  /** Bytes for output, JSON text for the rest. */
  readonly data: Uint8Array | string;
}

/** The event rows of an open ledger. Appending to an unknown session throws `session_not_found`. */
export function eventTable(connection: Connection, reserve: Reserve, hashes: Hashes): EventTable {
  const packing = packingOf(connection.db);
  const append = connection.db.query<null, [number, number, Uint8Array | string, string]>(EVENT_SQL.append);
  const owner = connection.db.query<Owner, [string]>(EVENT_SQL.owner);
  const between = connection.db.query<EventRow, [number, number, number, number]>(EVENT_SQL.between);
  const before = connection.db.query<EventRow, [number, number, number]>(EVENT_SQL.before);
  const lastOf = connection.db.query<EventRow, [number, number, number]>(EVENT_SQL.lastOf);
  const output = connection.db.query<OutputRow, [number, number, number]>(EVENT_SQL.output);
  const last = connection.db.query<{ seq: number | null }, [number]>(EVENT_SQL.last);
  const member = connection.db.query<unknown, [number, number]>(EVENT_SQL.member);
  const prefix = connection.db.query<{ value: string }, []>(EVENT_SQL.prefix).get()?.value ?? "";
  // Rows are cut at character borders, so decoding each by itself equals one streaming decoder over all of them.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

  /** Their seqs, in order. One INSERT is a transaction of its own, and the common case. */
  function insert(sessionId: string, rows: readonly NewRow[], at: number): number[] {
    const { n, born } = sizing(sessionId);
    const all = () =>
      rows.map(({ kind, data }) => {
        const done = append.run(kind, at, data, sessionId);
        if (done.changes === 0) throw sessionNotFound(sessionId);
        const seq = Number(done.lastInsertRowid);
        reserve.given(seq);
        packing.add({ seq, session: n, kind, at: at - born, length: Buffer.byteLength(data) });
        return seq;
      });
    const within = connection.db.inTransaction;
    if (!within) reserve.ahead();
    const seqs = within || rows.length === 1 ? all() : connection.transaction(all);
    // Only now, when they are kept.
    for (const [i, { kind, data }] of rows.entries()) {
      if (kind === CODES.output && typeof data !== "string") hashes.add(n, seqs[i] ?? 0, data);
    }
    return seqs;
  }

  function lastSeq(sessionId: string): number {
    const session = owner.get(sessionId);
    return (session && last.get(session.n)?.seq) || 0;
  }

  // Only for the size of a row: that the session is still there, the insert itself sees.
  const sizes = new Map<string, Owner>();
  function sizing(sessionId: string): Owner {
    const known = sizes.get(sessionId);
    if (known) return known;
    const found = owner.get(sessionId);
    if (!found) throw sessionNotFound(sessionId);
    if (sizes.size >= MOST_SIZED) sizes.clear();
    sizes.set(sessionId, found);
    return found;
  }

  function toKept(row: EventRow, sessionId: string, born: number): KeptEvent {
    return {
      seq: row.seq,
      id: prefix + row.seq.toString(16).padStart(SEQ_DIGITS, "0"),
      session_id: sessionId,
      kind: KIND_OF.get(row.kind) ?? "metadata",
      payload: row.data,
      created_at: new Date(born + row.at).toISOString(),
    };
  }

  function toEvent({ seq, id, session_id, kind, payload, created_at }: KeptEvent): Event {
    const payload_json =
      typeof payload === "string" ? payload : JSON.stringify({ data: decoder.decode(payload) });
    return { seq, id, session_id, kind, payload_json, created_at };
  }

  function* read<T>(query: EventQuery, as: (event: KeptEvent) => T): Generator<T, void, undefined> {
    const { sessionId, afterSeq, beforeSeq = Number.MAX_SAFE_INTEGER, limit } = query;
    const session = owner.get(sessionId);
    if (!session) return;
    const backwards = afterSeq === undefined && query.beforeSeq !== undefined;
    let from = backwards ? beforeSeq : (afterSeq ?? 0);
    for (let left = limit, most = FIRST_BATCH; left > 0; most = Math.min(most * 2, BATCH)) {
      const asked = Math.min(left, most);
      const rows = backwards
        ? before.all(session.n, from, asked)
        : between.all(session.n, from, beforeSeq, asked);
      for (const row of rows) yield as(toKept(row, sessionId, session.born));
      if (rows.length < asked) return;
      from = rows.at(-1)?.seq ?? from;
      left -= rows.length;
    }
  }

  return {
    append(sessionId, events, at) {
      const rows = events.flatMap((event): readonly NewRow[] => {
        const kind = CODES[event.kind];
        if (event.kind !== "output") return [{ kind, data: JSON.stringify(event.payload) }];
        const whole = event.data.length <= MAX_OUTPUT_EVENT_BYTES;
        return (whole ? [event.data] : rowsOf(event.data)).map((data) => ({ kind, data }));
      });
      return insert(sessionId, rows, Date.parse(at)).at(-1) ?? lastSeq(sessionId);
    },
    appendOutput(sessionId, bytes, at) {
      const rows = rowsOf(bytes, packing.cuts(bytes.length));
      const added = rows.map((data) => ({ kind: CODES.output, data }));
      return insert(sessionId, added, Date.parse(at)).map((seq, i) => ({ seq, data: rows[i] ?? bytes }));
    },
    kept: (query) => read(query, (event) => event),
    events: (query) => read(query, toEvent),
    output(sessionId, afterSeq, maxBytes) {
      const session = owner.get(sessionId);
      const found: OutputRow[] = [];
      let bytes = 0;
      for (let from = afterSeq, most = FIRST_BATCH; session; most = Math.min(most * 2, BATCH)) {
        const rows = output.all(session.n, from, most);
        for (const row of rows) {
          bytes += row.data.length;
          if (bytes > maxBytes && found.length > 0) return found;
          found.push(row);
          from = row.seq;
        }
        if (rows.length < most || bytes >= maxBytes) break;
      }
      return found;
    },
    lastOf(sessionId, kind, beforeSeq) {
      const session = owner.get(sessionId);
      const row = session && lastOf.get(session.n, beforeSeq, CODES[kind]);
      return row ? toEvent(toKept(row, sessionId, session.born)) : undefined;
    },
    seqOf(sessionId, eventId) {
      const digits = eventId.toLowerCase().slice(prefix.length);
      if (eventId.toLowerCase() !== prefix + digits || !/^[0-9a-f]{12}$/.test(digits)) return undefined;
      const seq = Number.parseInt(digits, 16);
      const session = owner.get(sessionId);
      return session && member.get(seq, session.n) ? seq : undefined;
    },
    lastSeq,
  };
}
