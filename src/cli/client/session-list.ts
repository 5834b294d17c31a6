// The list of sessions: read to its end once, or kept up to date while somebody looks at it.
import type { CovenClient, FeedFrame } from "../../api/client.ts";
import type { Session } from "../../session/session.ts";
import { urgency } from "./attention.ts";

type Lister = Pick<CovenClient, "sessions">;
type Follower = Pick<CovenClient, "sessions" | "feed" | "apiVersion">;

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
  /** As `byUrgency`, otherwise newest first. */
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

/** What happens in quick succession is shown at once, in milliseconds. */
const TOGETHER_MS = 30;
/** How soon a list is read that may have missed something, in milliseconds. */
const SOON_MS = 200;
/** With a daemon that says what happens, the list is still read anew so often, in milliseconds. */
const SAID_PAUSE_MS = 30_000;

/** Begins to read. Calls `changed` after each page of the first time, and from then on when something is different. */
export function sessionFeed(
  client: Follower,
  options: {
    readonly includeArchived: () => boolean;
    changed(): void;
    /** What the daemon says, beside what it says of sessions: approvals, and that it has begun to say things. */
    heard?(type: FeedFrame["type"]): void;
  },
): Feed {
  let now: Listing = { sessions: [], complete: false, error: undefined };
  let timer: ReturnType<typeof setTimeout> | undefined;
  let saying: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;
  let reading = 0;
  /** The daemon tells what happens. */
  let isTold = false;
  /** Sessions that something happened to since the last reading began; undefined for one that is gone. */
  const news = new Map<string, Session | undefined>();
  const hangUp = new AbortController();

  async function read(): Promise<void> {
    clearTimeout(timer);
    reading += 1;
    const mine = reading;
    const began = performance.now();
    const all: Session[] = [];
    news.clear();
    // Once a newer reading has begun, or nobody looks any more, this one no longer counts.
    const isOver = () => stopped || mine !== reading;
    try {
      for await (const { sessions, isLast } of pages(client, options.includeArchived(), FIRST_PAGE)) {
        if (isOver()) return;
        all.push(...sessions);
        if (now.complete && !isLast) continue;
        now = { sessions: withNews(all, news), complete: isLast || now.complete, error: undefined };
        options.changed();
      }
      if (!isTold) void listen();
    } catch (error) {
      if (isOver()) return;
      now = { ...now, error };
      options.changed();
    }
    const pause = Math.max(LEAST_PAUSE_MS, PAUSE_PER_MS * (performance.now() - began));
    timer = setTimeout(() => void look(performance.now() + SAID_PAUSE_MS - pause), pause);
  }

  /** With a daemon that says what happens it is enough to know that it is there, until so late (a moment on the monotonic clock). */
  async function look(until: number): Promise<void> {
    if (!isTold || now.error !== undefined || performance.now() > until) return read();
    const mine = reading;
    const isThere = await client.apiVersion().then(
      () => true,
      () => false,
    );
    if (stopped || mine !== reading) return;
    if (!isThere) return read();
    clearTimeout(timer);
    timer = setTimeout(() => void look(until), LEAST_PAUSE_MS);
  }

  function readAgain(inMs: number): void {
    clearTimeout(timer);
    timer = setTimeout(() => void read(), inMs);
  }

  /** What the daemon says of each session as it happens, until it goes away; then the list is read as if it said nothing. */
  async function listen(): Promise<void> {
    isTold = true;
    const began = performance.now();
    try {
      for await (const { type, session } of client.feed({ signal: hangUp.signal })) {
        if (stopped) return;
        options.heard?.(type);
        // What happened between the last reading and now is found by another one.
        if (type === "open" || type === "gap") readAgain(SOON_MS);
        if (!session) continue;
        news.set(session.id, "status" in session ? session : undefined);
        saying ??= setTimeout(say, TOGETHER_MS);
      }
    } catch {
      // One that is too old to say, or has gone: both are found out by asking.
    }
    isTold = false;
    if (!stopped) readAgain(performance.now() - began > LEAST_PAUSE_MS ? SOON_MS : LEAST_PAUSE_MS);
  }

  function say(): void {
    saying = undefined;
    if (stopped || !now.complete) return;
    // Who says something is there.
    now = { ...now, error: undefined, sessions: withNews(now.sessions, news) };
    options.changed();
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
      clearTimeout(saying);
      hangUp.abort();
    },
  };
}

/** A list with what happened since; in the order of all lists. */
function withNews(
  sessions: readonly Session[],
  news: ReadonlyMap<string, Session | undefined>,
): readonly Session[] {
  if (news.size === 0) return byUrgency(sessions);
  const there = new Set(sessions.map((one) => one.id));
  const begun = Array.from(news.values()).filter((one) => one && !there.has(one.id));
  const known = sessions.map((one) => (news.has(one.id) ? news.get(one.id) : one));
  return byUrgency([...begun, ...known].filter((one) => one !== undefined).sort(newestFirst));
}

function newestFirst(one: Session, other: Session): number {
  return one.created_at < other.created_at ? 1 : one.created_at > other.created_at ? -1 : 0;
}

/** Those that wait for a person first, then what runs, then what has ended; otherwise in the order given (newest first). */
export function byUrgency(sessions: readonly Session[]): Session[] {
  const groups: [Session[], Session[], Session[], Session[]] = [[], [], [], []];
  for (const one of sessions) groups[urgency(one)]?.push(one);
  return groups.flat();
}
