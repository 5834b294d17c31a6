// `coven why`: what a session wants, who says so, what was before it; of one that has ended how it did.
import type { CovenClient } from "../../../api/client.ts";
import type { Event } from "../../../session/event.ts";
import { isSettled, type Session } from "../../../session/session.ts";
import { connect } from "../../client/connect.ts";
import { outcome } from "../../client/outcome.ts";
import { shortId } from "../../client/session-id.ts";
import { proofText, wantText } from "../../client/wants.ts";
import { has, type Run } from "../../framework/command.ts";
import { sessionMeant } from "../../terminal/which-session.ts";
import { out } from "../../ui/colour.ts";
import { print, printJson } from "../../ui/out.ts";
import { harmless } from "../../ui/text.ts";
import { ago } from "../../ui/time.ts";

/** Of what was before. */
const MOST_SHOWN = 8;
const LINES = 8;
/** Events before the end in which its reason stands. */
const LAST_EVENTS = 30;

export const run: Run = async (invocation) => {
  const client = await connect();
  const id = await sessionMeant(client, invocation, "session");
  const [session, { attention, history }, screen] = await Promise.all([
    client.session(id),
    client.attention(id),
    client.screen(id),
  ]);
  const ended = isSettled(session.status) ? await endOf(client, session) : null;
  const lines = screen.lines.map((line) => line.trimEnd()).filter((line) => line !== "");
  const last = lines.slice(-LINES);
  if (has(invocation, "json")) {
    await printJson({ session, attention, history, ended, screen: last });
    return 0;
  }
  await print(
    `${out.bold(harmless(session.title))}  ${out.dim(`${shortId(id)} ${harmless(session.harness)}`)}`,
  );
  if (ended) {
    await print(outcome(session));
    for (const reason of ended.reasons) await print(`  because ${harmless(reason)}`);
  } else if (attention) {
    await print(wantText(attention));
    const when = attention.source === "launch" ? "" : `, event ${attention.seq}, ${ago(attention.at)}`;
    await print(`  because ${proofText(attention)}${when}`);
  }
  // The first of the history is what it wants now.
  const before = ended ? history : history.slice(1);
  if (before.length > 0) await print(out.dim("Before:"));
  for (const one of before.slice(0, MOST_SHOWN)) {
    await print(out.dim(`  ${ago(one.at)}  ${wantText(one)}  (${one.source}, event ${one.seq})`));
  }
  if (last.length > 0) await print(out.dim("Its last lines:"));
  for (const line of last) await print(`  ${harmless(line)}`);
  return 0;
};

interface End {
  readonly status: Session["status"];
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly at: string;
  /** What the events before the end say about it, in order. */
  readonly reasons: readonly string[];
}

async function endOf(client: CovenClient, session: Session): Promise<End> {
  const { id, status, exit_code: exitCode, signal, updated_at: at } = session;
  const beforeSeq = Number.MAX_SAFE_INTEGER;
  const { events } = await client.sessionEvents(id, { beforeSeq, limit: LAST_EVENTS });
  return { status, exitCode, signal, at, reasons: events.flatMap(reasonsOf) };
}

function reasonsOf({ kind, payload_json }: Event): string[] {
  if (kind !== "metadata") return [];
  const { event, reason, by } = JSON.parse(payload_json) as Partial<
    Record<"event" | "reason" | "by", unknown>
  >;
  if (event === "stopped" && by !== undefined) return [`${String(by)} asked for its end`];
  const tells = event === "orphaned" || event === "out_of_memory" || event === "launch_failed";
  return tells && typeof reason === "string" ? [reason] : [];
}
