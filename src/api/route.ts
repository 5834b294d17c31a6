// What a route is: one record, from which the server's table, the client's methods, `health.capabilities` and the contract
// tests are made. The records stand in routes/, grouped by noun.
import type * as z from "zod";
import type { ControlPlane } from "../control/plane.ts";
import type { ErrorCode } from "../errors.ts";
import type { ImportProgress } from "../session/import.ts";
import type { HarnessInfo } from "../session/ports/harnesses.ts";
import type { AttachRequest } from "./attach.ts";
import type { Body as RawBody } from "./body.ts";
import type { FollowDependencies } from "./follow.ts";
import type { Monitor } from "./monitor.ts";
import type { Notifications } from "./notify.ts";
import type { Reply } from "./respond.ts";
import type { DaemonIdentity, FamiliarRecord } from "./schema.ts";

/** What the handlers need of the daemon. */
export interface Api extends FollowDependencies {
  /** As in `daemon.json`; its `pid` is the one `POST /shutdown` must name. */
  readonly identity: DaemonIdentity;
  /** This build's version (`health.covenVersion`). */
  readonly version: string;
  /** What coven 0.4 has left in the home. */
  readonly earlier: {
    waiting(): string | undefined;
    importSome(): ImportProgress;
  };
  /** Who stands in the home's `familiars.toml`. */
  familiars(): FamiliarRecord[];
  /** What may be asked for as an action. */
  readonly control: ControlPlane;
  /** The allowlist, as seen from the daemon's own PATH. */
  harnesses(): HarnessInfo[];
  /** Whether an `Authorization` header shows that its sender can read the owner's key. */
  isOwner(authorization: string): boolean;
  /** What `GET /status` and `GET /metrics` say beyond what the server counts itself. */
  readonly monitor: Monitor;
  /** The body of `GET /health`. */
  health(): string;
  /** The contract as OpenAPI, compact. */
  openapi(): string;
  /** Makes the connection a WebSocket; false when the client did not ask for one. */
  upgrade(request: Request, data: AttachRequest): boolean;
  /** False when somebody of another user is connected; then whatever is asked is refused (decision 0015). */
  onlyOurs(): boolean;
  /** Begins an orderly stop; must return before anything is stopped, so that the 202 still goes out. */
  shutdown(force: boolean): void;
  /** Telling the person what sessions want. */
  readonly notifications: Notifications;
  /** Replacing this daemon by another program, its sessions kept. */
  readonly restart: Restart;
}

/** What became of the last wish to replace this daemon in place. */
export interface RestartState {
  /** `refused`: this daemon goes on as before, and `reason` says why. */
  readonly state: "checking" | "handing_over" | "refused";
  readonly reason: string | null;
  /** When it was asked for, RFC 3339 UTC. */
  readonly requestedAt: string;
}

/** Replacing this daemon in place. */
export interface Restart {
  /** It can be done here at all (`health.capabilities.restart`). */
  readonly inPlace: boolean;
  /**
   * Has the program checked and, when it may, handed everything to; returns at once. `command`: argv without `daemon serve`; by default this very
   * program. Throws `invalid_request` for a command that nobody should be made to run, `runtime_unavailable` where it can't be done.
   */
  request(command?: readonly string[]): void;
  /** Null before the first. */
  state(): RestartState | null;
}

export type Method = "GET" | "POST" | "DELETE";
/** By which a route is known, to the client and in the log: `GET /sessions/:id`. */
export type Place = `${Method} /${string}`;

/** The schema of parameters, each a string on the wire. */
type Parameters = z.ZodObject | undefined;
type Body = z.ZodType | undefined;
/** The schema of the JSON that is answered, or what is answered instead. */
type Answer = z.ZodType | "text" | "bytes" | "websocket";
/** What a schema lets through; of none, nothing. */
type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;

/** What a route's file says of it. */
interface Definition<A extends Answer, Q extends Parameters, H extends Parameters, B extends Body> {
  /** What it does, in a line of the OpenAPI document. */
  readonly summary: string;
  /** What else a client should know of it, there. */
  readonly description?: string;
  readonly query?: Q;
  readonly headers?: H;
  readonly body?: B;
  /** The member of the body that may be larger than a body may be otherwise. */
  readonly large?: string;
  readonly answer: A;
  /** What each event of the route's SSE form is, which `Accept: text/event-stream` asks for. */
  readonly stream?: z.ZodType;
  /** Of an answer that is no refusal; 200 where nothing is said. */
  readonly status?: 202 | readonly [201, 200] | readonly [202, 200];
  /** What the session of the path must take, else `session_not_live`; that comes before the query and the body. */
  readonly live?: "keys" | "kill";
  /** What `:id` stands for; a session where nothing is said. */
  readonly of?: "approval";
  /** The handler reads the body from `raw`: its refusals have a shape of their own. */
  readonly judgesBody?: true;
  /** Codes of its refusals, beside those that any route, a session, parameters and a body bring with them. */
  readonly refuses?: readonly ErrorCode[];
  /** What stands beside `error` where the handler refuses. */
  readonly beside?: z.ZodType;
  /** What `health.capabilities` says because this route is served; absent where the original contract has it all. */
  readonly offers?: Readonly<Record<string, true | string>>;
  /** Answered also while somebody of another user is connected (decision 0015). */
  readonly open?: true;
  /**
   * Returns nothing once the connection is a WebSocket. It waits for nothing: Bun answers a half-closed client only then
   * (decision 0001).
   */
  handle(
    api: Api,
    request: Incoming<Q, H, B>,
  ): A extends z.ZodType ? Reply<z.input<A>> | Response : Reply<never> | Response | undefined;
}

/** One route. Served at `/api/v1<path>` and, as a legacy alias, at `<path>`; `:id` stands for a session, which must exist, or for what `of` says. */
interface Route<P extends Place, A extends Answer, Q extends Parameters, H extends Parameters, B extends Body>
  extends Definition<A, Q, H, B> {
  readonly place: P;
  readonly method: Method;
  readonly path: string;
}

/** Any of them. */
export type AnyRoute = Route<Place, Answer, Parameters, Parameters, Body>;

/** One request, as its route's schemas have parsed it. */
export interface Incoming<Q, H, B> {
  /** Of the session the path names, decoded and well-formed; empty where it names none. Of what else `of` says, decoded. */
  readonly id: string;
  readonly query: Parsed<Q>;
  readonly headers: Parsed<H>;
  readonly body: Parsed<B>;
  /** The body as it came. */
  readonly raw: RawBody;
  /** The request as it came; its body has been read. */
  readonly http: Request;
}

/** What a client may put behind the `?`. */
export type QueryOf<R> = R extends Route<Place, Answer, infer Q, Parameters, Body> ? Parsed<Q> : never;
/** What a client sends as its body. */
export type BodyOf<R> = R extends Route<Place, Answer, Parameters, Parameters, infer B> ? Parsed<B> : never;
/** What a client is answered. */
export type AnswerOf<R> =
  R extends Route<Place, infer A, Parameters, Parameters, Body>
    ? A extends z.ZodType
      ? z.output<A>
      : string
    : never;

/** The record of a route. */
export function route<
  P extends Place,
  A extends Answer,
  Q extends Parameters = undefined,
  H extends Parameters = undefined,
  B extends Body = undefined,
>(place: P, definition: Definition<A, Q, H, B>): Route<P, A, Q, H, B> {
  const [method = "", path = ""] = place.split(" ");
  // A place begins with a method, by its type.
  return { ...definition, place, method: method as Method, path };
}
