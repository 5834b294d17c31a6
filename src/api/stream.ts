// Answers that go on: events as SSE, and raw output.
import { failureFields } from "../session/evidence.ts";
import type { LedgerReader } from "../session/ports/ledger.ts";
import { writer } from "./event-json.ts";
import { type Batch, type FollowDependencies, follow, type Output, outputOf, sideBySide } from "./follow.ts";
import type { EventRange } from "./pages.ts";
import { endOfRows, ROWS_TYPE, rowsAsBytes } from "./rows.ts";

/**
 * How long an SSE stream may be quiet. A dead peer on a Unix socket shows at once; this is for HTTP clients that give up
 * on a body after five silent minutes (undici's default).
 */
export const HEARTBEAT_MS = 20_000;

/**
 * What is finished and no larger goes out as one body with a Content-Length: Bun cuts a chunked answer off when the client
 * has half-closed, as many small clients do, and they would take the piece for the whole. The price is what a client
 * that stops reading may hold in memory; where the budget has no room for it, it goes out in pieces all the same.
 */
const WHOLE_OUTPUT = 8 * 1024 * 1024;
const WHOLE_EVENTS = 1024 * 1024;

/** A piece that is not taken lies in memory so many times: ours, and as often as Bun hands it on. Measured with 200 streams. */
const COPIES = 4;

/** Sent at once, so that the headers leave and the client knows it is heard. */
export const SSE_HELLO = ": ok\n\n";
/** A comment that keeps a quiet stream alive and lets a dead peer be noticed. */
const SSE_HEARTBEAT = ": \n\n";
export const SSE_HEADERS = { "content-type": "text/event-stream", "cache-control": "no-store" };
const RAW_HEADERS = { "content-type": "application/octet-stream" };

/** Whether a client asks for events as they come. */
export function wantsStream(request: Request): boolean {
  return request.headers.get("accept")?.toLowerCase().includes("text/event-stream") ?? false;
}

/** Who follows. */
interface Following {
  /** The client has gone. */
  readonly signal: AbortSignal;
  /** The session in whose terminal it is shown. */
  readonly within?: string | undefined;
}

/**
 * Events after a seq, then live ones, to the exit event or the end of a session that has none. With `beforeSeq` those
 * before it that are there now, and no live ones. Who has seen what is no more is told so first.
 */
export function eventStream(
  api: FollowDependencies,
  id: string,
  asked: EventRange,
  { signal, within }: Following,
): Response {
  const gap = api.ledger.keptBefore(asked.afterSeq ?? 0);
  const range = gap === undefined ? asked : { ...asked, afterSeq: gap };
  if (gap !== undefined) api.meter.gaps += 1;
  const hello = gap === undefined ? SSE_HELLO : SSE_HELLO + gapFrame(gap);
  const stay = range.beforeSeq === undefined;
  if (!stay || !api.coven.isRunning(id)) {
    const all = framesOf(api.ledger, id, range, api.budget.room(WHOLE_EVENTS));
    if (all.whole && api.budget.takeWhole(all.bytes))
      return new Response(Buffer.concat([Buffer.from(hello), all.frames]), { headers: SSE_HEADERS });
  }
  const leave = api.coven.shownWithin(stay ? within : undefined, id);
  const batches = follow(api, {
    kind: "events",
    sessionId: id,
    seq: range.afterSeq ?? 0,
    read: (afterSeq) => {
      const batch = framesOf(api.ledger, id, { ...range, afterSeq }, api.budget.batch());
      return { ...batch, frames: new Uint8Array(batch.frames) };
    },
    stay,
    signal,
    quietMs: HEARTBEAT_MS,
  });
  return new Response(pulled(api, id, sse(hello, batches), leave), { headers: SSE_HEADERS });
}

/** How many entries of the feed are read at once: each has its session's record read. */
const MOST_ENTRIES = 64;

