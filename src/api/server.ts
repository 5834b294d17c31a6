// The server on the socket: a request is matched to its route, parsed and handled, and whatever is thrown is answered.
import { CovenError } from "../errors.ts";
import { API_VERSION, SUPPORTED_API_VERSIONS } from "../version.ts";
import { type AttachRequest, attachSockets } from "./attach.ts";
import { type Body, bodyReader, MAX_BODY_BYTES, MAX_LARGE_BODY_BYTES, NO_BODY } from "./body.ts";
import { Budget } from "./budget.ts";
import { type Histogram, Meter } from "./meter.ts";
import { openapiOf } from "./openapi.ts";
import {
  isExternalId,
  parseBody,
  parseHeaders,
  parseQuery,
  requireSmallBeside,
  wellFormedId,
} from "./parse.ts";
import { beginRequest, endRequest } from "./request-id.ts";
import { InvalidRequest, type RequestFacts, refuse, respond } from "./respond.ts";
import type { AnyRoute, Api } from "./route.ts";
import { ROUTES, servedCapabilities } from "./routes/table.ts";
import { sessionActions } from "./session-actions.ts";

export interface ServerOptions
  extends Omit<Api, "meter" | "health" | "openapi" | "upgrade" | "onlyOurs" | "budget"> {
  /** The path to bind; what lies there, and its name afterwards, is daemon/socket.ts's business. */
  readonly unix: string;
  readonly onlyOurs?: () => boolean;
  /** Hangs up on clients that read nothing, one after the other while `pressed`. Returns at once. */
  readonly relieve?: (pressed: () => boolean) => void;
}

export interface RunningServer {
  /** Somebody is shown what this session prints: attached, or following its output. */
  isShown(id: string): boolean;
  /** Binds another path and serves there too. Throws what `Bun.serve` throws. */
  listen(unix: string): void;
  /** Takes no more connections until it listens again; those with a request or a WebSocket go on. */
  pause(): void;
  /** How many answers and attached clients there are. */
  busy(): number;
  /** Takes no more connections and resolves when no answer is under way; with `now`, hangs up on everybody. */
  stop(now?: boolean): Promise<void>;
}

/** Binds the socket and serves the table. Throws what `Bun.serve` throws when the path cannot be bound. */
export function startServer(options: ServerOptions): RunningServer {
  const servers: Bun.Server<AttachRequest>[] = [];
  const budget = new Budget({
    pending: () => servers.reduce((sum, server) => sum + server.pendingRequests, 0),
    relieve: options.relieve ?? (() => {}),
  });
  const takeBody = bodyReader(options.world, budget);
  const api: Api = {
    onlyOurs: () => true,
    ...options,
    budget,
    meter: new Meter(Array.from(TABLE.keys())),
    health: healthOf(options),
    openapi: openapiText,
    upgrade: (request, data) => cameBy.get(request)?.upgrade(request, { data }) ?? false,
  };
  /** By which a request came that wants to become a WebSocket: no other can make it one. */
  const cameBy = new WeakMap<Request, Bun.Server<AttachRequest>>();
  const sockets = attachSockets(api);

  api.control.register(sessionActions(() => api));
  api.control.warnOfUnknown();
  const listen = (unix: string) => {
    servers.push(
      Bun.serve<AttachRequest>({
        unix,
        development: false,
        // The limit is ours (api/body.ts): beyond its own, Bun answers with an empty page.
        maxRequestBodySize: Number.MAX_SAFE_INTEGER,
        // Without it quiet streams on a Unix socket end after ten seconds; the types know it only for TCP.
        ...({ idleTimeout: 0 } as object),
        fetch: (request, server) => {
          if (request.headers.has("upgrade")) cameBy.set(request, server);
          if (request.method === "GET" || request.body === null) return answer(api, request, NO_BODY);
          // A client that goes while it sends its body reads no answer.
          const gone = () => new Response(null, { status: 400 });
          return takeBody(request, mostBytes(request)).then((body) => answer(api, request, body), gone);
        },
        websocket: sockets,
        error: (error) => refuse(error, { route: "unknown" }, api),
      }),
    );
  };

  listen(options.unix);
  return {
    listen,
    isShown: (id) =>
      Array.from(api.meter.followers).some(
        ({ sessionId, kind }) => sessionId === id && (kind === "attach" || kind === "output"),
      ),
    pause: () => {
      for (const server of servers) void server.stop();
    },
    busy: () =>
      servers.reduce(
        (sum, { pendingRequests, pendingWebSockets }) => sum + pendingRequests + pendingWebSockets,
        0,
      ),
    stop: async (now = false) => void (await Promise.all(servers.map((server) => server.stop(now)))),
  };
}

let openapiJson = "";

/** The same for every daemon of this build: made once, when it is first asked for. */
function openapiText(): string {
  openapiJson ||= JSON.stringify(openapiOf(ROUTES, servedCapabilities()));
  return openapiJson;
}

/** The body of `GET /health`; all of it but the state of the disk stays as it is while a daemon lives. */
function healthOf({ version, identity, monitor, restart }: ServerOptions): () => string {
  const lasting = {
    ok: true,
    apiVersion: API_VERSION,
    supportedApiVersions: SUPPORTED_API_VERSIONS,
    covenVersion: version,
    capabilities: { ...servedCapabilities(), ...(restart.inPlace ? { restart: "in_place" } : {}) },
    daemon: identity,
  };
  let state = monitor.storage();
  let said = "";
  return () => {
    const now = monitor.storage();
    if (said === "" || now !== state) said = JSON.stringify({ ...lasting, storage: { state: now } });
    state = now;
    return said;
  };
}

/** What is known of a request so far. */
interface Facts extends RequestFacts {
  asked?: Histogram | undefined;
}

