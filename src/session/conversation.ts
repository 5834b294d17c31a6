// By which id a harness's program finds a conversation again: chosen by us, else found in what it prints or in the files it has open.
import { CovenError } from "../errors.ts";
import { failureFields } from "./evidence.ts";
import type { Conversations } from "./ports/harnesses.ts";
import type { LedgerReader } from "./ports/ledger.ts";
import type { Processes, ProcessIdentity } from "./ports/processes.ts";
import type { CovenPorts } from "./ports.ts";
import { isSettled, type Session } from "./session.ts";

/** Output at either end of a run in which an id is looked for, in bytes. */
const LOOKED_AT = 256 * 1024;
const LAST_EVENTS = 256;

/** What may become an argument of a harness: nothing that could be read as another one. */
const CONVERSATION_ID = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Arguments of the person's own that say which conversation is meant: then no id of ours is added. */
const SAYS_WHICH =
  /^(?:--(?:session-id|resume|continue|fork-session|from-pr|teleport|conversation)(?:=.*)?|-[rcs])$/s;

/** Whether the person's own arguments leave the choice of a conversation to us. */
export function leavesChoice(args: readonly string[]): boolean {
  return !args.some((one) => SAYS_WHICH.test(one));
}

/** The session whose conversation goes on, and its id. */
export interface Continued {
  readonly session: Session;
  readonly conversation: string;
}

/**
 * What a launch goes on with. Throws `session_not_found`, `session_running` (also of another session that goes on with it), `invalid_request` for another harness's session, and `not_supported` (details `sessionId`, `harness`,
 * `reason`) where the conversation is not known or the harness can't go on with one.
 */
export function continued(
  { ledger, harnesses }: Pick<CovenPorts, "ledger" | "harnesses">,
  id: string,
  harness: string,
): Continued {
  const session = ledger.session(id);
  if (!session) throw new CovenError("session_not_found", `There is no session ${id}.`, { sessionId: id });
  if (session.harness !== harness) {
    throw new CovenError("invalid_request", `Session ${id} is a conversation with ${session.harness}.`, {
      field: "continues",
      sessionId: id,
      harness: session.harness,
      hint: `coven resume ${id}`,
    });
  }
  const refuse = (reason: string): never => {
    throw new CovenError("not_supported", `Session ${id} can't be gone on with: ${reason}.`, {
      sessionId: id,
      harness,
      reason,
      hint: `coven attach ${id}   (shows what it printed)`,
    });
  };
  if (session.external) return refuse("somebody else started it");
  if (!isSettled(session.status)) {
    throw new CovenError("session_running", `Session ${id} is running; type into it instead.`, {
      sessionId: id,
      status: session.status,
      hint: `coven attach ${id}`,
    });
  }
  const known = harnesses.conversations(harness);
  if (!known.resume) return refuse(`it isn't known how ${harness} goes on with a conversation`);
  const legacy =
    session.conversation_id && UUID.test(session.conversation_id) ? session.conversation_id : null;
  const conversation = session.agent_session_id ?? saidBy(ledger, session, known) ?? legacy;
  if (conversation === null || conversation === undefined)
    return refuse(`${harness} has not said which conversation it was`);
  const [live] = ledger
    .unsettled()
    .filter((one) => one.session.harness === harness && one.session.agent_session_id === conversation);
  if (live) {
    throw new CovenError(
      "session_running",
      `Session ${live.session.id} goes on with this conversation already.`,
      {
        sessionId: live.session.id,
        status: live.session.status,
        hint: `coven attach ${live.session.id}`,
      },
    );
  }
  return { session, conversation };
}

/** Notes which conversation a run was, as soon as it has settled. Never throws. */
export function noteSaid(ports: Pick<CovenPorts, "ledger" | "harnesses" | "log">, id: string): void {
  const { ledger, harnesses, log } = ports;
  try {
    const session = ledger.session(id);
    if (!session || session.external) return;
    note(ports, session, saidBy(ledger, session, harnesses.conversations(session.harness)));
  } catch (error) {
    log.error("conversation_not_noted", { sessionId: id, ...failureFields(error) });
  }
}

