// What happens to any session, for as long as a command wants to know: over restarts of the daemon, with nothing missed.
import { type CovenClient, type FeedFrame, isUnreachable } from "../../api/client.ts";

/** How long a daemon that comes again may be away, in milliseconds. */
const AWAY_MS = 10_000;
const AGAIN_MS = 20;

/**
 * The feed from now on. After `open` and `gap` whatever was known of sessions must be read again; what comes later follows. Where the daemon goes
 * away it is waited for. Rejects when none comes in time, and with the signal's reason.
 */
export async function* news(
  client: Pick<CovenClient, "feed">,
  signal: AbortSignal,
): AsyncGenerator<FeedFrame> {
  let cursor: string | undefined;
  let goneAt: number | undefined;
  for (;;) {
    try {
      for await (const frame of client.feed({ cursor, signal })) {
        goneAt = undefined;
        cursor = frame.cursor ?? cursor;
        yield frame;
      }
    } catch (error) {
      if (signal.aborted || !isUnreachable(error)) throw error;
      goneAt ??= performance.now();
      if (performance.now() - goneAt > AWAY_MS) throw error;
    }
    signal.throwIfAborted();
    await Bun.sleep(AGAIN_MS);
  }
}
