// Waiting for a session on behalf of a client: until it ends, wants something from a person, or says that it is done.
import type { Payload } from "../control/action.ts";
import { type Goal, outcomeOf } from "../session/goal.ts";
import type { Api } from "./route.ts";

/** A day's work is waited for in several turns. */
export const MOST_WAIT_SECONDS = 3_600;

interface Waiting {
  readonly what: Goal;
  readonly ms: number;
  readonly signal: AbortSignal;
}

/**
 * Resolves with the record and how it came: `came`, `ended` (the session did, and before that nothing of the kind came), `timeout`. Rejects with
 * `session_not_found`, also when it is deleted meanwhile. Once the signal says that nobody waits it resolves with what is.
 */
export async function waited(
  { coven, world }: Pick<Api, "coven" | "world">,
  id: string,
  { what, ms, signal }: Waiting,
): Promise<Payload> {
  let news = Promise.withResolvers<void>();
  const wake = () => news.resolve();
  const leave = coven.watch(id, wake);
  let late = false;
  const cancel = world.after(ms, () => {
    late = true;
    wake();
  });
  signal.addEventListener("abort", wake);
  try {
    for (;;) {
      news = Promise.withResolvers();
      const session = coven.session(id);
      const outcome = outcomeOf(session, what);
      if (outcome !== "open") return { outcome, session };
      if (late || signal.aborted) return { outcome: "timeout", session };
      await news.promise;
    }
  } finally {
    leave();
    cancel();
    signal.removeEventListener("abort", wake);
  }
}