function answer(api: Api, request: Request, body: Body | CovenError): Response | undefined {
  const facts: Facts = { route: request.method };
  const { world } = api;
  const began = world.monotonic();
  beginRequest();
  try {
    const reply = dispatch(api, request, body, facts);
    return reply === undefined || reply instanceof Response ? reply : respond(reply, api.budget);
  } catch (error) {
    return refuse(error, facts, api);
  } finally {
    endRequest();
    facts.asked?.observe((world.monotonic() - began) / 1000);
  }
}

/** How large the body may be: that depends on the route alone. */
function mostBytes({ method, url }: Request): number {
  const path = (targetOf(url).split("?", 1)[0] ?? "").replace(/^\/api\/v1(?=\/)/, "");
  return matched(method, path)?.route.large !== undefined ? MAX_LARGE_BODY_BYTES : MAX_BODY_BYTES;
}

/** Fills in the facts as they become known, so that a refusal can name them. */
function dispatch(api: Api, http: Request, raw: Body | CovenError, facts: Facts) {
  const { method, headers, url } = http;
  const target = targetOf(url);
  const question = target.indexOf("?");
  const fullPath = question === -1 ? target : target.slice(0, question);
  facts.route = `${method} ${fullPath.slice(0, 200)}`;
  if (headers.has("origin")) {
    throw new CovenError("forbidden", "Requests from a browser (with an Origin header) are refused.");
  }
  const path = unversioned(fullPath);
  const match = path === undefined ? undefined : (matched(method, path) ?? ofParts(api, method, path));
  if (!match) throw new CovenError("not_found", `There is no route ${facts.route}.`);
  const { route } = match;
  facts.route = route.place;
  facts.asked = api.meter.requests.get(route.place);
  if (raw instanceof CovenError) throw raw;
  if (route.large !== undefined) requireSmallBeside(route.large, raw);
  if (!route.open && !api.onlyOurs()) {
    throw new CovenError("forbidden", "Somebody of another user is connected to the daemon's socket.");
  }
  let id = "";
  if (match.id !== undefined && route.of !== undefined) id = decoded(match.id);
  else if (match.id !== undefined) {
    id = wellFormedId(decoded(match.id));
    facts.sessionId = id;
    // Before the query and the body are looked at; a handler without them finds out by itself.
    if (route.live) api.coven.requireLive(id, route.live);
    else if (route.query || route.body) api.coven.session(id);
  }
  return route.handle(api, {
    id,
    query: route.query && parseQuery(route.query, question === -1 ? "" : target.slice(question + 1)),
    headers: route.headers && parseHeaders(route.headers, headers),
    body: route.body && !route.judgesBody ? parseBody(route.body, raw) : undefined,
    raw,
    http,
  });
}

/** Path and query. Bun gives the bare target when there is no usable Host, and an absolute URL else. */
function targetOf(url: string): string {
  if (url.startsWith("/")) return url;
  const slash = url.indexOf("/", url.indexOf("//") + 2);
  return slash === -1 ? "/" : url.slice(slash);
}

/** The path without `/api/v1`; undefined where nothing is served. Throws for a version that is not ours. */
function unversioned(path: string): string | undefined {
  if (!path.startsWith("/api/")) return path;
  const end = path.indexOf("/", "/api/".length);
  if (end === -1) return undefined;
  const version = path.slice("/api/".length, end);
  if (version !== SUPPORTED_API_VERSIONS[0]) {
    const message = `This daemon does not serve API version ${JSON.stringify(version.slice(0, 64))}.`;
    const details = { apiVersion: version, supportedApiVersions: SUPPORTED_API_VERSIONS };
    throw new InvalidRequest(message, details, { status: 404 });
  }
  return path.slice(end);
}

const TABLE: ReadonlyMap<string, AnyRoute> = new Map(
  Object.values(ROUTES).map((route) => [route.place, route]),
);

/** Exact on method and path; there is no 405, and a trailing slash is another path (decision 0024). */
function matched(
  method: string,
  path: string,
): { readonly route: AnyRoute; readonly id?: string } | undefined {
  const route = TABLE.get(`${method} ${path}`);
  if (route && !path.includes(":id")) return { route };
  const slash = path.indexOf("/", 1);
  if (slash === -1) return undefined;
  // Every other path of more than one part has an id as its second.
  const end = path.indexOf("/", slash + 1);
  const id = path.slice(slash + 1, end === -1 ? undefined : end);
  const tail = end === -1 ? "" : path.slice(end);
  const ofSession = TABLE.get(`${method} ${path.slice(0, slash)}/:id${tail}`);
  return ofSession && (id !== "" || tail !== "") ? { route: ofSession, id } : undefined;
}

/** The id of a run that somebody else started may hold slashes. Only of one that is there: any other path is no route. */
function ofParts(
  { ledger }: Api,
  method: string,
  path: string,
): { readonly route: AnyRoute; readonly id: string } | undefined {
  const start = "/sessions/";
  if (!path.startsWith(start)) return undefined;
  const whole = path.slice(start.length);
  const end = whole.lastIndexOf("/");
  if (end === -1 || !isExternalId(whole.slice(0, end))) return undefined;
  const is = (id: string) => isExternalId(id) && ledger.session(id)?.external === true;
  const below = TABLE.get(`${method} /sessions/:id${whole.slice(end)}`);
  if (below && is(whole.slice(0, end))) return { route: below, id: whole.slice(0, end) };
  const itself = TABLE.get(`${method} /sessions/:id`);
  return itself && is(whole) ? { route: itself, id: whole } : undefined;
}

/** Decoded once; what cannot be decoded stays as it is, and is then no id. */
function decoded(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}
