// The event streams a model answers in, event by event, as the real agents read them.
import type { ModelAnswer } from "./model-server.ts";

/**
 * OpenAI's Responses API as codex 0.169 reads it, Anthropic's Messages API as claude 2.1.329 reads it, OpenAI's Chat Completions as opencode, copilot and
 * qwen read it, Google's generateContent as gemini reads it.
 */
export type Protocol = "responses" | "messages" | "chat" | "generate";

/**
 * One answer as Server-Sent Events. Stops when `signal` says that the agent hung up; `sent` is called after the last event.
 */
export function answerStream(
  protocol: Protocol,
  answer: ModelAnswer,
  signal: AbortSignal,
  sent: () => void,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const events = EVENTS[protocol](answer, pieces(answer));
  const gone = new Promise<void>((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true }),
  );
  let held = answer.hold;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = events.next();
      if (next.done || signal.aborted) {
        controller.close();
        if (!signal.aborted) sent();
        return;
      }
      const [type, data] = next.value;
      controller.enqueue(encoder.encode(written(protocol, type, data)));
      if (held && type.endsWith("delta")) {
        await Promise.race([held, gone]);
        held = undefined;
      }
      if (answer.everyMs && type.endsWith("delta")) await Promise.race([Bun.sleep(answer.everyMs), gone]);
    },
  });
}

/** The last two name no events; chat says when it is over. */
function written(protocol: Protocol, type: string, data: Readonly<Record<string, unknown>>): string {
  if (protocol === "responses" || protocol === "messages") {
    return `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
  }
  return type === "done" ? "data: [DONE]\n\n" : `data: ${JSON.stringify(data)}\n\n`;
}

/** The same as one JSON document, for who asked for no stream: chat and generate. */
export function answerWhole(protocol: Protocol, { text }: ModelAnswer): unknown {
  if (protocol === "generate") return generated([{ text }], "STOP");
  const message = { role: "assistant", content: text };
  return {
    ...completion("chat.completion"),
    choices: [{ index: 0, message, finish_reason: "stop" }],
    usage: CHAT_USAGE,
  };
}

const CHAT_USAGE = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };

function completion(object: string) {
  return {
    id: `chatcmpl-${crypto.randomUUID()}`,
    object,
    created: Math.floor(Date.now() / 1000),
    model: "mock-model",
  };
}

function* chat({ tool }: ModelAnswer, deltas: string[]): Generator<StreamEvent> {
  const chunk = completion("chat.completion.chunk");
  const choice = (delta: object, finish_reason: string | null = null) => ({
    ...chunk,
    choices: [{ index: 0, delta, finish_reason }],
  });
  yield ["start", choice({ role: "assistant", content: "" })];
  for (const content of deltas) yield ["delta", choice({ content })];
  if (tool) {
    const called = { name: tool.name, arguments: JSON.stringify(tool.input) };
    const call = { index: 0, id: `call_${crypto.randomUUID()}`, type: "function", function: called };
    yield ["tool", choice({ tool_calls: [call] })];
  }
  yield ["end", { ...choice({}, tool ? "tool_calls" : "stop"), usage: CHAT_USAGE }];
  yield ["done", {}];
}

function* generate({ tool }: ModelAnswer, deltas: string[]): Generator<StreamEvent> {
  for (const text of deltas) yield ["delta", generated([{ text }])];
  const parts = tool ? [{ functionCall: { name: tool.name, args: tool.input } }] : [{ text: "" }];
  yield ["end", generated(parts, "STOP")];
}

function generated(parts: readonly object[], finishReason?: string) {
  return {
    candidates: [{ index: 0, content: { role: "model", parts }, ...(finishReason ? { finishReason } : {}) }],
    usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 15 },
    modelVersion: "mock-model",
  };
}

type StreamEvent = readonly [type: string, data: Readonly<Record<string, unknown>>];

function pieces({ text, deltas = 1 }: ModelAnswer): string[] {
  const points = Array.from(text);
  const size = Math.max(1, Math.ceil(points.length / deltas));
  const cut: string[] = [];
  for (let at = 0; at < points.length; at += size) cut.push(points.slice(at, at + size).join(""));
  return cut;
}

function* responses({ text, tool }: ModelAnswer, deltas: string[]): Generator<StreamEvent> {
  const response = { id: `resp_${crypto.randomUUID()}`, object: "response", model: "mock-model", output: [] };
  const message = { type: "message", role: "assistant", id: `msg_${crypto.randomUUID()}` };
  yield ["response.created", { response: { ...response, status: "in_progress" } }];
  yield [
    "response.output_item.added",
    { output_index: 0, item: { ...message, status: "in_progress", content: [] } },
  ];
  for (const delta of deltas) {
    yield ["response.output_text.delta", { item_id: message.id, output_index: 0, content_index: 0, delta }];
  }
  const item = { ...message, status: "completed", content: [{ type: "output_text", text, annotations: [] }] };
  yield ["response.output_item.done", { output_index: 0, item }];
  if (tool) {
    const call = {
      type: "function_call",
      id: `fc_${crypto.randomUUID()}`,
      call_id: `call_${crypto.randomUUID()}`,
    };
    const named = { ...call, name: tool.name, arguments: JSON.stringify(tool.input), status: "completed" };
    yield ["response.output_item.added", { output_index: 1, item: { ...named, arguments: "" } }];
    yield ["response.output_item.done", { output_index: 1, item: named }];
  }
  const usage = {
    input_tokens: 10,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: 5,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 15,
  };
  yield ["response.completed", { response: { ...response, status: "completed", output: [item], usage } }];
}

function* messages({ tool }: ModelAnswer, deltas: string[]): Generator<StreamEvent> {
  const message = {
    id: `msg_${crypto.randomUUID()}`,
    type: "message",
    role: "assistant",
    model: "mock-model",
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 10, output_tokens: 1 },
  };
  yield ["message_start", { message }];
  yield ["content_block_start", { index: 0, content_block: { type: "text", text: "" } }];
  for (const text of deltas) yield ["content_block_delta", { index: 0, delta: { type: "text_delta", text } }];
  yield ["content_block_stop", { index: 0 }];
  if (tool) {
    const block = { type: "tool_use", id: `toolu_${crypto.randomUUID()}`, name: tool.name, input: {} };
    yield ["content_block_start", { index: 1, content_block: block }];
    const partial_json = JSON.stringify(tool.input);
    yield ["content_block_delta", { index: 1, delta: { type: "input_json_delta", partial_json } }];
    yield ["content_block_stop", { index: 1 }];
  }
  yield [
    "message_delta",
    {
      delta: { stop_reason: tool ? "tool_use" : "end_turn", stop_sequence: null },
      usage: { output_tokens: 5 },
    },
  ];
  yield ["message_stop", {}];
}

const EVENTS = { responses, messages, chat, generate } as const;
