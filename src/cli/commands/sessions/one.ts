// `coven sessions show|log|events`: one session's record, its log and its events, for people and for programs.

import type { CovenClient } from "../../../api/client.ts";
import { isArchived, type Session } from "../../../session/session.ts";
import { connect } from "../../client/connect.ts";
import { stateWord } from "../../client/describe.ts";
import { modeWord } from "../../client/launch-mode.ts";
import { outcome } from "../../client/outcome.ts";
import { shortId } from "../../client/session-id.ts";
import { everySession } from "../../client/session-list.ts";
import { flagValue, has, type Invocation, type Run } from "../../framework/command.ts";
import { sessionMeant } from "../../terminal/which-session.ts";
import { UsageError } from "../../ui/failure.ts";
import { printJson, say, write } from "../../ui/out.ts";
import { pairs } from "../../ui/table.ts";
import { harmless, harmlessLines } from "../../ui/text.ts";

export const show: Run = async (invocation) => {
  const client = await connect();
  const session = await client.session(await sessionMeant(client, invocation, "session"));
  if (has(invocation, "json")) await printJson(session);
  else await write(`${recordLines(session, await wentOnIn(client, session)).join("\n")}\n`);
  return 0;
};

export const log: Run = async (invocation) => {
  const client = await connect();
  const lines = await client.log(await sessionMeant(client, invocation, "session"));
  if (has(invocation, "json")) {
    await printJson(lines);
    return 0;
  }
  for (const { ts, message } of lines) {
    await write(`${ts}  ${harmlessLines(message.replaceAll("\r\n", "\n").trimEnd())}\n`);
  }
  if (lines.length === 0) say("Nothing has happened in this session yet.");
  return 0;
};

export const events: Run = async (invocation) => {
  const afterSeq = wholeNumber(invocation, "after-seq");
  const limit = wholeNumber(invocation, "limit");
  const client = await connect();
  const id = await sessionMeant(client, invocation, "session");
  const page = await client.sessionEvents(id, {
    ...(afterSeq === undefined ? {} : { afterSeq }),
    ...(limit === undefined ? {} : { limit }),
  });
  if (has(invocation, "json")) {
    await printJson(page);
    return 0;
  }
  for (const { seq, created_at, kind, payload_json } of page.events) {
    await write(`${seq}  ${created_at}  ${kind}  ${harmless(payload_json)}\n`);
  }
  if (page.events.length === 0) say("No events.");
  if (page.hasMore)
    say(`More:  coven sessions events ${shortId(id)} --after-seq ${page.nextCursor?.afterSeq}`);
  return 0;
};

/** Throws `UsageError` for anything but digits. */
function wholeNumber(invocation: Invocation, flag: string): number | undefined {
  const typed = flagValue(invocation, flag);
  if (typed === undefined || /^[0-9]{1,15}$/.test(typed))
    return typed === undefined ? undefined : Number(typed);
  throw new UsageError(`--${flag} needs a whole number.`, [`coven ${invocation.name} ID --${flag} 100`]);
}

/** The sessions that go on with this one, the newest first. */
async function wentOnIn(client: CovenClient, { id }: Session): Promise<string[]> {
  const found: string[] = [];
  for await (const one of everySession(client, true)) if (one.continues === id) found.push(one.id);
  return found;
}

function recordLines(session: Session, wentOn: readonly string[]): string[] {
  const { id, title, harness, project_root, cwd, model, permission, labels, add_dirs } = session;
  const rows: (readonly [string, string | null])[] = [
    ["name", session.name],
    ["title", title],
    ["state", stateWord(session)],
    ["outcome", session.status === "running" || session.status === "created" ? null : outcome(session)],
    ["harness", harness],
    ["mode", session.external ? null : modeWord(session)],
    ["model", model],
    ["permission", permission],
    ["project", project_root],
    ["started in", cwd === project_root ? null : cwd],
    ["worktree", session.worktree && `of its own, branch ${session.worktree.branch}`],
    ["began at", session.base_commit],
    ["directories", add_dirs.join(", ") || null],
    ["labels", labels.join(", ") || null],
    ["visibility", session.visibility === "private" ? null : session.visibility],
    ["conversation", session.agent_session_id ?? session.conversation_id],
    ["goes on with", session.continues],
    ["group", session.group],
    ["went on in", wentOn.join(", ") || null],
    ["transcript", session.transcript_path],
    ["process", session.pid === null ? null : String(session.pid)],
    ["created", session.created_at],
    ["updated", session.updated_at],
    ["archived", isArchived(session) ? session.archived_at : null],
  ];
  const known = rows.flatMap(([name, value]) => (value === null ? [] : [[name, harmless(value)] as const]));
  return [`Session ${harmless(id)}`, "", ...pairs(known)];
}
