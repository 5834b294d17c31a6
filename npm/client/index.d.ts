// What @opencoven/client is in types. The shapes on the wire stand in contract.d.ts, which is made from the OpenAPI document of the daemon.
import type {
  AttachFrame as AnyAttachFrame,
  Approval,
  Attention,
  ErrorCode,
  Event,
  Operations,
  Picture,
  Session,
} from "./contract.js";

export type {
  Accepted,
  Approval,
  Attention,
  Daemon,
  ErrorCode,
  Event,
  Operations,
  Picture,
  Session,
} from "./contract.js";

/** Every code that an error may have. */
export declare const ERROR_CODES: readonly ErrorCode[];

/** What every call rejects with, but for a signal that was aborted: then it is the signal's reason. */
export declare class CovenError extends Error {
  constructor(code: ErrorCode, message: string, details?: Readonly<Record<string, unknown>>);
  readonly name: "CovenError";
  /** Branch on this; the message is for a person. */
  readonly code: ErrorCode;
  readonly details?: Readonly<Record<string, unknown>>;
  /** What to do about it, in one sentence. */
  readonly hint: string;
}

/** True for an error of this package; with codes, for one of these. */
export declare function isCovenError<Code extends ErrorCode = ErrorCode>(
  error: unknown,
  ...codes: readonly Code[]
): error is CovenError & { readonly code: Code };
/** Nobody answers: no daemon runs, it hung up, or it took too long. The code is `runtime_unavailable`. */
export declare function isUnreachable(error: unknown): error is CovenError;
/** As `error.hint`. */
export declare function hintOf(error: CovenError): string;

/** Ends a call or a stream from outside. */
export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface ConnectOptions extends CallOptions {
  /** The daemon's socket; by default that of `home`. */
  readonly socket?: string;
  /** By default COVEN_HOME, else `~/.coven`. */
  readonly home?: string;
  /** The most milliseconds a call that is no stream may take; 30,000 when left out. */
  readonly timeoutMs?: number;
  /** Who asks, in words of your own: it stands in the record of what you did. */
  readonly agent?: string;
  /** Capabilities without which your program is of no use. */
  readonly requires?: readonly string[];
}

/** Who has answered. */
export interface Server {
  readonly apiVersion: string;
  /** The daemon's version. */
  readonly covenVersion: string;
  /** What it serves beyond the first contract; a method that asks for anything else rejects with `not_supported`. */
  readonly capabilities: Readonly<Record<string, boolean | string>>;
  readonly daemon: { readonly pid: number; readonly startedAt: string; readonly socket: string } | null;
}

/** The socket of the daemon of this user. */
export declare function socketPath(home?: string): string;

/**
 * Asks who answers, and gives the client of a daemon that can be used. Rejects with `runtime_unavailable` when nobody answers (`isUnreachable`), with `internal_error`
 * when something else does, and with `not_supported` when one of `requires` is missing.
 */
export declare function connect(options?: ConnectOptions): Promise<Coven>;

type Body<Name extends keyof Operations> = Operations[Name]["body"];
type Query<Name extends keyof Operations> = Operations[Name]["query"];
type Answer<Name extends keyof Operations> = Promise<Operations[Name]["answer"]>;

export interface TerminalSize {
  readonly cols: number;
  readonly rows: number;
}

export type AttachFrame = Exclude<AnyAttachFrame, { readonly type: "screen" | "typed" }>;

export interface AttachOptions extends CallOptions {
  /** Neither types nor has a say in the size. */
  readonly observe?: boolean;
  /** The size of your terminal; the session takes it, unless you only observe. */
  readonly size?: TerminalSize;
  /** False for a client that shows it nowhere. */
  readonly shown?: boolean;
  /** The whole screen as data, instead of the bytes that draw it. */
  picture?(picture: Picture): void;
  /** Each frame, in order; `attached` first, `exit` last. */
  frame(frame: AttachFrame): void;
  /** What the terminal prints; `snapshot` marks the piece that draws the whole screen on a fresh terminal. */
  bytes(bytes: Uint8Array, snapshot: boolean): void;
  /** The daemon is being replaced, or has gone; it is looked for, and what is typed waits. */
  away?(): void;
  /** So many bytes of keys will not arrive, or (`lost`) nobody can say whether they did. */
  refused?(bytes: number, lost: boolean): void;
  /** Once, last, unless you closed it. */
  closed(): void;
}

/** One attached terminal. */
export interface Attached {
  /** Keys: each arrives once and in order, or `refused` says that it doesn't. */
  type(keys: Uint8Array): void;
  resize(size: TerminalSize): void;
  close(): void;
}

/** One entry of the feed; `open` is none: whatever happens from now on follows. After `gap` read the list again. */
export interface FeedFrame {
  readonly type:
    | "session.launched"
    | "session.attention"
    | "session.settled"
    | "session.archived"
    | "session.summoned"
    | "session.sacrificed"
    | "daemon.restarted"
    | "approval.requested"
    | "approval.settled"
    | "gap"
    | "open";
  /** To go on behind it. */
  readonly cursor: string | null;
  readonly at: string;
  /** Of one that was deleted its id alone. */
  readonly session?: Session | { readonly id: string; readonly status?: undefined };
  readonly approval?: Approval;
}

