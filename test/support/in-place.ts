// Replaces a real daemon in place, as `coven daemon restart` asks for it, and says what came of it.
import { isUnreachable } from "../../src/api/client.ts";
import type { DaemonHome } from "./daemon-home.ts";
import { until } from "./until.ts";

/** What came of one restart. */
export interface InPlace {
  readonly pid: number;
  /** Why the daemon goes on as it was; null when it was replaced. */
  readonly refused: string | null;
  /** From the last answer of the old daemon to the first of the new one, in milliseconds, as a client sees it that asks all the time. */
  readonly gapMs: number;
}

/** Asks for it and waits until the daemon that began later answers, or the old one says that it refuses. */
export async function restartInPlace(
  { client }: Pick<DaemonHome, "client">,
  command?: readonly string[],
): Promise<InPlace> {
  const before = await identityOf(client);
  if (!before) throw new Error("no daemon answers");
  await client.restart({ pid: before.pid, ...(command ? { command: [...command] } : {}) });
  let answered = performance.now();
  return until("it was replaced, or refuses", async () => {
    const now = await identityOf(client);
    const gapMs = performance.now() - answered;
    if (now && now.startedAt !== before.startedAt) return { pid: now.pid, refused: null, gapMs };
    const asked = now && (await client.restarting().catch(goneAway))?.restart;
    if (asked?.state === "refused") return { pid: before.pid, refused: asked.reason ?? "", gapMs: 0 };
    if (now) answered = performance.now();
    return undefined;
  });
}

async function identityOf(client: DaemonHome["client"]) {
  return (await client.health().catch(goneAway))?.daemon;
}

function goneAway(error: unknown): undefined {
  if (!isUnreachable(error)) throw error;
}
