// The events of a session, as pages or as a stream, by two paths.
import * as z from "zod";
import { type EventsQuery, pageOf, rangeOf } from "../pages.ts";
import { wellFormedId } from "../parse.ts";
import type { Reply } from "../respond.ts";
import { type Api, type Incoming, route } from "../route.ts";
import { eventRecord, parameter, seq, whole, within } from "../schema.ts";
import { eventStream, wantsStream } from "../stream.ts";

/** See docs/API-CONTRACT.md, Events. */
const range = z.object({
  afterSeq: whole().exactOptional(),
  afterEventId: parameter.describe("Counts where there is no afterSeq.").exactOptional(),
  beforeSeq: whole().exactOptional(),
  limit: whole().describe("Clamped to 1..1000, the default.").exactOptional(),
} satisfies Record<keyof EventsQuery, z.ZodType>);

/** Of the stream alone: a page has an end. */
const asked = z.object({ ...range.shape, within: within.exactOptional() });

const resumed = z.object({
  "Last-Event-ID": whole()
    .exactOptional()
    .describe(
      "As `afterSeq`, which it beats: a client that reconnects repeats its first URL and says here how far it got since.",
    ),
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
  headers: resumed,
  answer: page,
  stream: eventRecord,
  offers: { eventStream: "sse", within: true },
  refuses: ["view_cycle"],
} as const;

export const events = {
  events: route("GET /events", {
    summary: "The events of a session, as a page or as a stream",
    ...both,
    query: z.object({ sessionId: parameter.min(1, "is required"), ...asked.shape }),
    refuses: ["session_not_found", ...both.refuses],
    handle: (api, request) => {
      const { id } = api.coven.session(wellFormedId(request.query.sessionId));
      return eventsOf(api, { ...request, id });
    },
  }),

  sessionEvents: route("GET /sessions/:id/events", {
    summary: "The events of a session, as a page or as a stream, by its own path",
    ...both,
    query: asked,
    handle: eventsOf,
  }),
};

function eventsOf(
  api: Api,
  { id, query, headers, http }: Incoming<typeof asked, typeof resumed, undefined>,
): Reply<EventsPage> | Response {
  if (!wantsStream(http)) {
    return { status: 200, json: pageOf(api.ledger, id, query) };
  }
  const range = rangeOf(api.ledger, id, query);
  const last = headers["Last-Event-ID"];
  const from = last === undefined ? range : { ...range, afterSeq: Math.max(last, 0) };
  return eventStream(api, id, from, { signal: http.signal, within: query.within });
}
