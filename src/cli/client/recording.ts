// The events of a session as a recording: the size at the beginning, then what happened at which moment.
import type { CovenClient } from "../../api/client.ts";
import type { Event } from "../../session/event.ts";
import { DEFAULT_SIZE, type Session } from "../../session/session.ts";
import { exitCodeOf } from "./outcome.ts";

/** Something that happened; `ms` counts from the start of the session and never decreases. */
export type Moment = { readonly ms: number } & (
  | { readonly kind: "output" | "input"; readonly data: string }
  | { readonly kind: "resize"; readonly cols: number; readonly rows: number }
  /** Comes last and once; `code` as a shell gives it. */
  | { readonly kind: "exit"; readonly code: number }
);

/** A session as something to replay. */
export interface Recording {
  readonly session: Session;
  /** Cells at the beginning. */
  readonly cols: number;
  readonly rows: number;
  /** Everything up to the moment of asking; without an exit while the session runs. Can be iterated once. */
  readonly moments: AsyncIterable<Moment>;
}

/** The recording of a session. Throws what the client throws. */
export async function recordingOf(client: CovenClient, session: Session): Promise<Recording> {
  const moments = momentsOf(client, session);
  // The first event is the size at launch. A `resize` after output came from a client.
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
    // The clock may have been set back meanwhile.
    ms = Math.max(ms, Date.parse(event.created_at) - born);
    const moment = momentOf(event, ms, session);
    if (moment) yield moment;
  }
}

/** The events up to the newest one at the moment of asking: a harness may print faster than we read. */
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
      return {
        ms,
        kind: "exit",
        code: session.exit_code === null && session.signal === null ? 1 : exitCodeOf(session),
      };
    default:
      return undefined;
  }
}
