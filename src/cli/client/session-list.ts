// The list of sessions: read to its end once, or kept up to date while somebody looks at it.
import type { CovenClient } from "../../api/client.ts";
import { isSettled, type Session } from "../../session/session.ts";

type Lister = Pick<CovenClient, "sessions">;

/** Sessions in a page for programs, and in one for a person who waits for the first of them. */
const PAGE = 1_000;
const FIRST_PAGE = 500;
const LEAST_PAUSE_MS = 1_000;
/** A list that takes long to read is read less often: at most a twentieth of the time goes into it. */
const PAUSE_PER_MS = 20;

/** Sessions, newest first. Throws what the client throws. */
export async function* everySession(client: Lister, includeArchived: boolean): AsyncGenerator<Session> {
  for await (const page of pages(client, includeArchived, PAGE)) yield* page.sessions;
}

async function* pages(client: Lister, includeArchived: boolean, limit: number) {
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await client.sessions({ limit, includeArchived, ...(cursor ? { cursor } : {}) });
    cursor = page.next_cursor;
    yield { sessions: page.sessions, isLast: cursor === null };
  }
}

/** What is known of the sessions now. */
export interface Listing {
  /** Running first, otherwise newest first. */
  readonly sessions: readonly Session[];
  /** Every page has been read. */
  readonly complete: boolean;
  /** Why the list could not be read last time; the sessions are then those of before. */
  readonly error: unknown;
}

/** A list that is kept up to date. */
export interface Feed {
  readonly now: Listing;
  /** Reads the list now; resolves when all of it has been read, or could not be. Never rejects. */
  refresh(): Promise<void>;
  stop(): void;
}

/** Begins to read. Calls `changed` after each page of the first time, and from then on after each whole list. */
export function sessionFeed(
  client: Lister,
  options: { readonly includeArchived: () => boolean; changed(): void },
): Feed {
  let now: Listing = { sessions: [], complete: false, error: undefined };
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;
  let reading = 0;

  async function read(): Promise<void> {
    clearTimeout(timer);
    reading += 1;
    const mine = reading;
    const began = performance.now();
    const all: Session[] = [];
    // Once a newer reading has begun, or nobody looks any more, this one no longer counts.
    const isOver = () => stopped || mine !== reading;
    try {
      for await (const { sessions, isLast } of pages(client, options.includeArchived(), FIRST_PAGE)) {
        if (isOver()) return;
        all.push(...sessions);
        if (now.complete && !isLast) continue;
        now = { sessions: runningFirst(all), complete: isLast || now.complete, error: undefined };
        options.changed();
      }
    } catch (error) {
      if (isOver()) return;
      now = { ...now, error };
      options.changed();
    }
    const pause = Math.max(LEAST_PAUSE_MS, PAUSE_PER_MS * (performance.now() - began));
    timer = setTimeout(() => void read(), pause);
  }

  void read();
  return {
    get now() {
      return now;
    },
    refresh: read,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

/** Running ones first, otherwise in the order given (newest first). */
export function runningFirst(sessions: readonly Session[]): Session[] {
  const settled = sessions.filter((one) => isSettled(one.status));
  return [...sessions.filter((one) => !isSettled(one.status)), ...settled];
}
