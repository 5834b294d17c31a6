// Owns the server on the socket: matching a request to the table, and the one try around every handler.
import { CovenError } from "../errors.ts";
import type { Coven } from "../session/coven.ts";
import type { Log, World } from "../session/ports.ts";
import { API_VERSION, SUPPORTED_API_VERSIONS } from "../version.ts";
import { type AttachRequest, attachSockets } from "./attach.ts";
import { type Body, NO_BODY, takeBody } from "./body.ts";
import { type ApiHouse, HANDLERS, wellFormedId } from "./handlers.ts";
import { Meter } from "./meter.ts";
import type { Reading } from "./metrics.ts";
import { Query } from "./query.ts";
import { beginRequest, endRequest } from "./request-id.ts";
import { type RequestFacts, refuse, respond, UnknownApiVersion } from "./respond.ts";
import { ROUTES, type RouteName, servedCapabilities } from "./routes.ts";
import type { DaemonIdentity } from "./schema.ts";

export interface ServerOptions {
  /** The path to bind; what lies there, and its name afterwards, is daemon/socket.ts's business. */
  readonly unix: string;
  readonly coven: Coven;
  /** As in `daemon.json`; its `pid` is the one `POST /shutdown` must name. */
  readonly identity: DaemonIdentity;
  /** This build's version (`health.covenVersion`). */
  readonly version: string;
  readonly log: Log;
  readonly world: World;
  /** What `GET /status` and `GET /metrics` tell beyond what the server counts itself. */
  readonly vitals: Pick<Reading, "vitals" | "behind">;
  /** False when somebody of another user is connected; then whatever is asked is refused (decision 0015). */
  readonly onlyOurs?: () => boolean;
  /** Asked for over the API, checks passed. Must return at once and stop later, so that the 202 still goes out. */
  shutdown(force: boolean): void;
}

export interface RunningServer {
  /** Takes no more connections and resolves when no answer is under way; with `now`, hangs up on everybody. */
  stop(now?: boolean): Promise<void>;
}

/** Binds the socket and serves the table. Throws what `Bun.serve` throws when the path cannot be bound. */
export function startServer(options: ServerOptions): RunningServer {
  const { coven, identity, log, world } = options;
  const health = JSON.stringify({
    ok: true,
    apiVersion: API_VERSION,
    supportedApiVersions: SUPPORTED_API_VERSIONS,
    covenVersion: options.version,
    capabilities: servedCapabilities(),
    daemon: identity,
  });
  const shutdown = (force: boolean) => options.shutdown(force);
  const upgrade = (request: Request, data: AttachRequest): boolean => server.upgrade(request, { data });
  const meter = new Meter();
  const reading: Reading = {
    ...options.vitals,
    identity,
    version: options.version,
    meter,
    live: () => coven.live().map((session) => session.activity),
    now: world.now,
  };
  const onlyOurs = options.onlyOurs ?? (() => true);
  const house: ServerHouse = {
    coven,
    identity,
    log,
    world,
    health,
    shutdown,
    upgrade,
    meter,
    reading,
    onlyOurs,
  };

  const server: Bun.Server<AttachRequest> = Bun.serve<AttachRequest>({
    unix: options.unix,
    development: false,
    // The limit is ours (api/body.ts): beyond its own, Bun answers with an empty page.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    // Without it quiet streams on a Unix socket end after ten seconds; the types know it only for TCP.
    ...({ idleTimeout: 0 } as object),
    fetch: (request) => {
      if (request.method === "GET" || request.body === null) return answer(house, request, NO_BODY);
      return takeBody(request, world).then((body) => answer(house, request, body), hungUp);
    },
    websocket: attachSockets(house),
    error: (error) => refuse(error, { route: "unknown" }, house),
  });

  return { stop: (now = false) => server.stop(now) };
}

/** What the server itself needs beside the handlers. */
interface ServerHouse extends ApiHouse {
  onlyOurs(): boolean;
}

/** What is known of a request so far. */
type Facts = { -readonly [K in keyof RequestFacts]: RequestFacts[K] } & { name?: RouteName };

function answer(house: ServerHouse, request: Request, body: Body): Response | undefined {
  const facts: Facts = { route: request.method };
  const { world, meter } = house;
  const began = world.monotonic();
  beginRequest();
  try {
    const reply = dispatch(house, request, body, facts);
    return reply === undefined || reply instanceof Response ? reply : respond(reply);
  } catch (error) {
    return refuse(error, facts, house);
  } finally {
    endRequest();
    if (facts.name) meter.requests[facts.name].observe((world.monotonic() - began) / 1000);
  }
}

/** Fills in the facts as they become known, so that a refusal can name them. */
function dispatch(house: ServerHouse, request: Request, body: Body, facts: Facts) {
  const { method, headers, url, signal } = request;
  const target = targetOf(url);
  const question = target.indexOf("?");
  const fullPath = question === -1 ? target : target.slice(0, question);
  facts.route = `${method} ${fullPath.slice(0, 200)}`;
  if (headers.has("origin")) {
    throw new CovenError("forbidden", "Requests from a browser (with an Origin header) are refused.");
  }
  const path = unversioned(fullPath);
  const match = path === undefined ? undefined : matched(method, path);
  if (!match) throw new CovenError("not_found", `There is no route ${facts.route}.`);
  const { method: verb, path: pattern } = ROUTES[match.name];
  facts.route = `${verb} ${pattern}`;
  facts.name = match.name;
  if (!OPEN.has(match.name) && !house.onlyOurs()) {
    throw new CovenError("forbidden", "Somebody of another user is connected to the daemon's socket.");
  }
  let id = "";
  if (match.id !== undefined) {
    id = wellFormedId(decoded(match.id));
    facts.sessionId = id;
  }
  const query = new Query(question === -1 ? "" : target.slice(question + 1));
  return HANDLERS[match.name](house, { route: facts.route, id, query, headers, body, signal, request });
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
  if (version !== SUPPORTED_API_VERSIONS[0]) throw new UnknownApiVersion(version);
  return path.slice(end);
}

/** What anybody who got in may hear: that a daemon is here. Asked far too often to look at every connection each time. */
const OPEN: ReadonlySet<RouteName> = new Set(["apiVersion", "health"]);

const SESSION = "/sessions/:id";
const PLAIN = new Map<string, RouteName>();
const OF_SESSION = new Map<string, RouteName>();
// Object.keys of the table are its names; TypeScript gives them as strings.
for (const name of Object.keys(ROUTES) as RouteName[]) {
  const { method, path } = ROUTES[name];
  if (path.startsWith(SESSION)) OF_SESSION.set(`${method} ${path.slice(SESSION.length)}`, name);
  else PLAIN.set(`${method} ${path}`, name);
}

/** Exact on method and path; there is no 405, and a trailing slash is another path. */
function matched(method: string, path: string): { name: RouteName; id?: string } | undefined {
  if (!path.startsWith("/sessions/")) {
    const name = PLAIN.get(`${method} ${path}`);
    return name && { name };
  }
  const rest = path.slice("/sessions/".length);
  const slash = rest.indexOf("/");
  const id = slash === -1 ? rest : rest.slice(0, slash);
  const name = OF_SESSION.get(`${method} ${rest.slice(id.length)}`);
  return name && rest !== "" ? { name, id } : undefined;
}

/** Decoded once; what cannot be decoded stays as it is, and is then no id. */
function decoded(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}

/** The client went while it sent its body; nobody reads this. */
function hungUp(): Response {
  return new Response(null, { status: 400 });
}
