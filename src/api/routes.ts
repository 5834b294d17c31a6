// Owns the table of routes. The server, the typed client and the contract tests all read this one; nobody else names a path.

/** One line of the contract: `:id` stands for a session id. */
export interface Route {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  /** What `health.capabilities` says because this route is served; absent where the original contract has it all. */
  readonly offers?: Readonly<Record<string, true | string>>;
}

/** Every route, once, under its name. Served at `/api/v1<path>` and, as a legacy alias, at `<path>`. */
export const ROUTES = {
  apiVersion: { method: "GET", path: "/api-version" },
  health: { method: "GET", path: "/health" },
  capabilities: { method: "GET", path: "/capabilities" },
  actions: { method: "POST", path: "/actions" },
  sessions: { method: "GET", path: "/sessions", offers: { sessionPaging: true } },
  launch: { method: "POST", path: "/sessions" },
  session: { method: "GET", path: "/sessions/:id" },
  input: { method: "POST", path: "/sessions/:id/input" },
  kill: { method: "POST", path: "/sessions/:id/kill" },
  resize: { method: "POST", path: "/sessions/:id/resize", offers: { resize: true } },
  screen: { method: "GET", path: "/sessions/:id/screen", offers: { screen: true } },
  attach: { method: "GET", path: "/sessions/:id/attach", offers: { attach: "websocket" } },
  output: { method: "GET", path: "/sessions/:id/output", offers: { output: true } },
  archive: { method: "POST", path: "/sessions/:id/archive", offers: { rituals: true } },
  summon: { method: "POST", path: "/sessions/:id/summon", offers: { rituals: true } },
  sacrifice: { method: "DELETE", path: "/sessions/:id", offers: { rituals: true } },
  events: { method: "GET", path: "/events", offers: { eventStream: "sse" } },
  sessionEvents: { method: "GET", path: "/sessions/:id/events", offers: { eventStream: "sse" } },
  harnesses: { method: "GET", path: "/harnesses", offers: { harnesses: true } },
  status: { method: "GET", path: "/status", offers: { status: true } },
  metrics: { method: "GET", path: "/metrics", offers: { metrics: true } },
  shutdown: { method: "POST", path: "/shutdown", offers: { shutdown: true } },
} as const satisfies Record<string, Route>;

/** The name of a route. */
export type RouteName = keyof typeof ROUTES;

/** The original contract's words, then what each route of the table adds. */
export function servedCapabilities(
  routes: Readonly<Record<string, Route>> = ROUTES,
): Record<string, boolean | string> {
  const served: Record<string, boolean | string> = {
    sessions: true,
    events: true,
    eventCursor: "sequence",
    structuredErrors: true,
  };
  for (const route of Object.values(routes)) Object.assign(served, route.offers);
  return served;
}
