// What `@opencoven/client` exports: the command line's own client, on Node and on Bun, behind a handshake. index.d.ts says it in types.
import { type CallOptions, type CovenClient, covenClient } from "../../src/api/client.ts";
import { guarded, handshake, type Server } from "../../src/api/client-handshake.ts";
import { hintOf } from "../../src/api/client-hints.ts";
import { nodeTransport } from "../../src/api/client-node.ts";
import { CovenError, type ErrorCode } from "../../src/errors.ts";
import { covenPaths } from "../../src/paths.ts";

export { isUnreachable } from "../../src/api/client.ts";
export { hintOf } from "../../src/api/client-hints.ts";
export { CovenError, ERROR_CODES } from "../../src/errors.ts";

// Whoever prints an error has what to do about it beside it; the command line, which has hints of its own, does not load these.
Object.defineProperty(CovenError.prototype, "hint", {
  configurable: true,
  get(this: CovenError) {
    return hintOf(this);
  },
});

/** What `connect` takes. */
export interface ConnectOptions extends CallOptions {
  readonly socket?: string;
  readonly home?: string;
  readonly timeoutMs?: number;
  readonly agent?: string;
  readonly requires?: readonly string[];
}

/** A daemon that has said who it is. */
export interface Coven extends CovenClient {
  readonly server: Server;
}

/** The socket of the daemon of this user: in `home`, else in COVEN_HOME, else in ~/.coven. */
export function socketPath(home?: string): string {
  return covenPaths(home === undefined ? process.env : { ...process.env, COVEN_HOME: home }).socket;
}

/** Asks who answers, and gives the client of a daemon that can be used; rejects otherwise. */
export async function connect(options: ConnectOptions = {}): Promise<Coven> {
  const { socket = socketPath(options.home), home: _, requires = [], signal, ...rest } = options;
  const call = signal ? { signal } : {};
  const own = "Bun" in globalThis ? {} : { transport: nodeTransport };
  const asking = covenClient(socket, { ...rest, ...own });
  const server = await handshake(asking, requires, call);
  const needed = [...requires];
  const client = covenClient(socket, {
    ...rest,
    ...own,
    patient: true,
    // The daemon that goes on may be another one.
    verify: async (again) => void (await handshake(asking, needed, again)),
  });
  return { ...guarded(client, server.capabilities), server };
}

/** True for an error of this package; with codes, for one of these. */
export function isCovenError(error: unknown, ...codes: readonly ErrorCode[]): error is CovenError {
  return error instanceof CovenError && (codes.length === 0 || codes.includes(error.code));
}
