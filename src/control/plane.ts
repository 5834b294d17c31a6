// The control plane: who is registered, and what is asked through `POST /actions`, judged before it is done.
import { type ErrorCode, isCovenError } from "../errors.ts";
import type { Action, ActionInfo, Asker, Payload, Policy } from "./action.ts";
import type { ControlAdapter } from "./adapter.ts";
import { type Capability, catalogueOf, OWN_ADAPTER, REFRESH } from "./capabilities.ts";
import { type PolicyRule, policyOf } from "./policy.ts";

/** An action that was done. */
export interface Completed {
  readonly ok: true;
  readonly accepted: true;
  readonly action: string;
  readonly status: "completed";
  readonly event: {
    readonly kind: string;
    readonly action: string;
    readonly origin?: string;
    readonly intentId?: string;
    readonly payload: Payload;
  };
}

/** An action that was not; `action` is the id as far as there was one (docs/API-CONTRACT.md, Control plane). */
export interface Rejected {
  readonly ok: false;
  readonly accepted: false;
  readonly action: string;
  readonly status: "rejected";
  /** A sentence for a person. */
  readonly reason: string;
}

/** A refusal, and what stands in the error beside it. */
export interface Refusal {
  readonly rejected: Rejected;
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
}

/** What the plane is told. */
export interface ControlOptions {
  /** The user's settings. */
  readonly policies: readonly PolicyRule[];
  readonly log: {
    info(event: string, fields?: Readonly<Record<string, unknown>>): void;
    warn(event: string, fields?: Readonly<Record<string, unknown>>): void;
  };
}

/** The `action` of a body that is no JSON object. */
const UNREADABLE_ACTION = "(unknown)";
/** Of a name that is only repeated. */
const MOST_NAME = 128;
/** Of an origin or an intent: they are kept and shown. */
const MOST_ASKER = 256;

/** The one registry of a daemon. */
export class ControlPlane {
  readonly #adapters: ControlAdapter[] = [];
  readonly #actions = new Map<string, { readonly action: Action; readonly adapter: string }>();

  constructor(private readonly options: ControlOptions) {
    this.register(this.#own());
  }

  /** Puts an adapter on the list. Throws an Error that names what somebody else has already. */
  register(adapter: ControlAdapter): void {
    const taken = adapter.actions.find(({ id }) => this.#actions.has(id));
    if (taken) throw new Error(`the action ${taken.id} is there already`);
    this.#adapters.push(adapter);
    for (const action of adapter.actions) this.#actions.set(action.id, { action, adapter: adapter.id });
  }

  /** Says in the log which settings are of no action that anybody has: one of them may be misspelt. */
  warnOfUnknown(): void {
    for (const { action } of this.options.policies) {
      if (!this.#actions.has(action)) this.options.log.warn("policy_of_no_action", { action });
    }
  }

  capabilities(): Capability[] {
    return catalogueOf(this.#adapters, (action) => this.#policy(action, undefined));
  }

  /** Every action, with what applies to it for this origin. */
  actions(origin?: string): ActionInfo[] {
    return Array.from(this.#actions.values(), ({ action, adapter }) => ({
      id: action.id,
      capability: action.capability,
      adapter,
      summary: action.summary,
      policy: this.#policy(action, origin),
      timeoutMs: action.timeoutMs,
      args: action.schema,
    }));
  }

  /** Judges the parsed body of `POST /actions` and does what it asks. Throws only what is a bug. */
  act(body: unknown): Completed | Refusal {
    if (typeof body !== "object" || body === null || Array.isArray(body)) {
      return refused(UNREADABLE_ACTION, "The body must be a JSON object.");
    }
    const { action: id, origin, intentId, args } = body as Readonly<Record<string, unknown>>; // an object, checked above
    if (typeof id !== "string" || id.trim() === "") return refused("", "An action id is required.");
    const { action } = this.#actions.get(id) ?? {};
    if (!action) return refused(id, "This action is not known here.");
    for (const [field, value] of Object.entries({ origin, intentId })) {
      if (value === undefined || value === null) continue;
      if (typeof value !== "string") return refused(id, `${field} must be a string.`);
      if (value.length > MOST_ASKER) return refused(id, `${field} must be at most ${MOST_ASKER} characters.`);
    }
    const asker = { ...named("origin", origin), ...named("intentId", intentId) };
    const policy = this.#policy(action, asker.origin);
    if (policy === "deny") {
      return refused(id, "The settings of this daemon deny this action.", { policy }, "forbidden");
    }
    try {
      const run = action.prepare(args, asker);
      if (policy === "requiresApproval") {
        return refused(id, "This action needs a person's approval.", { policy }, "forbidden");
      }
      return this.#completed(action, asker, run());
    } catch (error) {
      if (!isCovenError(error) || error.code === "internal_error") throw error;
      return refused(id, error.message, error.details, error.code);
    }
  }

  #policy(action: Action, origin: string | undefined): Policy {
    return policyOf(action, origin, this.options.policies);
  }

  #completed({ id, kind }: Action, asker: Asker, payload: Payload): Completed {
    if (id !== REFRESH) this.options.log.info("action_completed", { action: id, ...asker });
    return {
      ok: true,
      accepted: true,
      action: id,
      status: "completed",
      event: { kind, action: id, ...asker, payload },
    };
  }

  /** What the first contract has. */
  #own(): ControlAdapter {
    return {
      id: OWN_ADAPTER,
      capabilities: () => [
        { id: "coven.control.actions", label: "Coven control actions", status: "available" },
      ],
      actions: [
        {
          id: REFRESH,
          capability: "coven.control.actions",
          summary: "Say how many capabilities there are",
          policy: "allow",
          timeoutMs: 0,
          kind: "capabilities.refreshed",
          // Published clients send whatever they like.
          schema: {},
          prepare: () => () => ({ capabilities: this.capabilities().length }),
        },
      ],
    };
  }
}

/** Blank is left out. */
function named<N extends keyof Asker>(name: N, value: unknown): Asker {
  return typeof value === "string" && value.trim() !== "" ? { [name]: value } : {};
}

function refused(
  action: string,
  reason: string,
  details: Readonly<Record<string, unknown>> = {},
  code: ErrorCode = "invalid_request",
): Refusal {
  return {
    rejected: { ok: false, accepted: false, action, status: "rejected", reason },
    code,
    details: { ...details, action: action.slice(0, MOST_NAME) },
  };
}
