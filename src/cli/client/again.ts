// A session whose daemon goes on as another program: its record, as soon as somebody answers.
import { type CovenClient, isUnreachable } from "../../api/client.ts";
import type { Session } from "../../session/session.ts";

/** How long a daemon that comes again may be away, in milliseconds. */
const AWAY_MS = 10_000;

/** `away`: somebody answered only after a while. Rejects as the last try when nobody does in time, and with any refusal. */
export async function recordAgain(
  client: CovenClient,
  id: string,
  patienceMs = AWAY_MS,
): Promise<{ readonly session: Session; readonly away: boolean }> {
  const deadline = performance.now() + patienceMs;
  for (let away = false; ; away = true) {
    try {
      return { session: await client.session(id), away };
    } catch (error) {
      if (!isUnreachable(error) || performance.now() > deadline) throw error;
      await Bun.sleep(20);
    }
  }
}
