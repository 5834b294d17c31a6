// Owns the list of sessions for as long as somebody looks at it: read page by page, and again and again.
import type { CovenClient } from "../../api/client.ts";
import { isSettled, type Session } from "../../session/session.ts";

/** A page is what one request may cost the daemon. */
const PAGE = 500;
const LEAST_PAUSE_MS = 1_000;
/** A list that takes long to read is read less often: at most a twentieth of the time goes into it. */
const PAUSE_PER_MS = 20;

/** What is known of the sessions now. */
export interface Listing {
  /** Running first, otherwise newest first. */
  readonly sessions: readonly Session[];
  /** Every page has been read. */
  readonly complete: boolean;
  /** Why it could not be read last time; the sessions are those of before. */
  readonly error: unknown;
}

/** A list that is kept up to date. */
export interface Feed {
  readonly now: Listing;
  /** Reads it now; resolves when the whole list has been read, or could not be. Never rejects. */
  refresh(): Promise<void>;
  stop(): void;
}

/** Begins to read, and calls `changed` after each page of the first time and after each whole list from then on. */
export function sessionFeed(
  client: Pick<CovenClient, "sessions">,
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
    try {
      let cursor: string | undefined;
      do {
        const includeArchived = options.includeArchived();
        const page = await client.sessions({
          limit: PAGE,
          includeArchived,
          ...(cursor === undefined ? {} : { cursor }),
        });
        // A newer reading has begun meanwhile (or nobody looks any more): its word counts.
        if (stopped || mine !== reading) return;
        all.push(...page.sessions);
        cursor = page.next_cursor ?? undefined;
        if (!now.complete || cursor === undefined) {
          now = {
            sessions: liveFirst(all),
            complete: cursor === undefined || now.complete,
            error: undefined,
          };
          options.changed();
        }
      } while (cursor !== undefined);
    } catch (error) {
      if (stopped || mine !== reading) return;
      now = { ...now, error };
      options.changed();
    }
    timer = setTimeout(
      () => void read(),
      Math.max(LEAST_PAUSE_MS, PAUSE_PER_MS * (performance.now() - began)),
    );
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

/** Live ones first, otherwise in the order given (newest first). */
export function liveFirst(sessions: readonly Session[]): Session[] {
  return [
    ...sessions.filter((one) => !isSettled(one.status)),
    ...sessions.filter((one) => isSettled(one.status)),
  ];
}
