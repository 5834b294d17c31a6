// Owns answers that go on: events as SSE and raw output, pulled from the ledger by seq, so that a client that stops
// reading costs nothing. A follower is woken by new events and never holds any.
import { isCovenError } from "../errors.ts";
import type { Coven } from "../session/coven.ts";
import { failureFields } from "../session/evidence.ts";
import type { Log, World } from "../session/ports.ts";
import type { Follower, Meter } from "./meter.ts";
import type { EventRange } from "./pages.ts";
import { frameOf, SSE_HEARTBEAT, SSE_HELLO } from "./sse.ts";

/** What a stream needs of the house. */
export interface StreamHouse {
  readonly coven: Coven;
  readonly world: World;
  readonly log: Log;
  readonly meter: Meter;
}

/**
 * How long an SSE stream may be quiet. A dead peer on a Unix socket shows at once; this is for HTTP clients that give up
 * on a body after five silent minutes (undici's default).
 */
const HEARTBEAT_MS = 20_000;

/** What is read from the ledger at a time, in bytes of output or characters of frames. */
const BATCH = 256 * 1024;

/**
 * What is finished and no larger goes out as one body with a Content-Length: Bun cuts a chunked answer off when the client
 * has half-closed, as many small clients do, and they would take the piece for the whole. The price is what a client
 * that stops reading may hold in memory.
 */
const WHOLE_OUTPUT = 8 * 1024 * 1024;
const WHOLE_EVENTS = 1024 * 1024;

const SSE_HEADERS = { "content-type": "text/event-stream", "cache-control": "no-store" };
const RAW_HEADERS = { "content-type": "application/octet-stream" };

/**
 * Events after a seq, then live ones, to the exit event or the end of a session that has none. With `beforeSeq` those
 * before it that are there now, and no live ones.
 */
export function eventStream(
  house: StreamHouse,
  id: string,
  range: EventRange,
  signal: AbortSignal,
): Response {
  if (range.beforeSeq !== undefined || !house.coven.isLive(id)) {
    const all = framesOf(house.coven, id, range, WHOLE_EVENTS);
    if (all.ended) return new Response(SSE_HELLO + all.text, { headers: SSE_HEADERS });
  }
  return new Response(pulled(house, id, followEvents(house, id, range, signal)), {
    headers: SSE_HEADERS,
  });
}

/** The exact output after a seq, as far as it goes now; with `follow`, to the end of the session. */
export function outputStream(
  house: StreamHouse,
  id: string,
  afterSeq: number,
  options: { readonly follow: boolean; readonly signal: AbortSignal },
): Response {
  const { coven } = house;
  const follow = options.follow && coven.isLive(id);
  if (!follow) {
    const rows = coven.output(id, afterSeq, WHOLE_OUTPUT);
    const last = rows.at(-1)?.seq;
    if (last === undefined || coven.output(id, last, 1).length === 0) {
      return new Response(Buffer.concat(rows.map((row) => row.data)), { headers: RAW_HEADERS });
    }
  }
  // A session that prints faster than this client reads would otherwise never be at its end.
  const until = follow ? Number.POSITIVE_INFINITY : coven.lastSeq(id);
  const body = followOutput(house, id, { afterSeq, until, signal: options.signal });
  return new Response(pulled(house, id, body), { headers: RAW_HEADERS });
}

async function* followEvents(house: StreamHouse, id: string, range: EventRange, signal: AbortSignal) {
  const follower: Follower = { kind: "events", sessionId: id, seq: range.afterSeq ?? 0 };
  const unfollow = house.meter.follow(follower);
  try {
    yield SSE_HELLO;
    while (!signal.aborted) {
      // Asked before the read: what was appended until it ended is then in what is read.
      const live = range.beforeSeq === undefined && house.coven.isLive(id);
      const batch = framesOf(house.coven, id, { ...range, afterSeq: follower.seq }, BATCH);
      if (batch.text !== "") {
        follower.seq = batch.seq;
        yield batch.text;
      }
      if (batch.exited || (batch.ended && !live)) return;
      if (batch.text === "" && !(await woken(house, id, signal, HEARTBEAT_MS))) yield SSE_HEARTBEAT;
    }
  } finally {
    unfollow();
  }
}

async function* followOutput(
  house: StreamHouse,
  id: string,
  options: { readonly afterSeq: number; readonly until: number; readonly signal: AbortSignal },
) {
  const follower: Follower = { kind: "output", sessionId: id, seq: options.afterSeq };
  const unfollow = house.meter.follow(follower);
  try {
    while (!options.signal.aborted && follower.seq < options.until) {
      const live = house.coven.isLive(id);
      const rows = house.coven.output(id, follower.seq, BATCH);
      for (const row of rows) {
        follower.seq = row.seq;
        if (row.seq > options.until) return;
        yield row.data;
      }
      if (rows.length > 0) continue;
      if (!live || options.until !== Number.POSITIVE_INFINITY) return;
      await woken(house, id, options.signal);
    }
  } finally {
    unfollow();
  }
}

interface Batch {
  readonly text: string;
  /** The last seq in it. */
  readonly seq: number;
  /** The exit event is in it. */
  readonly exited: boolean;
  /** Nothing was left behind it. */
  readonly ended: boolean;
}

function framesOf(coven: Coven, id: string, range: EventRange, most: number): Batch {
  const afterSeq = range.afterSeq ?? 0;
  let text = "";
  let seq = afterSeq;
  // A frame takes more than 200 characters, so the size ends a batch long before the number does.
  const limit = 10_000;
  let count = 0;
  for (const event of coven.events({ ...range, sessionId: id, afterSeq, limit })) {
    if (text.length >= most) return { text, seq, exited: false, ended: false };
    text += frameOf(event);
    seq = event.seq;
    count += 1;
    if (event.kind === "exit") return { text, seq, exited: true, ended: true };
  }
  return { text, seq, exited: false, ended: count < limit };
}

/** Waits for new events (true), the client's going (true), or the time (false). Holds a watch only while it waits. */
async function woken(house: StreamHouse, id: string, signal: AbortSignal, ms?: number): Promise<boolean> {
  const wait = Promise.withResolvers<boolean>();
  const wake = () => wait.resolve(true);
  const unwatch = house.coven.watch(id, wake);
  const cancel = ms === undefined ? undefined : house.world.after(ms, () => wait.resolve(false));
  signal.addEventListener("abort", wake);
  try {
    return await wait.promise;
  } finally {
    unwatch();
    cancel?.();
    signal.removeEventListener("abort", wake);
  }
}

/**
 * The body that asks for the next piece only when the last one has gone out. A sacrificed session ends it; anything else
 * that is thrown is logged and cuts the answer off, so that no end is faked.
 */
function pulled(house: StreamHouse, id: string, pieces: AsyncGenerator<string | Uint8Array>): ReadableStream {
  let gone = false;
  return new ReadableStream({
    async pull(controller) {
      try {
        const next = await pieces.next();
        if (gone) return;
        if (next.done) controller.close();
        else controller.enqueue(next.value);
      } catch (error) {
        if (gone) return;
        if (isCovenError(error) && error.code === "session_not_found") return controller.close();
        const stack = error instanceof Error ? error.stack : undefined;
        house.log.error("stream_failed", { sessionId: id, ...failureFields(error), stack });
        controller.error(error);
      }
    },
    cancel() {
      gone = true;
      void pieces.return(undefined);
    },
  });
}