/** The feed after a cursor, or from now; it ends only with the daemon. Who comes with a cursor that is kept no more is told so, and goes on from now. */
export function feedStream(
  api: FollowDependencies & Approving,
  cursor: string | undefined,
  signal: AbortSignal,
): Response {
  const { coven, ledger, world } = api;
  const end = ledger.feedEnd();
  const place = cursor === undefined ? end.place : ledger.feedPlace(cursor);
  const begin =
    place === undefined
      ? `id: ${end.cursor}\nevent: gap\ndata: ${JSON.stringify({ at: world.now() })}\n\n`
      : cursor === undefined
        ? `id: ${end.cursor}\n\n`
        : "";
  if (place === undefined) api.meter.gaps += 1;
  const batches = follow(api, {
    kind: "feed",
    sessionId: "",
    seq: place ?? end.place,
    read: (after) => entriesOf(api, after),
    watch: (wake) => coven.watchFeed(wake),
    stay: true,
    signal,
    quietMs: HEARTBEAT_MS,
  });
  return new Response(pulled(api, "", sse(SSE_HELLO + begin, batches)), { headers: SSE_HEADERS });
}

/** Who knows approvals. */
interface Approving {
  readonly control: { known(id: string): unknown };
}

function entriesOf({ ledger, coven, control }: FollowDependencies & Approving, after: number): Frames {
  const entries = ledger.feedAfter(after, MOST_ENTRIES);
  const frames = entries.map((entry) => {
    const { cursor, type, at, sessionId, data } = entry;
    const record = sessionId === null ? undefined : ledger.session(sessionId);
    const session = record && coven.withActivity(record);
    const about = type.startsWith("approval.")
      ? { approval: control.known(idIn(data)) ?? data }
      : type === "session.attention"
        ? session && { session: { ...session, attention: data } }
        : { session: session ?? data ?? undefined };
    return `id: ${cursor}\nevent: ${type}\ndata: ${JSON.stringify({ at, ...about })}\n\n`;
  });
  const bytes = Buffer.from(frames.join(""));
  return {
    frames: new Uint8Array(bytes),
    bytes: bytes.length,
    seq: entries.at(-1)?.place ?? after,
    whole: entries.length < MOST_ENTRIES,
  };
}

/** The feed keeps of an approval its id, and what a notification says. */
function idIn(data: unknown): string {
  return typeof data === "object" && data !== null && "id" in data ? String(data.id) : "";
}

/** The exact output after a seq, as far as it goes now; with `follow`, to the end of the session. */
export function outputStream(
  api: FollowDependencies,
  id: string,
  asked: number,
  options: Following & { readonly follow: boolean; readonly rows: boolean },
): Response {
  const { coven, ledger, budget } = api;
  const { signal, rows: named } = options;
  const headers = named ? { "content-type": ROWS_TYPE } : RAW_HEADERS;
  const afterSeq = ledger.keptBefore(asked) ?? asked;
  const stay = options.follow && coven.isRunning(id);
  if (!stay) {
    const rows = coven.output(id, afterSeq, budget.room(WHOLE_OUTPUT));
    const last = rows.at(-1)?.seq;
    const bytes = rows.reduce((sum, row) => sum + row.data.length, 0);
    const whole = last === undefined || coven.output(id, last, 1).length === 0;
    if (whole && budget.takeWhole(bytes)) {
      const parts = named ? [rowsAsBytes(rows), endOfRows(last ?? afterSeq)] : rows.map((row) => row.data);
      return new Response(Buffer.concat(parts), { headers });
    }
  }
  const leave = coven.shownWithin(stay ? options.within : undefined, id);
  // A session that prints faster than this client reads would otherwise never be at its end.
  const until = stay ? Number.POSITIVE_INFINITY : ledger.lastSeq(id);
  const read = (after: number) => outputOf(api, id, after, until);
  const batches = follow(api, { kind: "output", sessionId: id, seq: afterSeq, read, stay, signal });
  const ended = (seq: number) => !stay || (!coven.isRunning(id) && coven.output(id, seq, 1).length === 0);
  const parts = named ? namedRows(batches, afterSeq, ended) : pieces(batches);
  return new Response(pulled(api, id, parts, leave), { headers });
}

