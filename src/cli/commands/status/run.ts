// `coven status`: the status of the daemon, and for programs what coven 0.4.6 printed beside it.
import { covenClient, isUnreachable } from "../../../api/client.ts";
import { isCovenError } from "../../../errors.ts";
import { covenPaths } from "../../../paths.ts";
import { isSettled } from "../../../session/session.ts";
import { has, type Run } from "../../framework/command.ts";
import { printJson } from "../../ui/out.ts";
import { status, statusDocument } from "../daemon/run.ts";

export const run: Run = async (invocation, line) => {
  if (!has(invocation, "json")) return status(invocation, line);
  await printJson({ ...(await statusDocument()), ...(await asBefore()) });
  return 0;
};

/** `health` is null when no daemon answers. What is not served here is counted as none. */
async function asBefore() {
  const client = covenClient(covenPaths().socket, { timeoutMs: 5_000, fresh: true });
  const asked = [client.health(), client.sessions(), client.familiars().catch(unread)] as const;
  const [health, sessions, familiars] = await Promise.all(asked).catch((error: unknown) => {
    if (isUnreachable(error)) return [null, [], []] as const;
    throw error;
  });
  return {
    health,
    overview: {
      open_sessions: sessions.filter((one) => !isSettled(one.status)).length,
      total_familiars: familiars.length,
      active_familiars: 0,
      skills_count: 0,
      average_skill_score: 0,
      research_iterations: 0,
      last_research_delta: 0,
    },
  };
}

/** A file that can't be read counts as none; `GET /familiars` says why. */
function unread(error: unknown): [] {
  if (isCovenError(error) && !isUnreachable(error)) return [];
  throw error;
}
