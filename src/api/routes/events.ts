// The events of a session, as pages or as a stream, by two paths.
import * as z from "zod";
import { type EventsQuery, pageOf, rangeOf } from "../pages.ts";
import { wellFormedId } from "../parse.ts";
import type { Reply } from "../respond.ts";
import { type Api, route } from "../route.ts";
import { eventRecord, parameter, seq, whole } from "../schema.ts";
import { eventStream } from "../stream.ts";

/** See docs/API-CONTRACT.md, Events. */
const range = {
  afterSeq: whole().exactOptional(),
  /** Counts where there is no `afterSeq`. */
  afterEventId: parameter.exactOptional(),
  beforeSeq: whole().exactOptional(),
  /** Clamped to 1..1000, the default. */
  limit: whole().exactOptional(),
} satisfies Record<keyof EventsQuery, z.ZodType>;

const headers = z.object({
  /** As `afterSeq`, which it beats: a client that reconnects repeats its first URL and says here how far it got since. */
  "Last-Event-ID": whole().exactOptional(),
});

/** One page, oldest first. `prevCursor` stands only on pages asked for with `beforeSeq` alone. */
const page = z.object({
  events: z.array(eventRecord),
  nextCursor: z.object({ afterSeq: seq }).nullable(),
  hasMore: z.boolean(),
  prevCursor: z.object({ beforeSeq: seq }).nullable().exactOptional(),
});

export type EventsPage = z.infer<typeof page>;

const both = {
  headers,
  answer: page,
  stream: eventRecord,
  offers: { eventStream: "sse" },
} as const;

export const events = {
  events: route("GET /events", {
    ...both,
    query: z.object({ sessionId: parameter.min(1, "is required"), ...range }),
    refuses: ["session_not_found"],
    handle: (api, { query: { sessionId, ...query }, headers, http }) => {
      const { id } = api.coven.session(wellFormedId(sessionId));
      return eventsOf(api, id, query, headers["Last-Event-ID"], http);
    },
  }),

  sessionEvents: route("GET /sessions/:id/events", {
    ...both,
    query: z.object(range),
    handle: (api, { id, query, headers, http }) => eventsOf(api, id, query, headers["Last-Event-ID"], http),
  }),
};

function eventsOf(
  api: Api,
  id: string,
  query: EventsQuery,
  lastEventId: number | undefined,
  http: Request,
): Reply<z.input<typeof page>> | Response {
  if (!http.headers.get("accept")?.toLowerCase().includes("text/event-stream")) {
    return { status: 200, json: pageOf(api.coven, id, query) };
  }
  const range = rangeOf(api.coven, id, query);
  const from = lastEventId === undefined ? range : { ...range, afterSeq: Math.max(lastEventId, 0) };
  return eventStream(api, id, from, http.signal);
}
