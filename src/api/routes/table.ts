// Every route, once, under its name. What is in here is served; nobody else names a path but the client, whom the types hold to it.
import type { AnyRoute } from "../route.ts";
import { approvals } from "./approvals.ts";
import { cockpit } from "./cockpit.ts";
import { control } from "./control.ts";
import { daemon } from "./daemon.ts";
import { events } from "./events.ts";
import { external } from "./external.ts";
import { feed } from "./feed.ts";
import { harnesses } from "./harnesses.ts";
import { health } from "./health.ts";
import { imports } from "./import.ts";
import { notify } from "./notify.ts";
import { openapi } from "./openapi.ts";
import { sessions } from "./sessions.ts";
import { terminal } from "./terminal.ts";

export const ROUTES = {
  ...health,
  ...openapi,
  ...control,
  ...approvals,
  ...sessions,
  ...external,
  ...terminal,
  ...events,
  ...feed,
  ...notify,
  ...harnesses,
  ...cockpit,
  ...imports,
  ...daemon,
} satisfies Record<string, AnyRoute>;

/** The name of a route. */
export type RouteName = keyof typeof ROUTES;

/** What `health.capabilities` says: the original contract's words, then what each route adds. */
export function servedCapabilities(
  routes: Readonly<Record<string, Pick<AnyRoute, "offers">>> = ROUTES,
): Record<string, boolean | string> {
  const served: Record<string, boolean | string> = {
    sessions: true,
    events: true,
    eventCursor: "sequence",
    structuredErrors: true,
    // What 0.4.6 served and cockpits look for before they ask.
    travel: false,
    scheduler: false,
    hub: false,
    executorDispatch: false,
  };
  for (const { offers } of Object.values(routes)) Object.assign(served, offers);
  return served;
}