/** One step of an approval. */
export type ApprovalEvent = Operations["approvalEvents"]["answer"]["events"][number];

/** How somebody decides on an approval. */
export interface Decision extends CallOptions {
  /** The content of `<COVEN_HOME>/owner.key`. */
  readonly ownerKey?: string;
  readonly reason?: string;
  readonly origin?: string;
}

export interface IdempotentCall extends CallOptions {
  /** The same key again does nothing, and gives the first answer. */
  readonly idempotencyKey?: string;
}

/** A daemon that has said who it is. Streams are read with `for await`; leave the loop to hang up. */
export interface Coven {
  readonly server: Server;

  apiVersion(call?: CallOptions): Answer<"apiVersion">;
  health(call?: CallOptions): Answer<"health">;
  openapi(call?: CallOptions): Answer<"openapi">;
  status(call?: CallOptions): Answer<"status">;
  metrics(call?: CallOptions): Promise<string>;
  harnesses(call?: CallOptions): Answer<"harnesses">;
  familiars(call?: CallOptions): Answer<"familiars">;
  skills(call?: CallOptions): Answer<"skills">;
  memory(call?: CallOptions): Answer<"memory">;
  import(body: Body<"import">, call?: CallOptions): Answer<"import">;
  notifyTest(call?: CallOptions): Answer<"notifyTest">;
  notified(call?: CallOptions): Answer<"notified">;
  shutdown(body: Body<"shutdown">, call?: CallOptions): Answer<"shutdown">;
  restart(body: Body<"restart">, call?: CallOptions): Answer<"restart">;
  restarting(call?: CallOptions): Answer<"restarting">;

  /** Without a query the bare list: not archived, newest first. With one (also `{}`), a page. */
  sessions(query?: undefined, call?: CallOptions): Promise<Session[]>;
  sessions(
    query: Query<"sessions">,
    call?: CallOptions,
  ): Promise<{ readonly sessions: Session[]; readonly next_cursor: string | null }>;
  launch(body: Body<"launch">, call?: IdempotentCall): Promise<Session>;
  session(id: string, call?: CallOptions): Promise<Session>;
  rename(id: string, name: string | null, call?: CallOptions): Promise<Session>;
  archive(id: string, call?: CallOptions): Promise<Session>;
  summon(id: string, call?: CallOptions): Promise<Session>;
  sacrifice(id: string, options?: CallOptions & { readonly keepWorktree?: boolean }): Answer<"sacrifice">;
  registerExternal(body: Body<"registerExternal">, call?: CallOptions): Promise<Session>;
  completeExternal(id: string, body?: Body<"completeExternal">, call?: CallOptions): Promise<Session>;

  /** Written as is, no newline added; with `submit` typed as a person would, Enter included. */
  input(id: string, data: string, options?: IdempotentCall & Omit<Body<"input">, "data">): Answer<"input">;
  approve(id: string, body?: Body<"approve">, call?: CallOptions): Answer<"approve">;
  deny(id: string, body?: Body<"deny">, call?: CallOptions): Answer<"deny">;
  resize(id: string, body: Body<"resize">, call?: CallOptions): Answer<"resize">;
  kill(id: string, call?: CallOptions): Answer<"kill">;
  screen(id: string, options?: CallOptions & Query<"screen">): Answer<"screen">;
  attention(
    id: string,
    call?: CallOptions,
  ): Promise<{
    readonly attention: Attention | null;
    readonly history: readonly Attention[];
  }>;
  log(id: string, call?: CallOptions): Answer<"log">;
  attach(id: string, options: AttachOptions): Attached;

  /** One page. */
  events(id: string, query?: Query<"sessionEvents">, call?: CallOptions): Answer<"sessionEvents">;
  sessionEvents(id: string, query?: Query<"sessionEvents">, call?: CallOptions): Answer<"sessionEvents">;
  /** Events after a seq, then live ones, each once, to the exit event; goes on where it was when the daemon is replaced. */
  eventStream(id: string, options?: CallOptions & { readonly afterSeq?: number }): AsyncIterable<Event>;
  /** The exact bytes, each once; with `follow` to the end of the session, also when the daemon is replaced. */
  output(
    id: string,
    options?: CallOptions & { readonly afterSeq?: number; readonly follow?: boolean },
  ): AsyncIterable<Uint8Array>;
  /** What happens to all sessions, from now on or behind a cursor; goes on when the daemon is replaced. */
  feed(options?: CallOptions & { readonly cursor?: string }): AsyncIterable<FeedFrame>;

  capabilities(call?: CallOptions): Answer<"capabilities">;
  adapters(call?: CallOptions): Answer<"adapters">;
  actionList(query?: Query<"actionList">, call?: CallOptions): Answer<"actionList">;
  actions(body: Body<"actions">, call?: CallOptions): Answer<"actions">;
  approvals(query?: Query<"approvals">, call?: CallOptions): Answer<"approvals">;
  approval(id: string, call?: CallOptions): Promise<Approval>;
  approvalEvents(
    id: string,
    options?: CallOptions & { readonly afterSeq?: number },
  ): AsyncIterable<ApprovalEvent>;
  approveAction(id: string, decision?: Decision): Promise<Approval>;
  denyAction(id: string, decision?: Decision): Promise<Approval>;
}
