// A model on loopback: enough of the protocols of OpenAI (Responses, Chat Completions), Anthropic (Messages) and Google (generateContent) for the real agents to run on.
import { answerStream, answerWhole, type Protocol } from "./model-streams.ts";

/** What the model says to one request. */
export interface ModelAnswer {
  readonly text: string;
  /** Into how many deltas the text is cut; 1 by default. */
  readonly deltas?: number;
  /** Between two deltas, in milliseconds: as models speak, so that agents draw what they say line by line. */
  readonly everyMs?: number;
  /** It also has the agent call one of its tools, by the name the agent gave it. */
  readonly tool?: { readonly name: string; readonly input: Readonly<Record<string, unknown>> };
  /** After the first delta the model falls silent until this resolves; a promise that never does is a model that hangs. */
  readonly hold?: Promise<void>;
}

/** One request an agent made. */
export interface ModelRequest {
  readonly kind: Protocol | "count_tokens" | "other";
  readonly method: string;
  readonly path: string;
  /** The text of the last thing the user side said, system reminders included; "" when there is none. */
  readonly prompt: string;
  /** The parsed body, or null. */
  readonly body: unknown;
  /** Resolves true when the whole answer was sent, false when the agent hung up before. */
  readonly answered: Promise<boolean>;
}

/** A model server of our own; the agents are pointed at it and need no account and no network. */
export interface ModelServer {
  readonly port: number;
  readonly url: string;
  /** In the order they arrived. */
  readonly requests: readonly ModelRequest[];
  /** From now on every turn is answered by this; title makers and the like ask too, so look at the request. */
  answers(script: (request: ModelRequest) => ModelAnswer): void;
  /** From now on every turn is refused with this HTTP status. */
  refuses(status: number): void;
  /** The first request, past or future, that fits; a named fact to wait for. Rejects after `seconds` (default 30). */
  request(fits: (request: ModelRequest) => boolean, seconds?: number): Promise<ModelRequest>;
  stop(): Promise<void>;
}

/** Starts one on 127.0.0.1, on a free port. It says "Hello from the model." until told otherwise. */
export function modelServer(): ModelServer {
  const requests: ModelRequest[] = [];
  const waiting = new Set<(request: ModelRequest) => void>();
  let script: (request: ModelRequest) => ModelAnswer = () => ({ text: "Hello from the model." });
  let refusal: number | undefined;

  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    async fetch(incoming) {
      const path = new URL(incoming.url).pathname;
      const kind = kindOf(incoming.method, path);
      const body: unknown = await incoming.json().catch(() => null);
      const { promise: answered, resolve } = Promise.withResolvers<boolean>();
      const request = { kind, method: incoming.method, path, body, prompt: promptOf(body), answered };
      requests.push(request);
      for (const look of waiting) look(request);
      const turn = kind !== "count_tokens" && kind !== "other";
      if (turn && refusal === undefined) {
        if (!isStreamed(kind, path, body)) {
          resolve(true);
          return Response.json(answerWhole(kind, script(request)));
        }
        incoming.signal.addEventListener("abort", () => resolve(false));
        const stream = answerStream(kind, script(request), incoming.signal, () => resolve(true));
        return new Response(stream, { headers: { "content-type": "text/event-stream" } });
      }
      resolve(true);
      if (kind === "count_tokens") return Response.json({ input_tokens: 10, totalTokens: 10 });
      if (path === "/v1/models") return Response.json({ object: "list", data: [MODEL] });
      const status = (turn && refusal) || 404;
      const error = { type: "invalid_request_error", message: `the model refuses ${path}` };
      return Response.json({ type: "error", error }, { status });
    },
  });

  return {
    port: server.port ?? 0,
    url: `http://127.0.0.1:${server.port}`,
    requests,
    answers: (next) => {
      script = next;
      refusal = undefined;
    },
    refuses: (status) => {
      refusal = status;
    },
    request(fits, seconds = 30) {
      const past = requests.find(fits);
      if (past) return Promise.resolve(past);
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(look);
          const seen = requests.map((request) => `${request.method} ${request.path}`).join(", ");
          reject(new Error(`waited ${seconds} s for a request to the model; seen: ${seen || "none"}`));
        }, seconds * 1000);
        const look = (request: ModelRequest) => {
          if (!fits(request)) return;
          clearTimeout(timer);
          waiting.delete(look);
          resolve(request);
        };
        waiting.add(look);
      });
    },
    stop: () => server.stop(true),
  };
}

function kindOf(method: string, path: string): ModelRequest["kind"] {
  if (method !== "POST") return "other";
  if (path === "/v1/responses") return "responses";
  if (path === "/v1/messages") return "messages";
  if (path === "/v1/chat/completions") return "chat";
  if (/:(?:stream)?generateContent$/i.test(path)) return "generate";
  if (path.endsWith(":countTokens")) return "count_tokens";
  return path === "/v1/messages/count_tokens" ? "count_tokens" : "other";
}

const MODEL = { id: "mock-model", object: "model", owned_by: "mock" };

/** Chat asks for a stream in the body, Google by the path; the other two are never asked otherwise. */
function isStreamed(kind: ModelRequest["kind"], path: string, body: unknown): boolean {
  if (kind === "chat") return member(body, "stream") === true;
  return kind !== "generate" || path.includes(":stream");
}

/** The last user message of any protocol: `input`, `messages` or `contents`; its content a string, or blocks or parts with `text`. */
function promptOf(body: unknown): string {
  const list = member(body, "input") ?? member(body, "messages") ?? member(body, "contents");
  if (!Array.isArray(list)) return "";
  const last = list.findLast((item: unknown) => member(item, "role") === "user");
  const content = member(last, "content") ?? member(last, "parts");
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((block: unknown) => String(member(block, "text") ?? "")).join("\n");
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}
