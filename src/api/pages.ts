// Owns a page of events: which events go on it, how large its body may get, and where the next one begins.
import type { Coven } from "../session/coven.ts";
import type { Event } from "../session/event.ts";
import { clamp, type Query } from "./query.ts";

/** Known clients refuse bodies over 1,000,000 bytes (CONTRACT, `GET /events`). */
export const MAX_PAGE_BYTES = 900_000;
const MAX_EVENTS = 1_000;

/** What stands around the events, at its longest: two cursors of 16 digits, `false`, the member names. */
const FRAME_BYTES =
  '{"events":[],"nextCursor":{"afterSeq":9007199254740991},"hasMore":false,"prevCursor":{"beforeSeq":9007199254740991}}'
    .length;

/**
 * The seq to begin after: `afterSeq` beats `afterEventId`; a negative one, and an event id that is not this session's, mean
 * from the start.
 */
export function cursorOf(coven: Coven, id: string, query: Query): number {
  const afterSeq = query.integer("afterSeq");
  const eventId = query.get("afterEventId");
  if (afterSeq !== undefined) return Math.max(afterSeq, 0);
  return eventId === undefined ? 0 : (coven.seqOf(id, eventId) ?? 0);
}

/** The body of one page, as JSON. Throws `session_not_found`, and `invalid_request` for a malformed parameter. */
export function pageOf(coven: Coven, id: string, query: Query): string {
  const limit = clamp(query.integer("limit") ?? MAX_EVENTS, 1, MAX_EVENTS);
  const beforeSeq = query.integer("beforeSeq");
  const afterSeq = cursorOf(coven, id, query);
  // One row more than asked for says whether there is more.
  if (beforeSeq === undefined) {
    const page = fill(coven.events({ sessionId: id, afterSeq, limit: limit + 1 }), limit);
    return `{"events":[${page.json.join(",")}],"nextCursor":${cursor("afterSeq", page.last)},"hasMore":${page.hasMore}}`;
  }
  const page = fill(
    coven.events({ sessionId: id, beforeSeq: Math.max(beforeSeq, 0), limit: limit + 1 }),
    limit,
  );
  const events = page.json.reverse().join(",");
  const next = cursor("afterSeq", page.first);
  const previous = cursor("beforeSeq", page.last);
  return `{"events":[${events}],"nextCursor":${next},"hasMore":${page.hasMore},"prevCursor":${previous}}`;
}

interface Page {
  readonly json: string[];
  /** Seqs of the first and the last event taken, in the order they came; undefined on an empty page. */
  readonly first: number | undefined;
  readonly last: number | undefined;
  readonly hasMore: boolean;
}

/** Takes events while they fit; one that is too large by itself goes out alone, or a reader could never pass it. */
function fill(events: Iterable<Event>, limit: number): Page {
  const json: string[] = [];
  let bytes = FRAME_BYTES;
  let first: number | undefined;
  let last: number | undefined;
  for (const event of events) {
    if (json.length === limit) return { json, first, last, hasMore: true };
    const text = JSON.stringify(event);
    bytes += Buffer.byteLength(text) + 1;
    if (bytes > MAX_PAGE_BYTES && json.length > 0) return { json, first, last, hasMore: true };
    json.push(text);
    first ??= event.seq;
    last = event.seq;
  }
  return { json, first, last, hasMore: false };
}

function cursor(name: string, seq: number | undefined): string {
  return seq === undefined ? "null" : `{"${name}":${seq}}`;
}
