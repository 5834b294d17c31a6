// Owns what each route does: one function per name in the table, synchronous, returning a reply or throwing.
import { act } from "../control/actions.ts";
import { CAPABILITIES } from "../control/capabilities.ts";
import { CovenError, isCovenError } from "../errors.ts";
import type { Coven } from "../session/coven.ts";
import { SUPPORTED_API_VERSIONS } from "../version.ts";
import { type AttachRequest, attachRequest } from "./attach.ts";
import { type Body, parseBody, readJson } from "./body.ts";
import { metricsText, type Reading, statusOf } from "./metrics.ts";
import { pageOf, rangeOf } from "./pages.ts";
import { integerOf, malformed, type Query } from "./query.ts";
import { requestId } from "./request-id.ts";
import { ACCEPTED, envelope, ok, type Reply, refusedReply } from "./respond.ts";
import type { RouteName } from "./routes.ts";
import { anyObject, type DaemonIdentity, inputBody, launchBody, resizeBody, shutdownBody } from "./schema.ts";
import { eventStream, outputStream, type StreamDependencies } from "./stream.ts";

/** What the handlers need of the house. */
export interface ApiHouse extends StreamDependencies {
  readonly identity: DaemonIdentity;
  readonly reading: Reading;
  /** The body of `GET /health`, which never changes while a daemon lives. */
  readonly health: string;
  /** Makes the connection a WebSocket; false when the client did not ask for one. */
  upgrade(request: Request, data: AttachRequest): boolean;
  /** Begins an orderly stop; must return before anything is stopped, so that the 202 still goes out. */
  shutdown(force: boolean): void;
}

/** One request, matched; `id` is decoded and well-formed, empty where the route has none. */
export interface Incoming {
  readonly route: string;
  readonly id: string;
  readonly query: Query;
  readonly headers: Headers;
  readonly body: Body;
  readonly signal: AbortSignal;
  /** As it came; for an upgrade alone. */
  readonly request: Request;
}

/** Handlers return nothing once the connection is a WebSocket. They wait on nothing: Bun answers a half-closed client only then (DESIGN, decision 4). */
export type Handler = (house: ApiHouse, request: Incoming) => Reply | Response | undefined;

const API_VERSION_BODY = JSON.stringify({ apiVersion: "v1", supportedApiVersions: SUPPORTED_API_VERSIONS });
const CAPABILITIES_BODY = JSON.stringify({ capabilities: CAPABILITIES });
const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";
const MAX_KEY = 255;

