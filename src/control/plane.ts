// The control plane: who is registered, and what is asked through `POST /actions`, judged before it is done.
import { CovenError, type ErrorCode, isCovenError } from "../errors.ts";
import { failureFields } from "../session/evidence.ts";
import type { Action, ActionInfo, Asker, Doing, Payload, Policy } from "./action.ts";
import type { ControlAdapter } from "./adapter.ts";
import type { Approval, ApprovalStatus, ApprovalStep } from "./approval.ts";
import { type ApprovalPorts, Approvals, failure } from "./approvals.ts";
import { type Capability, catalogueOf, OWN_ADAPTER, REFRESH } from "./capabilities.ts";
import { type Decider, type DecidingRules, deciderOf } from "./deciding.ts";
import type { ExternalAdapters } from "./external/adapters.ts";
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

/** An action that a person has to agree to, or that takes its time; what becomes of it stands in the approval. */
export interface Accepted {
  readonly ok: true;
  readonly accepted: true;
  readonly action: string;
  readonly status: "pending" | "running";
  readonly approval: { readonly id: string; readonly expiresAt: string };
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

/** What the plane is told: the user's settings, and the daemon's parts. */
export interface ControlOptions extends Partial<DecidingRules>, ApprovalPorts {
  readonly policies: readonly PolicyRule[];
  /** How long somebody may take to decide, in milliseconds. */
  readonly approvalMs?: number;
  /** The adapters that are programs of the user's. */
  readonly external?: ExternalAdapters;
}

const APPROVAL_MS = 600_000;

/** So many that take their time may be under way: each costs a timer and a row. */
const MOST_RUNNING = 256;

/** The `action` of a body that is no JSON object. */
const UNREADABLE_ACTION = "(unknown)";
/** How the ids of the daemon's own actions begin, and of nobody else's. */
const OWN = "coven.";
/** Of a name that is only repeated. */
const MOST_NAME = 128;
/** Of an origin or an intent: they are kept and shown. */
const MOST_ASKER = 256;

/** The one registry of a daemon. */
export class ControlPlane {
  /** The daemon's own. */
  readonly #own: ControlAdapter[] = [];
  #external: readonly ControlAdapter[] = [];
  #actions: ReadonlyMap<string, { readonly action: Action; readonly adapter: string }> = new Map();
  readonly #approvals: Approvals;
  /** What is being done and takes its time, by the id of its approval. */
  readonly #running = new Map<string, AbortController>();

  #closed = false;

  constructor(private readonly options: ControlOptions) {
    this.#approvals = new Approvals(options, (id) => this.#actions.get(id)?.action.secret ?? []);
    this.register(this.#first());
  }

  /** Puts an adapter of the daemon's own on the list. */
  register(adapter: ControlAdapter): void {
    this.#own.push(adapter);
    this.#list();
  }

  /** The user's own adapters as their manifests stand now. */
  #reread(): void {
    if (!this.options.external || this.#closed) return;
    this.#external = this.options.external.read();
    this.#list();
  }

  #list(): void {
    const entries = [...this.#own, ...this.#external].flatMap((adapter) =>
      adapter.actions.map((action) => [action.id, { action, adapter: adapter.id }] as const),
    );
    this.#actions = new Map(entries);
  }

