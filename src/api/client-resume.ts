// Streams that outlive the daemon they began with: when one breaks off, it goes on after what was had, at the daemon that answers next.
import { CovenError } from "../errors.ts";
import type { Event } from "../session/event.ts";
import { isSettled, type Session } from "../session/session.ts";
import { isUnreachable } from "./client-errors.ts";
import { ROWS_TYPE, readRows } from "./rows.ts";

/** How long a daemon that ended its streams in good order may be away, in milliseconds: another program goes on in its place. */
export const AWAY_MS = 10_000;
/** As above, of one that broke off: it is busy being replaced, a service manager starts it again, or it has gone for good. */
export const CUT_MS = 5_000;
const ASK_MS = 20;

/** A body of bytes as it arrives, and its type once that is known. */
export interface Answer {
  readonly type: string;
  readonly body: AsyncIterable<Uint8Array>;
}

interface Resuming {
  readonly signal: AbortSignal | undefined;
  /** Asks for the session's record. */
  record(): Promise<Session>;
}

/**
 * The bytes of the output, exact, each once. `open` asks for what comes after a seq; `began` is the first. Without `stay` the end of what is there is the end, and what
 * breaks off throws.
 */
export async function* resumedOutput(
  open: (afterSeq: number) => Promise<Answer>,
  { began, stay, ...resuming }: Resuming & { readonly began: number; readonly stay: boolean },
): AsyncGenerator<Uint8Array> {
  let seq = began;
  /** What came without seqs, from a daemon that sends none: it is passed over when all of it comes again. */
  let had = 0;
  const turns = turnsOf(resuming);
  do {
    let known = had;
    try {
      const { type, body } = await open(seq);
      turns.begun();
      if (type === ROWS_TYPE) {
        for await (const row of readRows(body)) {
          if (row.data.length === 0) return;
          const passed = Math.min(known, row.data.length);
          known -= passed;
          if (known === 0) {
            seq = row.seq;
            had = 0;
          }
          if (passed < row.data.length) yield row.data.subarray(passed);
        }
      } else {
        for await (const chunk of body) {
          const passed = Math.min(known, chunk.length);
          known -= passed;
          had += chunk.length - passed;
          if (passed < chunk.length) yield chunk.subarray(passed);
        }
      }
      if (!stay) return;
    } catch (error) {
      if (!stay) throw error;
      turns.failed(error);
    }
  } while (await turns.next());
}

/** Events after a seq to the exit event, or to the end of a session that has none; each once. */
export async function* resumedEvents(
  open: (afterSeq: number | undefined) => AsyncIterable<Event>,
  { began, ...resuming }: Resuming & { readonly began: number | undefined },
): AsyncGenerator<Event> {
  let seq = began;
  const turns = turnsOf(resuming);
  do {
    try {
      for await (const event of open(seq)) {
        turns.begun();
        seq = event.seq;
        yield event;
        if (event.kind === "exit") return;
      }
    } catch (error) {
      turns.failed(error);
    }
  } while (await turns.next());
}

/** A stream that ends only with its daemon, from one to the next; ends when none comes again. */
export async function* resumedFeed<Frame extends { readonly cursor: string | null }>(
  open: (cursor: string | undefined) => AsyncIterable<Frame>,
  {
    cursor,
    signal,
    ask,
  }: {
    readonly cursor: string | undefined;
    readonly signal: AbortSignal | undefined;
    ask(): Promise<unknown>;
  },
): AsyncGenerator<Frame> {
  let last = cursor;
  let had = false;
  for (;;) {
    let cut: unknown;
    try {
      for await (const frame of open(last)) {
        had = true;
        last = frame.cursor ?? last;
        yield frame;
      }
    } catch (error) {
      if (!isUnreachable(error) || (!had && !isPassing(error))) throw error;
      cut = error;
    }
    signal?.throwIfAborted();
    await untilAnswered(ask, cut ? CUT_MS : AWAY_MS, signal);
  }
}

/**
 * What is answered once. While a daemon is being replaced nobody takes a connection, or the one that was taken is dropped: then it is asked again, for at most `CUT_MS`, once
 * `verify` has said that whoever answers now will do. What was dropped may have been done, so it is asked again only where it `reads`. Throws as the last try.
 */
export async function askedOfNext<T>(ask: () => Promise<T>, { reads, verify, signal }: Asking): Promise<T> {
  const deadline = performance.now() + CUT_MS;
  for (let isFirst = true; ; isFirst = false) {
    let isSent = false;
    try {
      if (!isFirst) await verify?.();
      isSent = true;
      return await ask();
    } catch (error) {
      const mayPass = isUnreachable(error) && (reads || !isSent ? isPassing(error) : isRefused(error));
      if (!mayPass || performance.now() > deadline) throw error;
    }
    await pause(signal);
  }
}

interface Asking {
  /** It changes nothing. */
  readonly reads: boolean;
  readonly verify: (() => Promise<void>) | undefined;
  readonly signal: AbortSignal | undefined;
}

/** What decides whether a stream of a session goes on. */
function turnsOf({ signal, record }: Resuming) {
  let begun = false;
  let cut: CovenError | undefined;
  /** The session had ended before the stream began that has just ended: all of it was in there. */
  let over = false;
  return {
    /** The stream has begun. */
    begun() {
      begun = true;
    },
    /** It broke off; throws what is no reason to come again. */
    failed(error: unknown): void {
      if (isGone(error) && begun) over = true;
      else if (!isUnreachable(error) || (!begun && !isPassing(error))) throw error;
      else cut = error;
    },
    /** Whether there may be more; then a daemon answers. Throws what the last try throws. */
    async next(): Promise<boolean> {
      signal?.throwIfAborted();
      if (over && !cut) return false;
      try {
        const session = await untilAnswered(record, cut ? CUT_MS : AWAY_MS, signal);
        over = isSettled(session.status);
      } catch (error) {
        // It was sacrificed.
        if (!isGone(error)) throw error;
        return false;
      }
      cut = undefined;
      return true;
    },
  };
}

/** Asks until somebody answers; throws any refusal, and as the last try when nobody does in time. Only for what may be asked twice. */
export async function untilAnswered<T>(
  ask: () => Promise<T>,
  patienceMs = AWAY_MS,
  signal?: AbortSignal,
): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isUnreachable(error) || performance.now() > deadline) throw error;
    }
    await pause(signal);
  }
}

async function pause(signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((go) => void setTimeout(go, ASK_MS));
  signal?.throwIfAborted();
}

/** The system's words for a place where nobody was, or that is not ours; and a daemon that hangs. Whatever else goes wrong, somebody was there. */
const NOBODY = new Set<unknown>(["ENOENT", "ENOTDIR", "ENOTSOCK", "EACCES", "EPERM", "timeout"]);

/** Nobody takes connections just now, or the one that was taken broke off: on a path where somebody is, or was a moment ago. */
function isPassing(error: CovenError): boolean {
  return !NOBODY.has(error.details?.["cause"]);
}

/** Nobody took the connection, so nothing was sent. */
function isRefused(error: CovenError): boolean {
  return error.details?.["cause"] === "ECONNREFUSED";
}

function isGone(error: unknown): boolean {
  return error instanceof CovenError && error.code === "session_not_found";
}