/** Total over the table: a route without a handler does not compile, so what the table names is served. */
export const HANDLERS: Readonly<Record<RouteName, Handler>> = {
  apiVersion: () => ({ status: 200, json: API_VERSION_BODY }),
  health: (house) => ({ status: 200, json: house.health }),
  capabilities: () => ({ status: 200, json: CAPABILITIES_BODY }),
  actions: (house, { body, route }) => {
    const outcome = act(jsonOrNothing(body));
    if (outcome.ok) return ok(outcome);
    const { reason, action } = outcome;
    const error = new CovenError("invalid_request", reason, { action: action.slice(0, 128) });
    return refusedReply({ ...outcome, ...envelope(error) }, { route, reason }, house);
  },

  sessions: ({ coven }, { query }) => {
    const paged = ["limit", "cursor", "includeArchived"].some((name) => query.has(name));
    return ok(paged ? sessionsPage(coven, query) : coven.sessions());
  },
  launch: ({ coven, meter, world }, { body, headers }) => {
    const began = world.monotonic();
    const request = parseBody(body, launchBody);
    const key = headers.get("idempotency-key")?.trim() || undefined;
    if (key !== undefined && key.length > MAX_KEY) {
      throw malformed("Idempotency-Key", `must be at most ${MAX_KEY} characters`);
    }
    const { session, created } = coven.launch({ ...request, prompt: request.prompt.trim() }, key);
    if (created) meter.launches.observe((world.monotonic() - began) / 1000);
    return { status: created ? 201 : 200, value: session };
  },
  session: ({ coven }, { id }) => ok(coven.session(id)),

  // 404, 409, then the body: a client that types into a finished session hears that first.
  input: ({ coven }, { id, body }) => {
    coven.requireLive(id);
    const { data, submit = false } = parseBody(body, inputBody);
    const bytes = new TextEncoder().encode(data);
    if (submit) coven.submit(id, bytes);
    else coven.input(id, bytes);
    return ACCEPTED;
  },
  kill: ({ coven }, { id, body }) => {
    coven.requireLive(id);
    parseBody(body, anyObject);
    coven.kill(id);
    return ACCEPTED;
  },
  resize: ({ coven }, { id, body }) => {
    coven.requireLive(id);
    const { cols, rows } = parseBody(body, resizeBody);
    coven.resize(id, cols, rows);
    return ACCEPTED;
  },
  archive: ({ coven }, { id, body }) => {
    coven.session(id);
    parseBody(body, anyObject);
    return ok(coven.archive(id));
  },
  summon: ({ coven }, { id, body }) => {
    coven.session(id);
    parseBody(body, anyObject);
    return ok(coven.summon(id));
  },
  sacrifice: ({ coven }, { id, body }) => {
    coven.session(id);
    parseBody(body, anyObject);
    return ok({ ok: true, deletedEvents: coven.sacrifice(id) });
  },

  screen: ({ coven }, { id }) => ok(coven.screen(id)),
  attach: (house, { id, query, request }) => {
    house.coven.session(id);
    const wish = { ...attachRequest(id, query), began: house.world.monotonic(), requestId: requestId() };
    if (house.upgrade(request, wish)) return;
    throw new CovenError("invalid_request", "attach is a WebSocket: ask for it with an Upgrade header.", {
      field: "Upgrade",
    });
  },
  output: (house, { id, query, signal }) => {
    house.coven.session(id);
    const afterSeq = Math.max(query.integer("afterSeq") ?? 0, 0);
    const follow = query.get("follow") ?? "0";
    if (!["0", "1", "true", "false"].includes(follow)) throw malformed("follow", "must be 1 or 0");
    return outputStream(house, id, afterSeq, { follow: follow === "1" || follow === "true", signal });
  },
  events: (house, request) => eventsOf(house, request, sessionIdOf(request.query)),
  sessionEvents: (house, request) => eventsOf(house, request, request.id),

  harnesses: ({ coven }) => ok(coven.harnessList()),
  status: ({ reading }) => ok(statusOf(reading)),
  metrics: ({ reading }) => ({ status: 200, text: metricsText(reading), type: METRICS_TYPE }),
  shutdown: (house, { body }) => {
    const { pid, force = false } = parseBody(body, shutdownBody);
    if (pid !== house.identity.pid) {
      const message = `This daemon is process ${house.identity.pid}, not ${pid}.`;
      throw new CovenError("daemon_identity_mismatch", message, { pid: house.identity.pid });
    }
    const sessions = house.coven.live().map((session) => session.id);
    if (sessions.length > 0 && !force) {
      throw new CovenError("session_running", `${sessions.length} sessions are running; force ends them.`, {
        sessions,
      });
    }
    house.shutdown(force);
    return ACCEPTED;
  },
};

function sessionsPage(coven: Coven, query: Query) {
  const limit = query.integer("limit") ?? 100;
  if (limit < 1 || limit > 1_000) throw malformed("limit", "must be 1..1000");
  const includeArchived = query.flag("includeArchived", false);
  const cursor = query.get("cursor");
  if (cursor === "") throw malformed("cursor", "must not be empty");
  const page = coven.page({ limit, includeArchived, ...(cursor === undefined ? {} : { cursor }) });
  return { sessions: page.sessions, next_cursor: page.nextCursor };
}

function sessionIdOf(query: Query): string {
  const id = query.get("sessionId");
  if (!id) throw malformed("sessionId", "is required");
  return wellFormedId(id);
}

/** The id itself; throws `session_not_found` for what can be none (CONTRACT, Transport). */
export function wellFormedId(id: string): string {
  if (/^[A-Za-z0-9._:-]{1,128}$/.test(id)) return id;
  throw new CovenError("session_not_found", "There is no session of this id.", { sessionId: id });
}

function eventsOf(house: ApiHouse, { query, headers, signal }: Incoming, id: string): Reply | Response {
  house.coven.session(id);
  if (!headers.get("accept")?.toLowerCase().includes("text/event-stream")) {
    return { status: 200, json: pageOf(house.coven, id, query) };
  }
  // The header wins: a client that reconnects repeats its first URL and says by the header how far it got since.
  const last = headers.get("last-event-id")?.trim();
  const range = rangeOf(house.coven, id, query);
  const from = last ? { ...range, afterSeq: Math.max(integerOf("Last-Event-ID", last), 0) } : range;
  return eventStream(house, id, from, signal);
}

/** What is no JSON is no object either, which act() refuses in its own words. */
function jsonOrNothing(body: Body): unknown {
  try {
    return readJson(body);
  } catch (error) {
    if (isCovenError(error) && error.code === "invalid_request") return undefined;
    throw error;
  }
}
