// The typed client: one method per route over the Unix socket, every failure a CovenError. What it sends and gets is typed by
// the routes' own records, of which it loads nothing: with zod a start takes 20 ms more. The daemon validates.
import { CovenError } from "../errors.ts";
import type { Event } from "../session/event.ts";
import type { Session } from "../session/session.ts";
import { type Attached, type AttachOptions, openAttach, type TerminalSize } from "./client-attach.ts";
import { errorOf, parseAnswer, unreachable } from "./client-errors.ts";
import { type Answer, askedOfNext, resumedEvents, resumedFeed, resumedOutput } from "./client-resume.ts";
import { bunTransport, type Transport } from "./client-transport.ts";
import type { AnswerOf, BodyOf, QueryOf } from "./route.ts";

import type { FeedFrame } from "./routes/feed.ts";
import type { SessionsPage } from "./routes/sessions.ts";
import type { ROUTES, RouteName } from "./routes/table.ts";
import type { ApprovalEvent } from "./schema.ts";
import { readEvents, readFrames } from "./sse.ts";

export type { Attached, AttachOptions, TerminalSize } from "./client-attach.ts";
export { isUnreachable } from "./client-errors.ts";
export { untilAnswered } from "./client-resume.ts";
export type { StatusAnswer } from "./routes/daemon.ts";
export type { FeedFrame } from "./routes/feed.ts";
export type { AttachFrame } from "./schema.ts";

/** Ends a call from outside; the call then rejects with the signal's own reason, not with a CovenError. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  /** As the client's own, for this call. */
  readonly patient?: boolean;
}

export interface ClientOptions {
  /** The way to the socket; Bun's own when left out. */
  readonly transport?: (socketPath: string) => Transport;
  /** Asked before a call or stream goes on at another daemon; what it throws ends it. */
  readonly verify?: (call: CallOptions) => Promise<void>;
  /** The most milliseconds a call that is no stream may take; default 30,000. Then it is `unreachable`, cause `timeout`. */
  readonly timeoutMs?: number;
  /** Who asks, in words of their own, for the record; the runtime's name when left out. */
  readonly agent?: string;
  /** While the daemon is being replaced a call waits for the next one, some seconds at most. Streams always do. */
  readonly patient?: boolean;
  /** A connection of its own per call: what answers is then whoever listens on the path now, not who did a moment ago. */
  readonly fresh?: boolean;
  /** The session in whose terminal is shown what `attach`, `output` and `eventStream` follow. */
  readonly within?: string | undefined;
}

type Routes = typeof ROUTES;

/** Each route under its method and path, by which the client asks: names and paths that no record has do not compile. */
type Table = { readonly [N in RouteName as Routes[N]["place"]]: Routes[N] };
type At = keyof Table;

/** One request, as its route's record has it. */
interface Call<A extends At> extends CallOptions {
  readonly id?: string;
  /** A parameter that is undefined is left out. */
  readonly query?: { readonly [P in keyof QueryOf<Table[A]>]: QueryOf<Table[A]>[P] | undefined };
  readonly body?: BodyOf<Table[A]>;
  readonly headers?: Readonly<Record<string, string>>;
}

type SessionsQuery = QueryOf<Routes["sessions"]>;
type EventsQuery = QueryOf<Routes["sessionEvents"]>;
type LaunchBody = BodyOf<Routes["launch"]>;

/** How somebody decides on an approval. */
interface Decision extends CallOptions {
  readonly ownerKey?: string;
  readonly reason?: string;
  readonly origin?: string;
}

/** One method per route. Each rejects with the CovenError the daemon sent, or with one that `isUnreachable` knows. */
export type CovenClient = ReturnType<typeof covenClient>;

/** What a timer of the runtime holds; it fires at once for more. */
const MOST_TIMER_MS = 2 ** 31 - 1;

/**
 * A client of the daemon behind `socketPath`. Opens nothing until a method is called. When the daemon cannot be
 * asked the error is `runtime_unavailable` with details `{reason:"unreachable", cause, socket}`, `cause` being
 * the system's word (`ENOENT`, `ECONNREFUSED`, `ECONNRESET`, …) or `timeout`.
 */