/** Notes which conversation a program that runs is in, where a file that it has open tells. Never throws. */
export function noteHeld(
  ports: Pick<CovenPorts, "ledger" | "harnesses" | "processes" | "log">,
  id: string,
  leader: ProcessIdentity | null | undefined,
): void {
  const { ledger, harnesses, processes, log } = ports;
  if (!leader) return;
  try {
    const session = ledger.session(id);
    const { holds } = harnesses.conversations(session?.harness ?? "");
    if (session && holds.length > 0) note(ports, session, heldBy(processes, leader, holds));
  } catch (error) {
    log.error("conversation_not_noted", { sessionId: id, ...failureFields(error) });
  }
}

function note(
  { ledger, log }: Pick<CovenPorts, "ledger" | "log">,
  session: Session,
  conversation: string | undefined,
): void {
  if (conversation === undefined || conversation === session.agent_session_id) return;
  ledger.conversationIs(session.id, conversation);
  log.info("conversation_noted", { sessionId: session.id });
}

/** The id in what it printed: a one-shot run says it first of all, a program with a terminal interface when it has left that. */
function saidBy(ledger: LedgerReader, session: Session, { says }: Conversations): string | undefined {
  if (says.length === 0) return undefined;
  const { id, launch_mode: mode } = session;
  const head = text(ledger.output(id, 0, LOOKED_AT).map(({ data }) => data));
  const tail = text(lastOutput(ledger, id));
  const found = (where: string) => idsIn(plain(where), says);
  if (mode !== "interactive") return found(head)[0] ?? found(tail).at(-1);
  const left = tail.lastIndexOf("\u001b[?1049l");
  // What stands on the alternate screen may be anybody's words.
  if (left < 0 && (head.includes("\u001b[?1049h") || tail.includes("\u001b[?1049h"))) return undefined;
  return found(left < 0 ? tail : tail.slice(left)).at(-1);
}

/** The end of its output, whole rows, in order. */
function lastOutput(ledger: LedgerReader, id: string): Uint8Array[] {
  const rows: Uint8Array[] = [];
  let bytes = 0;
  const before = ledger.lastSeq(id) + 1;
  for (const event of ledger.kept({ sessionId: id, beforeSeq: before, limit: LAST_EVENTS })) {
    if (event.kind !== "output" || typeof event.payload === "string") continue;
    rows.push(event.payload);
    bytes += event.payload.length;
    if (bytes >= LOOKED_AT) break;
  }
  return rows.reverse();
}

function text(rows: readonly Uint8Array[]): string {
  const decoder = new TextDecoder();
  return rows.map((row) => decoder.decode(row, { stream: true })).join("");
}

/** Without what only moves a cursor or colours. */
function plain(text: string): string {
  return text.replace(
    /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[()][A-Z0-9]|[=>78])/g,
    "",
  );
}

const ID = "{id}";

/** Every id that stands in a text as one of the patterns has it, in the order of the text. */
function idsIn(text: string, patterns: readonly string[]): string[] {
  const found: { readonly at: number; readonly id: string }[] = [];
  for (const pattern of patterns) {
    const [before = "", after = ""] = pattern
      .split(ID)
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    for (const match of text.matchAll(new RegExp(`${before}([A-Za-z0-9_][A-Za-z0-9._-]*)${after}`, "g"))) {
      const id = match[1]?.replace(/[.-]+$/, "") ?? "";
      if (CONVERSATION_ID.test(id)) found.push({ at: match.index, id });
    }
  }
  return found.sort((one, other) => one.at - other.at).map(({ id }) => id);
}

/** The id in the name of a file that the program, or one that it started, has open; of several the first by name, which is the oldest. */
function heldBy(processes: Processes, leader: ProcessIdentity, holds: readonly string[]): string | undefined {
  const among = (pids: readonly number[]) =>
    pids.flatMap((pid) => processes.openFiles(pid)).flatMap((path) => idsIn(path, holds));
  const own = processes.identify(leader.pid);
  if (own?.startedAt !== leader.startedAt) return undefined;
  const ids = among([leader.pid]);
  return (ids.length > 0 ? ids : among(descendants(processes, leader.pid))).sort()[0];
}

function descendants(processes: Processes, pid: number): number[] {
  const children = Map.groupBy(processes.list(), ({ parent }) => parent);
  const found: number[] = [];
  for (let queue = [pid]; queue.length > 0; ) {
    queue = queue.flatMap((one) => children.get(one) ?? []).map(({ pid }) => pid);
    found.push(...queue.filter((one) => !found.includes(one)));
    if (found.length > 10_000) break;
  }
  return found;
}