/** A batch of SSE frames. */
export interface Frames extends Batch {
  /** Good until the next frames are written. */
  readonly frames: Uint8Array<ArrayBuffer>;
}

/** A frame takes more than 200 bytes, so the size ends a batch long before the number does. */
const MOST_FRAMES = 10_000;

/** One batch of SSE frames: `id:` = seq, `event:` = kind, `data:` = the event. JSON holds no line break: one data line is enough. */
function framesOf(ledger: LedgerReader, id: string, range: EventRange, most: number): Frames {
  const { afterSeq = 0 } = range;
  writer.cut(0);
  let seq = afterSeq;
  let count = 0;
  let final = false;
  let whole = true;
  for (const event of ledger.kept({ ...range, sessionId: id, afterSeq, limit: MOST_FRAMES })) {
    whole = writer.length < most;
    if (!whole) break;
    writer.text(`id: ${event.seq}\nevent: ${event.kind}\ndata: `);
    writer.event(event);
    writer.text("\n\n");
    seq = event.seq;
    count += 1;
    final = event.kind === "exit";
    if (final) break;
  }
  whole &&= final || count < MOST_FRAMES;
  return { frames: writer.part(0, writer.length), bytes: writer.length, seq, final, whole };
}

/** With an id, so that a client that comes again goes on from there. */
function gapFrame(afterSeq: number): string {
  return `id: ${afterSeq}\nevent: gap\ndata: ${JSON.stringify({ afterSeq })}\n\n`;
}

/** The frames of all batches behind a greeting; a comment for each batch without any, so that the stream is not quiet. */
export async function* sse(
  hello: string,
  batches: AsyncIterable<Frames>,
): AsyncGenerator<string | Uint8Array> {
  let first = true;
  for await (const { frames, bytes } of batches) {
    if (first) yield hello;
    else if (bytes === 0) yield SSE_HEARTBEAT;
    first = false;
    if (bytes > 0) yield frames;
  }
}

async function* pieces(batches: AsyncIterable<Output>): AsyncGenerator<Uint8Array> {
  for await (const { rows } of batches) yield* sideBySide(rows);
}

/** Rows with their seqs; the end where nothing follows, and none for a client that is to come again. */
async function* namedRows(
  batches: AsyncIterable<Output>,
  afterSeq: number,
  ended: (seq: number) => boolean,
): AsyncGenerator<Uint8Array> {
  let last = afterSeq;
  for await (const { rows, seq } of batches) {
    last = seq;
    if (rows.length > 0) yield rowsAsBytes(rows);
  }
  if (ended(last)) yield endOfRows(last);
}

/**
 * The body that asks for the next piece only when the last one has gone out. What is
 * thrown is logged and cuts the answer off, so that no end is faked. `over` is called once, at its end.
 */
export function pulled(
  api: Pick<FollowDependencies, "budget" | "log">,
  id: string,
  parts: AsyncGenerator<string | Uint8Array>,
  over = (): void => {},
): ReadableStream {
  let gone = false;
  const share = api.budget.share("stream");
  const end = (): void => {
    share.end();
    over();
  };
  return new ReadableStream({
    async pull(controller) {
      try {
        share.set(0);
        const next = await parts.next();
        if (gone) return;
        if (next.done) {
          end();
          controller.close();
        } else {
          share.set(next.value.length * COPIES);
          controller.enqueue(next.value);
        }
      } catch (error) {
        if (gone) return;
        end();
        const stack = error instanceof Error ? error.stack : undefined;
        api.log.error("stream_failed", { sessionId: id, ...failureFields(error), stack });
        controller.error(error);
      }
    },
    cancel() {
      gone = true;
      end();
      void parts.return(undefined);
    },
  });
}