  /** Says in the log which settings are of no action that anybody has: one of them may be misspelt. */
  warnOfUnknown(): void {
    this.#reread();
    for (const { action } of this.options.policies) {
      if (!this.#actions.has(action)) this.options.log.warn("policy_of_no_action", { action });
    }
  }

  capabilities(): Capability[] {
    this.#reread();
    return catalogueOf([...this.#own, ...this.#external], (action) => this.#policy(action, undefined));
  }

  /** Every action, with what applies to it for this origin. */
  actions(origin?: string): ActionInfo[] {
    this.#reread();
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

  /** The user's own adapters, and manifests that were refused. */
  adapters(): ReturnType<ExternalAdapters["list"]> {
    this.#reread();
    return this.options.external?.list() ?? { adapters: [], problems: [] };
  }

  /** Judges the parsed body of `POST /actions` and does what it asks. Throws only what is a bug. */
  act(body: unknown): Completed | Accepted | Refusal {
    if (typeof body !== "object" || body === null || Array.isArray(body)) {
      return refused(UNREADABLE_ACTION, "The body must be a JSON object.");
    }
    const { action: id, origin, intentId, args } = body as Readonly<Record<string, unknown>>; // an object, checked above
    if (typeof id !== "string" || id.trim() === "") return refused("", "An action id is required.");
    if (!id.startsWith(OWN)) this.#reread();
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
      const doing = action.prepare(args, asker);
      const wish = { action: id, asker, args };
      if (policy === "requiresApproval") {
        return accepted("pending", this.#approvals.ask(wish, this.options.approvalMs ?? APPROVAL_MS));
      }
      if (action.timeoutMs === 0) return this.#completed(action, asker, atOnce(doing(NEVER)));
      if (this.#running.size >= MOST_RUNNING) throw tooMany();
      const { approval, begun } = this.#approvals.allow(wish, action.timeoutMs);
      if (!begun) this.#perform(approval, action, doing);
      return accepted("running", approval);
    } catch (error) {
      if (!isCovenError(error) || error.code === "internal_error") throw error;
      return refused(id, error.message, error.details, error.code);
    }
  }

  #policy(action: Action, origin: string | undefined): Policy {
    return policyOf(action, origin, this.options.policies);
  }

  /** One approval. Throws `approval_not_found`. */
  approval(id: string): Approval {
    return this.#approvals.one(id);
  }

  /** The same, or undefined where there is none. */
  known(id: string): Approval | undefined {
    return this.options.store.approval(id);
  }

  /** The newest first. */
  approvals(query: { readonly status?: ApprovalStatus; readonly limit: number }): Approval[] {
    return this.#approvals.list(query);
  }

  /** Every step of one after a seq, oldest first. Throws `approval_not_found`. */
  steps(id: string, afterSeq: number): ApprovalStep[] {
    return this.#approvals.steps(id, afterSeq);
  }

  /** Calls `wake` after each step of one; returns the way out. */
  watch(id: string, wake: () => void): () => void {
    return this.#approvals.watch(id, wake);
  }

  /** Whoever follows an approval looks again: it may be time to go. */
  wakeAll(): void {
    this.#approvals.wakeAll();
  }

  /**
   * Somebody agrees: it is done now, and the approval says what became of it, as far as it is over. Throws `approval_not_found`, `approval_settled`,
   * and `forbidden` for who may not decide.
   */
  approve(id: string, by: Decider, reason: string | null): Approval {
    const approval = this.#approvals.pending(id);
    const decider = deciderOf(approval, "approve", by, this.#rules());
    const approved = this.#approvals.become(approval, { status: "approved", reason }, decider);
    this.#begin(approved);
    const now = this.#approvals.one(id);
    if (now.status === "approved") this.#approvals.underWay(now);
    return now;
  }

  /** Throws as `approve`. */
  deny(id: string, by: Decider, reason: string | null): Approval {
    const approval = this.#approvals.pending(id);
    const decider = deciderOf(approval, "deny", by, this.#rules());
    return this.#approvals.become(approval, { status: "denied", reason }, decider);
  }

  /**
   * At the start of a daemon, once everybody is registered: what waits goes on waiting. Of what was being done nobody knows how far it came; it has failed,
   * unless it changes nothing, and then it begins anew.
   */
  recover(): void {
    for (const approval of this.#approvals.recover()) {
      if (this.#actions.get(approval.action)?.action.repeats) this.#begin(approval);
      else this.#settle(approval, { status: "failed", result: failure(interrupted("ended")) });
    }
  }

  /** Nobody waits any more for what takes its time; what waits for a decision goes on with the next daemon. */
  close(): void {
    this.#closed = true;
    for (const [id, running] of this.#running) {
      const approval = this.#approvals.one(id);
      this.#running.delete(id);
      running.abort();
      if (!this.#actions.get(approval.action)?.action.repeats)
        this.#settle(approval, { status: "failed", result: failure(interrupted("was stopped")) });
    }
    this.#approvals.close();
  }

  /** The daemon is going: whoever follows an approval comes again to the next one. */
  get closed(): boolean {
    return this.#closed;
  }

  #rules(): DecidingRules {
    const { approvers = [], approveOwn = false } = this.options;
    return { approvers, approveOwn };
  }

  /** Does what was approved; whatever goes wrong stands in the approval. */
  #begin(approval: Approval): void {
    const asker = askerOf(approval);
    try {
      this.#reread();
      const { action } = this.#actions.get(approval.action) ?? {};
      if (!action) throw new CovenError("runtime_unavailable", "Nobody here does this action any more.");
      // The settings may have changed since it was asked for.
      if (this.#policy(action, asker.origin) === "deny")
        throw new CovenError("forbidden", "The settings of this daemon deny this action.");
      this.#perform(approval, action, action.prepare(approval.args, { ...asker, approval: approval.id }));
    } catch (error) {
      this.#failed(approval, error);
    }
  }

  /** Begins the doing; what becomes of it is written at once, or when it is over. Throws nothing. */
  #perform(approval: Approval, action: Action, doing: Doing): void {
    const { world } = this.options;
    const running = new AbortController();
    const { id } = approval;
    const asker = askerOf(approval);
    const done = (payload: Payload) => {
      const { event } = this.#completed(action, asker, payload);
      this.#settle(approval, { status: "completed", result: { event } });
    };
    try {
      const outcome = doing(running.signal);
      if (!(outcome instanceof Promise)) {
        done(outcome);
        return;
      }
      this.#running.set(id, running);
      const late = () => {
        if (!this.#running.delete(id)) return;
        running.abort();
        this.#failed(approval, tooLate(action.timeoutMs));
      };
      const cancel = world.after(action.timeoutMs, late);
      const over = (settle: () => void) => {
        cancel();
        if (this.#running.delete(id)) settle();
      };
      outcome.then(
        (payload) => over(() => done(payload)),
        (error: unknown) => over(() => this.#failed(approval, error)),
      );
    } catch (error) {
      this.#failed(approval, error);
    }
  }

  #failed(approval: Approval, error: unknown): void {
    const known = isCovenError(error) && error.code !== "internal_error";
    if (!known) this.options.log.error("action_failed", { approval: approval.id, ...failureFields(error) });
    this.#settle(approval, { status: "failed", result: failure(error) });
  }

  /** Where it can't be written the next daemon will say that nobody knows. */
  #settle(approval: Approval, change: Pick<Approval, "result"> & { status: "completed" | "failed" }): void {
    try {
      this.#approvals.become(approval, change);
    } catch (error) {
      this.options.log.error("approval_not_settled", { approval: approval.id, ...failureFields(error) });
    }
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
  #first(): ControlAdapter {
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

/** Of what is done at once. */
const NEVER = new AbortController().signal;

function accepted(status: Accepted["status"], { action, id, expiresAt }: Approval): Accepted {
  return { ok: true, accepted: true, action, status, approval: { id, expiresAt } };
}

function askerOf({ origin, intentId }: Approval): Asker {
  return { ...(origin === null ? {} : { origin }), ...(intentId === null ? {} : { intentId }) };
}

function interrupted(how: string): CovenError {
  return new CovenError(
    "runtime_unavailable",
    `The daemon ${how} while this was being done; nobody knows how far it came.`,
    { reason: "interrupted" },
  );
}

function tooMany(): CovenError {
  return new CovenError("runtime_unavailable", `${MOST_RUNNING} actions are under way already.`, {
    reason: "too_many_actions",
    limit: MOST_RUNNING,
  });
}

function tooLate(ms: number): CovenError {
  return new CovenError("runtime_unavailable", `It was not done within ${ms / 1000} seconds.`, {
    reason: "timeout",
  });
}

/** What takes its time says so by its `timeoutMs`. */
function atOnce(outcome: Payload | Promise<Payload>): Payload {
  if (outcome instanceof Promise) throw new Error("an action that is done at once takes its time");
  return outcome;
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
