// Owns the typed client: one method per route of api/routes.ts over the Unix socket, every failure a CovenError.
// Start-up counts here: no zod, only types of the schemas. The daemon validates; what it answers is trusted in shape.
import { CovenError } from "../errors.ts";
import type { Event } from "../session/event.ts";
import type { Session } from "../session/session.ts";
import { type Attached, type AttachOptions, openAttach } from "./client-attach.ts";
import { errorOf, parseAnswer, unreachable } from "./client-errors.ts";
import { ROUTES, type RouteName } from "./routes.ts";
import type * as wire from "./schema.ts";
import { readEvents } from "./sse.ts";

export type { Attached, AttachOptions, TerminalSize } from "./client-attach.ts";
export { isUnreachable } from "./client-errors.ts";
export type { AttachFrame, StatusAnswer } from "./schema.ts";

/** Ends a call from outside; the call then rejects with the signal's own reason, not with a CovenError. */
export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface ClientOptions {
  /** The most milliseconds a call that is no stream may take; default 30,000. Then it is `unreachable`, cause `timeout`. */
  readonly timeoutMs?: number;
  /** A connection of its own per call: what answers is then whoever listens on the path now, not who did a moment ago. */
  readonly fresh?: boolean;
}

/** `GET /sessions` with any of these answers a page instead of the bare list. */
export interface SessionsQuery {
  /** 1..1000, default 100. */
  readonly limit?: number;
  /** `next_cursor` of the page before. */
  readonly cursor?: string;
  readonly includeArchived?: boolean;
}

/** See CONTRACT, `GET /events`; `afterSeq` beats `afterEventId`, `beforeSeq` turns the direction. */
export interface EventsQuery {
  readonly afterSeq?: number;
  readonly afterEventId?: string;
  readonly beforeSeq?: number;
  /** Clamped by the daemon to 1..1000, the default. */
  readonly limit?: number;
}

