// What a run is in lines of JSON: the frames that coven 0.4.6 printed, made of what codex and claude print themselves.
import type { Session } from "../../../session/session.ts";

/** One line of JSON. */
export type Frame = Readonly<Record<string, unknown>> & { readonly type: string };

type Json = Readonly<Record<string, unknown>>;

/** The first two frames of a run. */
export function openingFrames(session: Session, prompt: string): Frame[] {
  const { id, cwd, model, permission } = session;
  return [
    { type: "system", subtype: "init", cwd, session_id: id, tools: [], agent_mode: null, model, permission },
    { type: "user", message: textMessage("user", prompt), session_id: id, parent_tool_use_id: null },
  ];
}

/** How it ended. `session_id` is "" for a run that never became a session. */
export function resultFrame(result: {
  readonly sessionId: string;
  readonly tookMs: number;
  readonly turns: number;
  readonly conversation: string | null;
  /** Null for a success. */
  readonly error: string | null;
  readonly usage?: unknown;
  readonly cost?: unknown;
}): Frame {
  return {
    type: "result",
    subtype: result.error === null ? "success" : "error_during_execution",
    duration_ms: Math.round(result.tookMs),
    is_error: result.error !== null,
    num_turns: result.turns,
    session_id: result.sessionId,
    harness_session_id: result.conversation,
    error: result.error,
    ...(result.usage === undefined ? {} : { usage: result.usage }),
    ...(result.cost === undefined ? {} : { total_cost_usd: result.cost }),
  };
}

/** Output as it comes, in a frame. */
export function outputFrame(sessionId: string, text: string): Frame {
  return { type: "output", text, session_id: sessionId };
}

/** Makes frames of the output of a harness that prints lines of JSON. */
export interface LineReader {
  /** The frames of what was complete within it. */
  read(text: string): Frame[];
  /** The frames of a last line without an end. */
  end(): Frame[];
  /** The harness's own id of the conversation, once it has said it. */
  readonly conversation: string | null;
  /** Why it failed, as it said last: in its protocol, else in any other line. */
  readonly complaint: string | undefined;
  /** The tokens of the turn, as the harness counts them, and what claude says they cost. */
  readonly usage: unknown;
  readonly cost: unknown;
}

/** One for each run. */
export function lineReader(sessionId: string): LineReader {
  let open = "";
  let conversation: string | null = null;
  let said: string | undefined;
  let failed: string | undefined;
  let usage: unknown;
  let cost: unknown;

  function framesOf(line: string): Frame[] {
    const plain = Bun.stripANSI(line).trim();
    if (plain === "") return [];
    const value = jsonObject(plain);
    if (typeof value?.["type"] !== "string") {
      said = plain;
      return [outputFrame(sessionId, `${line}\n`)];
    }
    const { type } = value;
    conversation = conversationOf(value) ?? conversation;
    // codex 0.169, `codex exec --json`; what is no message stays in the ledger.
    if (type === "turn.completed") usage = value["usage"];
    if (type === "turn.failed" || type === "error") failed = messageOf(value) ?? failed;
    if (type === "item.completed") return codexMessage(value["item"], sessionId);
    if (type === "error" || /^(thread|turn|item)\./.test(type)) return [];
    if (type === "result") ({ usage, total_cost_usd: cost } = value);
    // claude 2.1.329: these are the frames, but for the id.
    const native = value["session_id"];
    return [
      {
        ...value,
        type,
        session_id: sessionId,
        ...(native === undefined ? {} : { harness_session_id: native }),
      },
    ];
  }

  return {
    read(text) {
      const lines = (open + text).split(/\r*\n/);
      open = lines.pop() ?? "";
      return lines.flatMap(framesOf);
    },
    end() {
      const last = open;
      open = "";
      return framesOf(last);
    },
    get conversation() {
      return conversation;
    },
    get complaint() {
      return failed ?? said;
    },
    get usage() {
      return usage;
    },
    get cost() {
      return cost;
    },
  };
}

/** The id of the conversation that a line of codex (`thread.started`) or claude names. */
function conversationOf(value: Json): string | undefined {
  const id = value["type"] === "thread.started" ? value["thread_id"] : value["session_id"];
  return typeof id === "string" && id !== "" ? id : undefined;
}

function codexMessage(item: unknown, sessionId: string): Frame[] {
  if (!isObject(item) || item["type"] !== "agent_message" || typeof item["text"] !== "string") return [];
  const message = textMessage("assistant", item["text"]);
  return [{ type: "assistant", message, session_id: sessionId, stop_reason: "end_turn" }];
}

function messageOf(value: Json): string | undefined {
  const error = value["error"];
  const message = isObject(error) ? error["message"] : value["message"];
  return typeof message === "string" ? message : undefined;
}

function textMessage(role: "user" | "assistant", text: string) {
  return { role, content: [{ type: "text", text }] };
}

function jsonObject(text: string): Json | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
