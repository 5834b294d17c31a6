// What happens to all sessions, as one stream.
import * as z from "zod";
import type { Attention } from "../../session/attention.ts";
import { FEED_TYPES } from "../../session/feed.ts";
import { ok } from "../respond.ts";
import { route } from "../route.ts";
import { approvalRecord, attention, parameter, sessionRecord } from "../schema.ts";
import { feedStream } from "../stream.ts";

const cursor = parameter.regex(/^\d{1,15}\.[0-9a-z]{1,10}$/, "must be the id of an entry of the feed");

/** The data of each entry; its name is the SSE `event`. */
const entry = z.object({
  at: z.string(),
  session: z
    .union([sessionRecord, z.object({ id: z.string() })])
    .exactOptional()
    .describe(
      "As it is now, but for `attention`, which is what the entry says; of one that was sacrificed its id alone.",
    ),
  approval: z
    .union([approvalRecord, z.object({ id: z.string(), action: z.string(), origin: z.string().nullable() })])
    .exactOptional()
    .describe("As it is now; of one that is kept no more who asked for what."),
});

/** One entry as a client gets it. `open`: no entry; whatever happens from now on follows. */
export interface FeedFrame extends z.infer<typeof entry> {
  readonly type: (typeof FEED_TYPES)[number] | "gap" | "open";
  /** To go on after it; null where the daemon sent none. */
  readonly cursor: string | null;
}

/** How many changes are told. */
const MOST_CHANGES = 50;

export const feed = {
  attention: route("GET /sessions/:id/attention", {
    summary: "What a session wants from a person, and what it wanted before",
    answer: z.object({
      attention: attention.nullable(),
      history: z
        .array(attention)
        .describe("What it was before, the newest first; as far back as the feed goes."),
    }),
    handle: ({ coven, ledger }, { id }) => {
      // What the daemon has announced.
      const said = ledger.feedOf(id, "session.attention", MOST_CHANGES) as { data: Attention }[];
      return ok({ attention: coven.session(id).attention, history: said.map(({ data }) => data) });
    },
  }),

  feed: route("GET /feed", {
    summary: "What happens to all sessions, as a stream",
    description: `The names of its events: ${FEED_TYPES.map((type) => `\`${type}\``).join(", ")}, and \`gap\` where a cursor is kept no more. It ends only with its daemon.`,
    query: z.object({
      cursor: cursor.exactOptional().describe("As `Last-Event-ID`, which beats it."),
    }),
    headers: z.object({ "Last-Event-ID": cursor.exactOptional() }),
    answer: "bytes",
    stream: entry,
    offers: { feed: "sse" },
    handle: (api, { query, headers, http }) => {
      return feedStream(api, headers["Last-Event-ID"] ?? query.cursor, http.signal);
    },
  }),
};
