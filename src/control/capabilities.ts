// The catalogue of what may be asked of this machine through the daemon (docs/API-CONTRACT.md, Control plane).
import type { Action, Policy } from "./action.ts";
import type { CapabilityStatus, ControlAdapter, Offer } from "./adapter.ts";

/** One entry; clients show `label` and offer `actions` where `status` is available. */
export interface Capability extends Offer {
  /** Who does it. */
  readonly adapter: string;
  readonly status: CapabilityStatus;
  /** The strictest that applies to one of its actions. */
  readonly policy: "allow" | "requiresApproval";
  /** Ids of those of its actions that are not denied. */
  readonly actions: readonly string[];
}

/** The daemon's own adapter. */
export const OWN_ADAPTER = "coven-daemon";

/** The action that changes nothing. */
export const REFRESH = "coven.capabilities.refresh";

/** What was there first, in the first contract's order; and what nobody does yet, unless an adapter registers for it. */
const FIRST: readonly Offer[] = [
  { id: "coven.sessions", label: "Coven sessions", status: "available" },
  { id: "coven.control.actions", label: "Coven control actions", status: "available" },
];
const PLANNED = {
  id: "desktop.automation",
  label: "Desktop automation",
  adapter: "desktop-use",
  status: "planned",
  policy: "requiresApproval",
  actions: [],
} as const satisfies Capability;

/**
 * In this order on the wire: published clients show it as it comes. The first three stand where they always did; what is new comes behind them. `policyOf`
 * says what applies to an action for who asks without a name.
 */
export function catalogueOf(
  adapters: readonly ControlAdapter[],
  policyOf: (action: Action) => Policy,
): Capability[] {
  const all = adapters.flatMap((adapter) =>
    adapter.capabilities().map((offer) => entryOf(adapter, offer, policyOf)),
  );
  const isFirst = ({ id }: Offer) => FIRST.some((one) => one.id === id) || id === PLANNED.id;
  return [
    ...FIRST.map((offer) => all.find(({ id }) => id === offer.id) ?? withoutActions(offer)),
    all.find(({ id }) => id === PLANNED.id) ?? PLANNED,
    ...all.filter((one) => !isFirst(one)),
  ];
}

function withoutActions(offer: Offer): Capability {
  return { ...offer, adapter: OWN_ADAPTER, policy: "allow", actions: [] };
}

function entryOf(
  { id: adapter, actions }: ControlAdapter,
  { id, label, status }: Offer,
  policyOf: (action: Action) => Policy,
): Capability {
  const own = actions.filter((action) => action.capability === id);
  const served = own.filter((action) => policyOf(action) !== "deny");
  const asks = served.some((action) => policyOf(action) === "requiresApproval");
  return {
    ...{ id, label, adapter },
    // All that it could do is denied.
    status: own.length > 0 && served.length === 0 ? "disabled" : status,
    policy: asks || served.length < own.length ? "requiresApproval" : "allow",
    actions: served.map((action) => action.id),
  };
}
