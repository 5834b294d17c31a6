// Who offers capabilities and actions: the daemon itself, or another program.
import type { Action } from "./action.ts";

/** As a capability stands: it can be used, is not there yet, was switched off, or lacks something that its user has to set up. */
export type CapabilityStatus = "available" | "planned" | "disabled" | "missingSetup";

/** A capability as its adapter says it. */
export interface Offer {
  readonly id: string;
  readonly label: string;
  readonly status: CapabilityStatus;
}

/** One of those who do what is asked. */
export interface ControlAdapter {
  readonly id: string;
  /** In the order in which they are shown; the status may change from one look to the next. */
  capabilities(): readonly Offer[];
  readonly actions: readonly Action[];
}
