// The catalogue of what may be asked of this machine through the daemon (CONTRACT, `GET /capabilities`).

/** One entry; clients show `label` and offer `actions` where `status` is available and `policy` allows. */
export interface Capability {
  readonly id: string;
  readonly label: string;
  /** Who does it. */
  readonly adapter: string;
  readonly status: "available" | "planned" | "disabled" | "missingSetup";
  readonly policy: "allow" | "requiresApproval";
  /** Ids of the actions that belong to it (control/actions.ts). */
  readonly actions: readonly string[];
}

/** The only action so far. */
export const REFRESH = "coven.capabilities.refresh";

/** In this order on the wire: published clients show it as it comes. Add at the end, never in between. */
export const CAPABILITIES: readonly Capability[] = [
  {
    id: "coven.sessions",
    label: "Coven sessions",
    adapter: "coven-daemon",
    status: "available",
    policy: "allow",
    actions: [],
  },
  {
    id: "coven.control.actions",
    label: "Coven control actions",
    adapter: "coven-daemon",
    status: "available",
    policy: "allow",
    actions: [REFRESH],
  },
  {
    id: "desktop.automation",
    label: "Desktop automation",
    adapter: "desktop-use",
    status: "planned",
    policy: "requiresApproval",
    actions: [],
  },
];
