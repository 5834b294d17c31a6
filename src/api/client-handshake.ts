// Who answers is asked before anything else, and whoever is not the daemon we know is asked for nothing more.
import { CovenError } from "../errors.ts";
import { API_VERSION, SUPPORTED_API_VERSIONS } from "../version.ts";
import type { CallOptions, CovenClient } from "./client.ts";

type Capabilities = Readonly<Record<string, boolean | string>>;

/** What has answered. */
export interface Server {
  readonly apiVersion: string;
  /** Of the daemon. */
  readonly covenVersion: string;
  /** What it serves beyond the first contract. */
  readonly capabilities: Capabilities;
  readonly daemon: { readonly pid: number; readonly startedAt: string; readonly socket: string } | null;
}

/** What the first contract had, and what can be asked of anybody. */
type First =
  | "apiVersion"
  | "health"
  | "capabilities"
  | "actions"
  | "sessions"
  | "launch"
  | "session"
  | "input"
  | "kill"
  | "events"
  | "sessionEvents"
  | "skills"
  | "memory"
  | "restarting";

/** What every other method asks of a daemon. */
export const NEEDS: Readonly<Record<Exclude<keyof CovenClient, First>, string>> = {
  actionList: "actions",
  adapters: "adapters",
  approvals: "approvals",
  approval: "approvals",
  approvalEvents: "approvals",
  approveAction: "approvals",
  denyAction: "approvals",
  registerExternal: "externalSessions",
  completeExternal: "externalSessions",
  rename: "names",
  archive: "rituals",
  summon: "rituals",
  sacrifice: "rituals",
  approve: "answers",
  deny: "answers",
  resize: "resize",
  screen: "screen",
  attach: "attach",
  output: "output",
  eventStream: "eventStream",
  feed: "feed",
  attention: "attention",
  notifyTest: "notify",
  notified: "notify",
  import: "import",
  log: "log",
  familiars: "familiars",
  harnesses: "harnesses",
  status: "status",
  metrics: "metrics",
  openapi: "openapi",
  shutdown: "shutdown",
  restart: "restart",
};

/**
 * Asks who is there. Throws as the client does when nobody answers, `internal_error` with `reason` `incompatible` when what answers is no daemon of this API, and
 * `not_supported` when it lacks one of `requires`.
 */
export async function handshake(
  client: Pick<CovenClient, "health">,
  requires: readonly string[] = [],
  call: CallOptions = {},
): Promise<Server> {
  const said: unknown = await client.health(call);
  const { ok, apiVersion, supportedApiVersions, covenVersion, capabilities, daemon } = members(said);
  const speaks =
    supportedApiVersions === undefined ||
    (Array.isArray(supportedApiVersions) && supportedApiVersions.includes(SUPPORTED_API_VERSIONS[0]));
  if (ok !== true || apiVersion !== API_VERSION || !speaks) {
    throw new CovenError("internal_error", `What answers on the socket is no daemon of ${API_VERSION}.`, {
      reason: "incompatible",
      apiVersion: typeof apiVersion === "string" ? apiVersion : null,
      supportedApiVersions: Array.isArray(supportedApiVersions) ? supportedApiVersions : null,
    });
  }
  const known = members(capabilities) as Capabilities;
  for (const one of requires) if (!known[one]) throw lacking(one);
  return {
    apiVersion,
    covenVersion: String(covenVersion),
    capabilities: known,
    daemon: (daemon ?? null) as Server["daemon"],
  };
}

/** The same client, which refuses by itself what the daemon has not announced. */
export function guarded(client: CovenClient, capabilities: Capabilities): CovenClient {
  const methods = Object.entries(client).map(([name, method]) => {
    const needed = (NEEDS as Readonly<Record<string, string>>)[name];
    if (needed === undefined || capabilities[needed]) return [name, method];
    if (STREAMS.has(name)) return [name, () => refusing(needed)];
    if (name === "attach") {
      const attach = (): never => {
        throw lacking(needed);
      };
      return [name, attach];
    }
    return [name, () => Promise.reject(lacking(needed))];
  });
  return Object.fromEntries(methods);
}

const STREAMS = new Set(["output", "eventStream", "feed", "approvalEvents"]);

// biome-ignore lint/correctness/useYield: a stream that ends before its first element.
async function* refusing(capability: string): AsyncGenerator<never> {
  throw lacking(capability);
}

function lacking(capability: string): CovenError {
  return new CovenError("not_supported", `This daemon does not serve ${capability}.`, {
    capability,
    hint: "coven daemon restart   (the running daemon may be of an older version)",
  });
}

function members(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
