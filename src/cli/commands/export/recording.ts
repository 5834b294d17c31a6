// The events of a session as a recording: the size at the beginning, then what happened at which moment.
import type { CovenClient } from "../../../api/client.ts";
import type { Event } from "../../../session/event.ts";
import { DEFAULT_SIZE, type Session } from "../../../session/session.ts";
import { exitCodeOf } from "../../client/outcome.ts";

/** Something that happened, so many milliseconds after the session was made; never less than the one before. */
export type Moment = { readonly ms: number } & (
  | { readonly kind: "output" | "input"; readonly data: string }
  | { readonly kind: "resize"; readonly cols: number; readonly rows: number }
  /** Once, last; the number a shell would give it. */
  | { readonly kind: "exit"; readonly code: number }
);

/** A session as something to replay. */
export interface Recording {
  readonly session: Session;
  /** Cells at the beginning. */
  readonly cols: number;
  readonly rows: number;
  /** What there was when it was asked for; a session that still runs has no exit. Can be walked once. */
  readonly moments: AsyncIterable<Moment>;
}

/** The recording of a session. Throws what the client throws. */
export async function recordingOf(client: CovenClient, session: Session): Promise<Recording> {
  const moments = momentsOf(client, session);
  // The size at launch stands before the first output; a `resize` after that is a person's.
  const first = await moments.next();
  const begin = first.done ? undefined : first.value;
  const { cols, rows } = begin?.kind === "resize" ? begin : DEFAULT_SIZE;
  return {
    session,
    cols,
    rows,
    moments: (async function* () {
      if (begin !== undefined && begin.kind !== "resize") yield begin;
      yield* moments;
    })(),
  };
}

async function* momentsOf(client: CovenClient, session: Session): AsyncGenerator<Moment, void, undefined> {
  const born = Date.parse(session.created_at);
  let ms = 0;
  for await (const event of eventsSoFar(client, session.id)) {
    // A clock that was set back must not make a moment come before the last one.
    ms = Math.max(ms, Date.parse(event.created_at) - born);
    const moment = momentOf(event, ms, session);
    if (moment) yield moment;
  }
}

/** Up to the newest event of this moment: a harness that prints faster than we read would never be at its end. */
async function* eventsSoFar(client: CovenClient, id: string): AsyncGenerator<Event, void, undefined> {
  const newest = await client.events(id, { beforeSeq: Number.MAX_SAFE_INTEGER, limit: 1 });
  const last = newest.events.at(-1)?.seq ?? 0;
  for (let afterSeq = 0; afterSeq < last; ) {
    const page = await client.events(id, { afterSeq });
    for (const event of page.events) {
      if (event.seq > last) return;
      yield event;
    }
    if (!page.hasMore || page.nextCursor === null) return;
    ({ afterSeq } = page.nextCursor);
  }
}

function momentOf(event: Event, ms: number, session: Session): Moment | undefined {
  const payload: Readonly<Record<string, unknown>> = JSON.parse(event.payload_json);
  switch (event.kind) {
    case "output":
    case "input":
      return { ms, kind: event.kind, data: String(payload["data"] ?? "") };
    case "resize":
      return { ms, kind: "resize", cols: Number(payload["cols"]), rows: Number(payload["rows"]) };
    case "exit":
      return { ms, kind: "exit", code: exitCodeOf(session) };
    default:
      return undefined;
  }
}
