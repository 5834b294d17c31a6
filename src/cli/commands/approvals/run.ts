// `coven approvals [list|approve|deny]`: what other programs have asked the daemon for, and deciding on it as its owner.
import type { CovenClient } from "../../../api/client.ts";
import { isCovenError } from "../../../errors.ts";
import { readOwnerKey } from "../../../owner-key.ts";
import { covenPaths } from "../../../paths.ts";
import { connect } from "../../client/connect.ts";
import { SHORTEST_PREFIX } from "../../client/session-id.ts";
import { flagValue, has, type Invocation, type Run, word } from "../../framework/command.ts";
import { Failure, UsageError } from "../../ui/failure.ts";
import { columns, print, printJson, say, write } from "../../ui/out.ts";
import { harmless, harmlessJson, quoted } from "../../ui/text.ts";
import { type Approval, approvalLines, shortId } from "./view.ts";

const MARK = "apr-";
const MOST = 1_000;
const MOST_COLUMNS = 10_000;

/** `coven approvals`, `coven approvals list`. */
export const list: Run = async (invocation) => {
  const client = await connect();
  const all = has(invocation, "all");
  const found = await client.approvals(all ? {} : { status: "pending" });
  if (has(invocation, "json")) {
    await printJson(found);
    return 0;
  }
  if (found.approvals.length === 0) {
    say(all ? "Nothing was asked for yet." : "Nothing waits for your approval.");
    return 0;
  }
  // Piped, each line is whole.
  const width = process.stdout.isTTY ? columns(process.stdout, 80) : MOST_COLUMNS;
  const { actions } = await client.actionList();
  const now = Date.now();
  for (const approval of found.approvals) {
    const summary = actions.find(({ id }) => id === approval.action)?.summary;
    const title = await titleOf(client, approval.args);
    await write(`${approvalLines(approval, { summary, title, now, width }).join("\n")}\n`);
  }
  if (!all) say("coven approvals approve ID agrees, coven approvals deny ID refuses.");
  return 0;
};

/** Of the session it is about; undefined where it is about none, or that is gone. */
async function titleOf(client: CovenClient, args: unknown): Promise<string | undefined> {
  const id = typeof args === "object" && args !== null && "sessionId" in args ? args.sessionId : undefined;
  if (typeof id !== "string") return undefined;
  const session = await client.session(id).catch((error: unknown) => {
    if (isCovenError(error) && error.code === "session_not_found") return undefined;
    throw error;
  });
  return session?.title;
}

/** `coven approvals approve ID`. */
export const approve: Run = (invocation) => decide(invocation, "approve");

/** `coven approvals deny ID`. */
export const deny: Run = (invocation) => decide(invocation, "deny");

async function decide(invocation: Invocation, verdict: "approve" | "deny"): Promise<number> {
  // No boundary: an agent has all of its user's rights. It keeps one that was told to agree from doing so by this command.
  if (process.env["COVEN_SESSION_ID"]) {
    throw new Failure("This shell runs inside a session of coven, and no agent decides for you.", [
      "the same command in a terminal of your own",
    ]);
  }
  const client = await connect();
  const id = await fullId(client, word(invocation, 0));
  const { ownerKey: file } = covenPaths();
  const ownerKey = readOwnerKey(file);
  if (ownerKey === undefined) {
    throw new Failure(`There is no key of the owner in ${harmless(file)}.`, ["coven daemon restart"]);
  }
  const reason = flagValue(invocation, "reason");
  const decision = { ownerKey, ...(reason === undefined ? {} : { reason }) };
  const approval = await (verdict === "approve" ? client.approveAction : client.denyAction)(id, decision);
  if (has(invocation, "json")) {
    await printJson(approval);
    return approval.status === "failed" ? 1 : 0;
  }
  const what = `${approval.action} ${harmlessJson(JSON.stringify(approval.args))}`;
  if (approval.status === "failed") {
    throw new Failure(`Approved, and it failed: ${harmless(messageOf(approval))}`, [
      `coven approvals --all   (keeps what became of it)`,
    ]);
  }
  await print(`${approval.status} ${shortId(approval)}: ${what}`);
  return 0;
}

function messageOf({ result }: Approval): string {
  const error = result?.["error"];
  const message =
    typeof error === "object" && error !== null && "message" in error ? error.message : undefined;
  return typeof message === "string" ? message : "the daemon's log says why";
}

/** The id for what was typed: a full one, or a beginning that fits one only, with `apr-` or without. */
async function fullId(client: CovenClient, typed: string): Promise<string> {
  const prefix = typed.toLowerCase().replace(/^apr-/, "");
  if (prefix.length < SHORTEST_PREFIX) {
    throw new UsageError(
      `${quoted(typed)} is too short for the id of an approval: type ${SHORTEST_PREFIX} or more characters of it.`,
      ["coven approvals"],
    );
  }
  const { approvals } = await client.approvals({ limit: MOST });
  const [only, second] = approvals.filter(({ id }) => id.startsWith(MARK + prefix));
  if (only && !second) return only.id;
  if (second) {
    throw new Failure(`${quoted(typed)} fits several approvals.`, [
      "the same command with more characters of the id",
    ]);
  }
  throw new Failure(`Approval not found: no id begins with ${quoted(typed)}.`, ["coven approvals --all"]);
}
