// A page of events: which events go on it, how large its body may get, and where the next one begins.
import type { EventQuery, KeptEvent } from "../session/event.ts";
import type { LedgerReader } from "../session/ports/ledger.ts";
import { type EventWriter, writer } from "./event-json.ts";

/** Known clients refuse bodies over 1,000,000 bytes (CONTRACT, `GET /events`). */
const MAX_PAGE_BYTES = 900_000;
const MAX_EVENTS = 1_000;
const START = '{"events":[';

/** What stands around the events, at its longest: two cursors of 16 digits, `false`, the member names. */
const FRAME_BYTES =
  '{"events":[],"nextCursor":{"afterSeq":9007199254740991},"hasMore":false,"prevCursor":{"beforeSeq":9007199254740991}}'
    .length;

/** What a request says of the events it wants; see docs/API-CONTRACT.md, Events. */
export interface EventsQuery {
  readonly afterSeq?: number;
  /** Counts where there is no `afterSeq`. */
  readonly afterEventId?: string;
  readonly beforeSeq?: number;
  readonly limit?: number;
}

/** Which events a request asks for; a cursor that it did not give is absent. */
export type EventRange = Pick<EventQuery, "afterSeq" | "beforeSeq">;

/**
 * The range a query asks for: `afterSeq` beats `afterEventId`; a negative one, and an event id that is not this session's,
 * mean from the start.
 */
export function rangeOf(ledger: LedgerReader, id: string, query: EventsQuery): EventRange {
  const { afterEventId, beforeSeq } = query;
  const afterSeq =
    query.afterSeq ?? (afterEventId === undefined ? undefined : (ledger.seqOf(id, afterEventId) ?? 0));
  return {
    ...(afterSeq === undefined ? {} : { afterSeq: Math.max(afterSeq, 0) }),
    ...(beforeSeq === undefined ? {} : { beforeSeq: Math.max(beforeSeq, 0) }),
  };
}

/**
 * The body of one page, as JSON. `beforeSeq` alone asks for the page nearest before it; every other page begins after
 * `afterSeq`, and ends before `beforeSeq` where there is one.
 */
export function pageOf(ledger: LedgerReader, id: string, query: EventsQuery): Uint8Array<ArrayBuffer> {
  const limit = Math.min(Math.max(query.limit ?? MAX_EVENTS, 1), MAX_EVENTS);
  const range = rangeOf(ledger, id, query);
  // One row more than asked for says whether there is more.
  const page = fill(ledger.kept({ ...range, sessionId: id, limit: limit + 1 }), limit);
  if (range.afterSeq !== undefined || range.beforeSeq === undefined) {
    page.json.text(`],"nextCursor":${cursor("afterSeq", page.last)},"hasMore":${page.hasMore}}`);
    return page.json.part(0, page.json.length);
  }
  const next = cursor("afterSeq", page.first);
  const previous = cursor("beforeSeq", page.last);
  const tail = `],"nextCursor":${next},"hasMore":${page.hasMore},"prevCursor":${previous}}`;
  return Buffer.concat([...reversed(page), Buffer.from(tail)]);
}

interface Page {
  /** The start of the body and the events, with commas between them, in the order they came. */
  readonly json: EventWriter;
  /** Where each event begins. */
  readonly starts: readonly number[];
  /** Seqs of the first and the last event taken, in the order they came; undefined on an empty page. */
  readonly first: number | undefined;
  readonly last: number | undefined;
  readonly hasMore: boolean;
}

/**
 * Takes events while they fit; one that is too large by itself goes out alone, or a reader could never pass it. What it
 * returns is good until the next page.
 */
function fill(events: Iterable<KeptEvent>, limit: number): Page {
  const json = writer;
  json.cut(0);
  json.text(START);
  const starts: number[] = [];
  let first: number | undefined;
  let last: number | undefined;
  for (const event of events) {
    if (starts.length === limit) return { json, starts, first, last, hasMore: true };
    const end = json.length;
    if (starts.length > 0) json.text(",");
    const start = json.length;
    json.event(event);
    // Each event counts with a comma, the last one too.
    if (FRAME_BYTES - START.length + json.length + 1 > MAX_PAGE_BYTES && starts.length > 0) {
      json.cut(end);
      return { json, starts, first, last, hasMore: true };
    }
    starts.push(start);
    first ??= event.seq;
    last = event.seq;
  }
  return { json, starts, first, last, hasMore: false };
}

/** The pieces of the body up to its last event, the events in the opposite order. */
function reversed({ json, starts }: Page): Uint8Array[] {
  const comma = Buffer.from(",");
  const pieces: Uint8Array[] = [];
  let end = json.length;
  for (const start of starts.toReversed()) {
    if (pieces.length > 0) pieces.push(comma);
    pieces.push(json.part(start, end));
    end = start - comma.length;
  }
  return [json.part(0, START.length), ...pieces];
}

function cursor(name: string, seq: number | undefined): string {
  return seq === undefined ? "null" : `{"${name}":${seq}}`;
}