/** One method per route. Each rejects with the CovenError the daemon sent, or with one that `isUnreachable` knows. */
export interface CovenClient {
  apiVersion(options?: CallOptions): Promise<wire.ApiVersionAnswer>;
  health(options?: CallOptions): Promise<wire.HealthAnswer>;
  capabilities(options?: CallOptions): Promise<wire.CapabilitiesAnswer>;
  actions(body: wire.ActionBody, options?: CallOptions): Promise<wire.ActionAnswer>;
  /** Without a query the bare list: not archived, newest first. With one (also `{}`), a page. */
  sessions(): Promise<Session[]>;
  sessions(query: SessionsQuery, options?: CallOptions): Promise<wire.SessionsPage>;
  /** The same `idempotencyKey` again gives the first one's record. */
  launch(
    body: wire.LaunchBody,
    options?: CallOptions & { readonly idempotencyKey?: string },
  ): Promise<Session>;
  session(id: string, options?: CallOptions): Promise<Session>;
  /** Written as is, no newline added; with `submit` typed as a person would, Enter included. */
  input(
    id: string,
    data: string,
    options?: CallOptions & { readonly submit?: boolean },
  ): Promise<wire.Accepted>;
  kill(id: string, options?: CallOptions): Promise<wire.Accepted>;
  resize(id: string, size: wire.ResizeBody, options?: CallOptions): Promise<wire.Accepted>;
  /** The screen as it is, or as it was last. */
  screen(id: string, options?: CallOptions): Promise<wire.ScreenAnswer>;
  /** The attach WebSocket: a terminal of one's own on the session. */
  attach(id: string, options: AttachOptions): Attached;
  /** The exact bytes after a seq; with `follow`, until the session has ended. Leave the loop to hang up. */
  output(
    id: string,
    options?: CallOptions & { readonly afterSeq?: number; readonly follow?: boolean },
  ): AsyncIterable<Uint8Array>;
  archive(id: string, options?: CallOptions): Promise<Session>;
  summon(id: string, options?: CallOptions): Promise<Session>;
  sacrifice(id: string, options?: CallOptions): Promise<wire.SacrificeAnswer>;
  /** One page of `GET /events?sessionId=`. */
  events(id: string, query?: EventsQuery, options?: CallOptions): Promise<wire.EventsPage>;
  /** The same page by the session's own path. */
  sessionEvents(id: string, query?: EventsQuery, options?: CallOptions): Promise<wire.EventsPage>;
  /** Events after a seq, then live ones, as SSE; ends after the exit event. Leave the loop to hang up. */
  eventStream(id: string, options?: CallOptions & { readonly afterSeq?: number }): AsyncIterable<Event>;
  harnesses(options?: CallOptions): Promise<wire.HarnessesAnswer>;
  /** What the daemon says of its own state. */
  status(options?: CallOptions): Promise<wire.StatusAnswer>;
  /** The same and more, as Prometheus text. */
  metrics(options?: CallOptions): Promise<string>;
  /** Answered before the daemon stops; `pid` is the one `health.daemon` names. */
  shutdown(body: wire.ShutdownBody, options?: CallOptions): Promise<wire.Accepted>;
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>;
interface Call extends CallOptions {
  readonly id?: string;
  readonly query?: Query;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

/**
 * A client of the daemon behind `socketPath`. Opens nothing until a method is called. When the daemon cannot be
 * asked the error is `runtime_unavailable` with details `{reason:"unreachable", cause, socket}`, `cause` being
 * the system's word (`ENOENT`, `ECONNREFUSED`, `ECONNRESET`, …) or `timeout`.
 */
export function covenClient(socketPath: string, options: ClientOptions = {}): CovenClient {
  const timeoutMs = options.timeoutMs ?? 30_000;

  /** Sends one request and returns its answer once the status line says success; else throws. */
  async function send(name: RouteName, call: Call, timer?: AbortSignal): Promise<Response> {
    const signals = [call.signal, timer].filter((signal) => signal !== undefined);
    const headers: Record<string, string> = { ...call.headers };
    if (call.body !== undefined) headers["content-type"] = "application/json";
    const answer = await fetch(`http://coven/api/v1${pathOf(name, call)}`, {
      unix: socketPath,
      ...(options.fresh ? { keepalive: false } : {}),
      method: ROUTES[name].method,
      headers,
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      ...(signals.length === 0 ? {} : { signal: AbortSignal.any(signals) }),
    });
    if (!answer.ok) throw errorOf(answer.status, await answer.text());
    return answer;
  }

  /** Whatever went wrong on the way, in the client's own words; an abort by the caller stays what it is. */
  function failed(error: unknown, signal: AbortSignal | undefined): unknown {
    if (error instanceof CovenError || signal?.aborted) return error;
    return unreachable(socketPath, error);
  }

  async function ask<T>(name: RouteName, call: Call): Promise<T> {
    // The daemon's shapes are frozen by test/contract; parsing them again would cost the CLI its start-up.
    return parseAnswer(await askText(name, call)) as T;
  }

  async function askText(name: RouteName, call: Call): Promise<string> {
    const timer = new AbortController();
    const timeout = setTimeout(() => timer.abort(new Error("timeout")), timeoutMs);
    try {
      return await (await send(name, call, timer.signal)).text();
    } catch (error) {
      throw timer.signal.aborted ? unreachable(socketPath, { code: "timeout" }) : failed(error, call.signal);
    } finally {
      clearTimeout(timeout);
    }
  }

  /** The body as it arrives. Leaving the loop early cancels it, and the daemon sees the client go. */
  async function* bytes(name: RouteName, call: Call): AsyncGenerator<Uint8Array> {
    const hangUp = new AbortController();
    try {
      const answer = await send(name, call, hangUp.signal);
      if (answer.body) yield* answer.body;
    } catch (error) {
      throw failed(error, call.signal);
    } finally {
      hangUp.abort();
    }
  }

  function sessions(): Promise<Session[]>;
  function sessions(query: SessionsQuery, call?: CallOptions): Promise<wire.SessionsPage>;
  function sessions(query?: SessionsQuery, call?: CallOptions): Promise<Session[] | wire.SessionsPage> {
    // A page is asked for by naming a member: `{}` still means a page.
    return ask("sessions", query ? { ...call, query: { includeArchived: false, ...query } } : {});
  }

  return {
    sessions,
    apiVersion: (call) => ask("apiVersion", { ...call }),
    health: (call) => ask("health", { ...call }),
    capabilities: (call) => ask("capabilities", { ...call }),
    actions: (body, call) => ask("actions", { ...call, body }),
    launch: (body, call) =>
      ask("launch", {
        ...call,
        body,
        ...(call?.idempotencyKey === undefined
          ? {}
          : { headers: { "idempotency-key": call.idempotencyKey } }),
      }),
    session: (id, call) => ask("session", { ...call, id }),
    input: (id, data, call) =>
      ask("input", { ...call, id, body: call?.submit ? { data, submit: true } : { data } }),
    kill: (id, call) => ask("kill", { ...call, id }),
    resize: (id, size, call) => ask("resize", { ...call, id, body: size }),
    screen: (id, call) => ask("screen", { ...call, id }),
    attach: (id, attaching) => {
      const { observe, size } = attaching;
      const query = { mode: observe ? "observe" : undefined, ...size };
      return openAttach(socketPath, pathOf("attach", { id, query }), attaching);
    },
    output: (id, call) =>
      bytes("output", {
        ...call,
        id,
        query: { afterSeq: call?.afterSeq, follow: call?.follow ? 1 : undefined },
      }),
    archive: (id, call) => ask("archive", { ...call, id }),
    summon: (id, call) => ask("summon", { ...call, id }),
    sacrifice: (id, call) => ask("sacrifice", { ...call, id }),
    events: (id, query, call) => ask("events", { ...call, query: { sessionId: id, ...query } }),
    sessionEvents: (id, query, call) => ask("sessionEvents", { ...call, id, query: { ...query } }),
    eventStream: (id, call) =>
      readEvents(
        bytes("sessionEvents", {
          ...call,
          id,
          query: { afterSeq: call?.afterSeq },
          headers: { accept: "text/event-stream" },
        }),
      ),
    harnesses: (call) => ask("harnesses", { ...call }),
    status: (call) => ask("status", { ...call }),
    metrics: (call) => askText("metrics", { ...call }),
    shutdown: (body, call) => ask("shutdown", { ...call, body }),
  };
}

function pathOf(name: RouteName, call: Call): string {
  const path = ROUTES[name].path.replace(":id", encodeURIComponent(call.id ?? ""));
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(call.query ?? {})) {
    if (value !== undefined) query.set(key, String(value));
  }
  return query.size === 0 ? path : `${path}?${query}`;
}
