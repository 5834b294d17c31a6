// What is asked of a daemon that may be away for a moment, because another program goes on in its place.
import { isUnreachable } from "../../api/client.ts";

/** How long it may be away, in milliseconds. */
const AWAY_MS = 10_000;

/** Asks until somebody answers. Rejects with any refusal, and as the last try when nobody does in time. Only for what may be asked twice. */
export async function untilAnswered<T>(ask: () => Promise<T>, patienceMs = AWAY_MS): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isUnreachable(error) || performance.now() > deadline) throw error;
      await Bun.sleep(20);
    }
  }
}