export function covenClient(socketPath: string, options: ClientOptions = {}) {
  const timeoutMs = Math.min(options.timeoutMs ?? 30_000, MOST_TIMER_MS);
  const transport = (options.transport ?? bunTransport)(socketPath);
  const agent = options.agent === undefined ? {} : { "user-agent": options.agent };
  const { within } = options;

  /** Sends one request and returns its answer once the status line says success; else throws. */
  async function send<A extends At>(at: A, call: Call<A>, timer?: AbortSignal): Promise<Response> {
    const signals = [call.signal, timer].filter((signal) => signal !== undefined);
    const headers: Record<string, string> = { ...agent, ...call.headers };
    if (call.body !== undefined) headers["content-type"] = "application/json";
    const answer = await transport.fetch({
      path: `/api/v1${pathOf(at, call)}`,
      fresh: options.fresh ?? false,
      method: at.slice(0, at.indexOf(" ")),
      headers,
      body: call.body === undefined ? undefined : JSON.stringify(call.body),
      signal: signals.length === 0 ? undefined : AbortSignal.any(signals),
    });
    if (!answer.ok) throw errorOf(answer.status, await answer.text());
    return answer;
  }

  /** Whatever went wrong on the way, in the client's own words; an abort by the caller stays what it is. */
  function failed(error: unknown, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted) return signal.reason;
    if (error instanceof CovenError) return error;
    return unreachable(socketPath, error);
  }

  async function ask<A extends At>(at: A, call: Call<A> = {}): Promise<AnswerOf<Table[A]>> {
    // The daemon's shapes are frozen by test/contract; parsing them again would cost the CLI its start-up.
    return parseAnswer(await askText(at, call)) as AnswerOf<Table[A]>;
  }

  async function askText<A extends At>(at: A, call: Call<A> = {}): Promise<string> {
    return asked(at, call, () => textOnce(at, call));
  }

  function asked<A extends At, T>(at: A, call: Call<A>, once: () => Promise<T>): Promise<T> {
    if (!(call.patient ?? options.patient)) return once();
    const verify = async () => options.verify?.(call.signal ? { signal: call.signal } : {});
    return askedOfNext(once, { reads: at.startsWith("GET "), verify, signal: call.signal });
  }

  async function textOnce<A extends At>(at: A, call: Call<A>): Promise<string> {
    const timer = new AbortController();
    const timeout = setTimeout(() => timer.abort(new Error("timeout")), timeoutMs);
    try {
      return await (await send(at, call, timer.signal)).text();
    } catch (error) {
      throw timer.signal.aborted ? unreachable(socketPath, { code: "timeout" }) : failed(error, call.signal);
    } finally {
      clearTimeout(timeout);
    }
  }

  /** As `bytes`, with the type of the body. */
  async function answerOf<A extends At>(at: A, call: Call<A>): Promise<Answer> {
    const hangUp = new AbortController();
    try {
      const answer = await send(at, call, hangUp.signal);
      return { type: answer.headers.get("content-type") ?? "", body: bodyOf(answer, call.signal, hangUp) };
    } catch (error) {
      hangUp.abort();
      throw failed(error, call.signal);
    }
  }

  async function* bodyOf(answer: Response, signal: AbortSignal | undefined, hangUp: AbortController) {
    try {
      if (answer.body) yield* answer.body;
    } catch (error) {
      throw failed(error, signal);
    } finally {
      hangUp.abort();
    }
  }

  /** The body as it arrives. Leaving the loop early cancels it, and the daemon sees the client go. */
  async function* bytes<A extends At>(at: A, call: Call<A>): AsyncGenerator<Uint8Array> {
    yield* (await answerOf(at, call)).body;
  }

  const record = (id: string, call?: CallOptions) => ask("GET /sessions/:id", { ...call, id });

  /** Of a session whose stream broke off, at whoever answers now. */
  async function recordAgain(id: string, call: CallOptions): Promise<Session> {
    await options.verify?.(call);
    return record(id, call);
  }

  function sessions(query?: undefined, call?: CallOptions): Promise<Session[]>;
  function sessions(query: SessionsQuery, call?: CallOptions): Promise<SessionsPage>;
  function sessions(query?: SessionsQuery, call?: CallOptions): Promise<Session[] | SessionsPage> {
    // A page is asked for by naming a member: `{}` still means a page.
    return ask(
      "GET /sessions",
      query ? { ...call, query: { includeArchived: false, ...query } } : { ...call },
    );
  }

  const client = {
    apiVersion: (call?: CallOptions) => ask("GET /api-version", call),
    health: (call?: CallOptions) => ask("GET /health", call),
    /** The contract as OpenAPI 3.1. */
    openapi: (call?: CallOptions) => ask("GET /openapi.json", call),
    capabilities: (call?: CallOptions) => ask("GET /capabilities", call),
    /** Every action, with what applies to it for this origin. */
    actionList: (query: QueryOf<Routes["actionList"]> = {}, call?: CallOptions) =>
      ask("GET /actions", { ...call, query }),
    /** The user's own adapters of the control plane. */
    adapters: (call?: CallOptions) => ask("GET /adapters", call),
    actions: (body: BodyOf<Routes["actions"]>, call?: CallOptions) => ask("POST /actions", { ...call, body }),

    approvals: (query: QueryOf<Routes["approvals"]> = {}, call?: CallOptions) =>
      ask("GET /approvals", { ...call, query }),
    approval: (id: string, call?: CallOptions) => ask("GET /approvals/:id", { ...call, id }),
    /** Its steps after a seq, then those that come; ends after the last one. Leave the loop to hang up. */
    approvalEvents: (
      id: string,
      { afterSeq, ...call }: CallOptions & { readonly afterSeq?: number } = {},
    ): AsyncIterable<ApprovalEvent> => {
      const headers = { accept: "text/event-stream" };
      return readEvents(bytes("GET /approvals/:id/events", { ...call, id, query: { afterSeq }, headers }));
    },
    /** Agrees, with the owner's key or under a name that the settings let decide. */
    approveAction: (id: string, decision: Decision = {}) =>
      ask("POST /approvals/:id/approve", { id, ...decided(decision) }),
    /** Refuses, by the same. */
    denyAction: (id: string, decision: Decision = {}) =>
      ask("POST /approvals/:id/deny", { id, ...decided(decision) }),

    /** Without a query the bare list: not archived, newest first. With one (also `{}`), a page. */
    sessions,
    /** The same `idempotencyKey` again gives the first one's record. */
    launch: (body: LaunchBody, call: CallOptions & { readonly idempotencyKey?: string } = {}) => {
      const { idempotencyKey: key, ...rest } = call;
      const headers = key === undefined ? {} : { headers: { "idempotency-key": key } };
      return ask("POST /sessions", { ...rest, ...headers, body });
    },
    /** A run that somebody else started, put on the list. */
    registerExternal: (body: BodyOf<Routes["registerExternal"]>, call?: CallOptions) =>
      ask("POST /sessions/external", { ...call, body }),
    /** It has ended. */
    completeExternal: (id: string, body: BodyOf<Routes["completeExternal"]> = {}, call?: CallOptions) =>
      ask("POST /sessions/:id/complete", { ...call, id, body }),
    session: record,
    /** What it is called from now on; null: nothing. */
    rename: (id: string, name: string | null, call?: CallOptions) =>
      ask("POST /sessions/:id/rename", { ...call, id, body: name === null ? {} : { name } }),
    archive: (id: string, call?: CallOptions) => ask("POST /sessions/:id/archive", { ...call, id }),
    summon: (id: string, call?: CallOptions) => ask("POST /sessions/:id/summon", { ...call, id }),
    /** Of one with a git worktree only with `keepWorktree`, which stays then, or once that is gone. */
    sacrifice: (
      id: string,
      { keepWorktree, ...call }: CallOptions & { readonly keepWorktree?: boolean } = {},
    ) =>
      ask("DELETE /sessions/:id", { ...call, id, ...(keepWorktree ? { body: { worktree: "keep" } } : {}) }),

    /** Written as is, no newline added; with `submit` typed as a person would, Enter included. */
    input: (
      id: string,
      data: string,
      options: CallOptions &
        Omit<BodyOf<Routes["input"]>, "data"> & { readonly idempotencyKey?: string } = {},
    ) => {
      const { idempotencyKey: key, signal, ...body } = options;
      const headers = key === undefined ? {} : { headers: { "idempotency-key": key } };
      const call = signal ? { signal } : {};
      return ask("POST /sessions/:id/input", { ...call, ...headers, id, body: { data, ...body } });
    },
    /** Answers its question for leave with the keys its harness takes. */
    approve: (id: string, body: BodyOf<Routes["approve"]> = {}, call?: CallOptions) =>
      ask("POST /sessions/:id/approve", { ...call, id, body }),
    deny: (id: string, body: BodyOf<Routes["deny"]> = {}, call?: CallOptions) =>
      ask("POST /sessions/:id/deny", { ...call, id, body }),
    kill: (id: string, call?: CallOptions) => ask("POST /sessions/:id/kill", { ...call, id }),
    resize: (id: string, body: BodyOf<Routes["resize"]>, call?: CallOptions) =>
      ask("POST /sessions/:id/resize", { ...call, id, body }),
    /** The screen as it is, or as it was last; for its `picture` ask. */
    screen: (id: string, { picture, ...call }: CallOptions & QueryOf<Routes["screen"]> = {}) =>
      ask("GET /sessions/:id/screen", { ...call, id, query: { picture } }),
    /** The attach WebSocket: a terminal of one's own on the session. */
    attach: (id: string, attaching: AttachOptions): Attached => {
      const shownIn = attaching.shown === false ? undefined : within;
      const path = (size: TerminalSize | undefined, client: string | undefined) => {
        const mode = attaching.observe ? ("observe" as const) : undefined;
        const picture = attaching.picture ? true : undefined;
        const query = { mode, picture, client, within: shownIn, ...size };
        return pathOf("GET /sessions/:id/attach", { id, query });
      };
      return openAttach(transport.webSocket, path, attaching);
    },
    /**
     * The exact bytes after a seq; with `follow`, until the session has ended, also when the daemon is replaced meanwhile: each byte once. Leave the loop to
     * hang up.
     */
    output: (
      id: string,
      { afterSeq, follow, ...call }: CallOptions & Omit<QueryOf<Routes["output"]>, "rows" | "within"> = {},
    ): AsyncIterable<Uint8Array> => {
      const open = (after: number) => {
        const following = follow ? { follow, within } : {};
        const query = { afterSeq: after === 0 ? undefined : after, ...following, rows: true };
        const route = "GET /sessions/:id/output";
        const once = () => answerOf(route, { ...call, id, query });
        return follow ? once() : asked(route, call, once);
      };
      const resuming = { signal: call.signal, record: () => recordAgain(id, call) };
      return resumedOutput(open, { ...resuming, began: afterSeq ?? 0, stay: follow ?? false });
    },

    /** One page of `GET /events?sessionId=`. */
    events: (sessionId: string, query?: EventsQuery, call?: CallOptions) =>
      ask("GET /events", { ...call, query: { sessionId, ...query } }),
    /** The same page by the session's own path. */
    sessionEvents: (id: string, query: EventsQuery = {}, call?: CallOptions) =>
      ask("GET /sessions/:id/events", { ...call, id, query }),
    /** Events after a seq, then live ones, each once; ends after the exit event, and goes on when the daemon is replaced. Leave the loop to hang up. */
    eventStream: (
      id: string,
      { afterSeq, ...call }: CallOptions & { readonly afterSeq?: number } = {},
    ): AsyncIterable<Event> => {
      const headers = { accept: "text/event-stream" };
      return resumedEvents(
        (after) =>
          readEvents(
            bytes("GET /sessions/:id/events", { ...call, id, query: { afterSeq: after, within }, headers }),
          ),
        { signal: call.signal, record: () => recordAgain(id, call), began: afterSeq },
      );
    },

    /** What happens to all sessions from now on, or after a cursor; `gap` first where that is kept no more. Goes on when the daemon is replaced, and throws when none answers any more. Leave the loop to hang up. */
    feed: ({
      cursor,
      ...call
    }: CallOptions & { readonly cursor?: string | undefined } = {}): AsyncIterable<FeedFrame> =>
      resumedFeed(
        (after) => {
          const headers = after === undefined ? {} : { headers: { "last-event-id": after } };
          return readFeed(bytes("GET /feed", { ...call, ...headers }));
        },
        { cursor, signal: call.signal, ask: () => (options.verify ?? client.health)(call) },
      ),

    /** Has the daemon tell the person; `notified` says later what came of it. */
    notifyTest: (call?: CallOptions) => ask("POST /notify", { ...call, body: {} }),
    notified: (call?: CallOptions) => ask("GET /notify", call),
    /** What it wants from a person, and what it wanted before. */
    attention: (id: string, call?: CallOptions) => ask("GET /sessions/:id/attention", { ...call, id }),

    /** Takes over a little of what coven 0.4 has recorded; again while there is `more`. */
    import: (body: BodyOf<Routes["import"]>, call?: CallOptions) => ask("POST /import", { ...call, body }),
    /** The newest events in words. */
    log: (id: string, call?: CallOptions) => ask("GET /sessions/:id/log", { ...call, id }),
    /** Who stands in the home's `familiars.toml`. */
    familiars: (call?: CallOptions) => ask("GET /familiars", call),
    skills: (call?: CallOptions) => ask("GET /skills", call),
    memory: (call?: CallOptions) => ask("GET /memory", call),

    harnesses: (call?: CallOptions) => ask("GET /harnesses", call),
    /** What the daemon says of its own state. */
    status: (call?: CallOptions) => ask("GET /status", call),
    /** The same and more, as Prometheus text. */
    metrics: (call?: CallOptions) => askText("GET /metrics", call),
    /** Answered before the daemon stops; `pid` is the one `health.daemon` names. */
    shutdown: (body: BodyOf<Routes["shutdown"]>, call?: CallOptions) =>
      ask("POST /shutdown", { ...call, body }),
    /** Answered before the program is checked: `restarting` says what becomes of it, until a daemon of the same pid answers that has begun later. */
    restart: (body: BodyOf<Routes["restart"]>, call?: CallOptions) => ask("POST /restart", { ...call, body }),
    /** What became of the last `restart`. */
    restarting: (call?: CallOptions) => ask("GET /restart", call),
  };
  return client;
}

/** A frame without data only says where the feed stands. */
async function* readFeed(stream: AsyncIterable<Uint8Array>): AsyncGenerator<FeedFrame> {
  for await (const { id, event, data } of readFrames(stream)) {
    if (id === "") continue;
    // Our own daemon wrote it; test/contract freezes the shape.
    if (data === "") yield { type: "open", at: "", cursor: id };
    else yield { ...JSON.parse(data), type: event, cursor: id };
  }
}

function decided({ ownerKey, signal, ...body }: Decision) {
  return {
    ...(signal ? { signal } : {}),
    ...(ownerKey === undefined ? {} : { headers: { authorization: `Bearer ${ownerKey}` } }),
    body,
  };
}

function pathOf<A extends At>(at: A, call: Call<A>): string {
  const path = at.slice(at.indexOf(" ") + 1).replace(":id", encodeURIComponent(call.id ?? ""));
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(call.query ?? {})) {
    if (value !== undefined) query.set(key, String(value));
  }
  return query.size === 0 ? path : `${path}?${query}`;
}

/** Every daemon since 0.5 says that it can be asked to stop. */
export function isEarlier(capabilities: unknown): boolean {
  return !(typeof capabilities === "object" && capabilities !== null && "shutdown" in capabilities);
}
