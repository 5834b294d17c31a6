// Approvals while a daemon lives: asked for, decided, run out, done; each step is written before anybody is told of it.
import { CovenError, isCovenError } from "../errors.ts";
import type { Log, World } from "../session/ports/world.ts";
import type { Asker } from "./action.ts";
import type { Approval, ApprovalStatus, ApprovalStep, ApprovalStore } from "./approval.ts";

/** So many may wait for a decision at once: nobody reads more, and a client that floods fills no disk. */
const MOST_PENDING = 100;
/** More than may ever be under way. */
const MOST_UNDER_WAY = 1_000;
/** Of the args of one, as JSON. */
const MOST_ARGS = 64 * 1024;
/** The longest a timer is set for: a clock that is put right in between is noticed. */
const LOOK_MS = 30_000;

/** What approvals are kept and timed with. */
export interface ApprovalPorts {
  readonly store: ApprovalStore;
  readonly world: Pick<World, "now" | "newId" | "after" | "monotonic">;
  readonly log: Log;
  /** Told of each one that somebody has to decide on; and once it is over, or is being done and takes its time. */
  changed?(approval: Approval, how: "requested" | "settled"): void;
}

/** What is asked for. */
export interface Wish {
  readonly action: string;
  readonly asker: Asker;
  readonly args: unknown;
}

/** All of one daemon's. */
export class Approvals {
  /** By id: when it runs out on the monotonic clock. */
  readonly #pending = new Map<string, number>();
  readonly #watchers = new Map<string, Set<() => void>>();
  #stopTimer = (): void => {};

  /** `secretOf`: members of an action's args that are kept nowhere once it is over. */
  constructor(
    private readonly ports: ApprovalPorts,
    private readonly secretOf: (action: string) => readonly string[],
  ) {}

  /** One that somebody has to decide on within `ms`; the same wish again, while it waits, is the same one. Throws `runtime_unavailable` where too many wait, `invalid_request` for args that are too much to keep. */
  ask(wish: Wish, ms: number): Approval {
    this.expire();
    const before = this.#same(wish, "pending");
    if (before) return before;
    if (this.#pending.size >= MOST_PENDING) {
      throw new CovenError("runtime_unavailable", `${MOST_PENDING} actions wait for approval already.`, {
        reason: "too_many_approvals",
        limit: MOST_PENDING,
        hint: "decide on some of them: coven approvals",
      });
    }
    const approval = this.#begin(wish, ms, { status: "pending" });
    this.#arm(approval.id, ms);
    this.ports.changed?.(approval, "requested");
    return approval;
  }

  /** One that the settings allow and that takes its time, at most `ms`. Throws as `ask`. */
  allow(wish: Wish, ms: number): { readonly approval: Approval; readonly begun: boolean } {
    const before = this.#same(wish, "approved");
    if (before) return { approval: before, begun: true };
    const decided = { decidedAt: this.ports.world.now(), decidedBy: "policy" };
    return { approval: this.#begin(wish, ms, { status: "approved", ...decided }), begun: false };
  }

  /** Throws `approval_not_found`. */
  one(id: string): Approval {
    this.expire();
    return this.#known(id);
  }

  /** Throws `approval_not_found`, and `approval_settled` for one that is decided. */
  pending(id: string): Approval {
    const approval = this.one(id);
    if (approval.status === "pending") return approval;
    throw new CovenError("approval_settled", `This approval is ${approval.status} already.`, {
      approvalId: id,
      status: approval.status,
    });
  }

  list(query: { readonly status?: ApprovalStatus; readonly limit: number }): Approval[] {
    this.expire();
    return this.ports.store.approvals(query);
  }

  /** Every step of one after a seq. Throws `approval_not_found`. */
  steps(id: string, afterSeq: number): ApprovalStep[] {
    this.one(id);
    return this.ports.store.approvalSteps(id, afterSeq);
  }

  /** Somebody has decided, or it was done, or not; `by` where somebody decided. */
  become(
    approval: Approval,
    change: Partial<Approval> & { readonly status: Exclude<ApprovalStatus, "pending"> },
    by: string | null = null,
  ): Approval {
    const { world, store, log } = this.ports;
    const at = world.now();
    const reason = change.reason ?? null;
    const decided = by === null ? {} : { decidedAt: at, decidedBy: by, reason };
    const args = change.status === "approved" ? approval.args : this.#withoutSecrets(approval);
    const next = { ...approval, ...change, ...decided, args };
    store.saveApproval(next, { at, kind: change.status, by, reason });
    this.#pending.delete(approval.id);
    log.info("approval_changed", {
      ...{ approval: approval.id, status: change.status, by },
      ...whoOf(approval),
    });
    this.#wake(approval.id);
    if (next.status !== "approved") this.ports.changed?.(next, "settled");
    return next;
  }

  /** It was approved, and takes its time. */
  underWay(approval: Approval): void {
    this.ports.changed?.(approval, "settled");
  }

  /** At the start: those that wait go on waiting; returns those that were being done when the daemon before this one ended. */
  recover(): Approval[] {
    const { store, world } = this.ports;
    const now = Date.parse(world.now());
    for (const { id, expiresAt } of store.approvals({ status: "pending", limit: MOST_PENDING })) {
      this.#arm(id, Date.parse(expiresAt) - now);
    }
    this.expire();
    return store.approvals({ status: "approved", limit: MOST_UNDER_WAY });
  }

  /** Denies all that nobody has decided on in time. A machine that slept, and a clock that was put back, count too. */
  expire(): void {
    const { store, world, log } = this.ports;
    const [now, ticks] = [Date.parse(world.now()), world.monotonic()];
    for (const [id, until] of this.#pending) {
      const approval = store.approval(id);
      const waits = approval?.status === "pending";
      if (waits && ticks < until && now < Date.parse(approval.expiresAt)) continue;
      try {
        if (waits) this.become(approval, { status: "expired", reason: "Nobody decided in time." }, "timeout");
        this.#pending.delete(id);
      } catch (error) {
        // The disk is full: it can't be approved either, and is denied once that can be written.
        log.error("approval_not_expired", { approval: id, reason: String(error) });
      }
    }
    this.#setTimer();
  }

  /** Calls `wake` after each step of one from now on; returns the way out. */
  watch(id: string, wake: () => void): () => void {
    const watchers = this.#watchers.get(id) ?? new Set();
    this.#watchers.set(id, watchers.add(wake));
    return () => {
      watchers.delete(wake);
      if (watchers.size === 0 && this.#watchers.get(id) === watchers) this.#watchers.delete(id);
    };
  }

  /** Whoever follows one looks again. */
  wakeAll(): void {
    for (const id of this.#watchers.keys()) this.#wake(id);
  }

  close(): void {
    this.#stopTimer();
    this.#pending.clear();
    this.wakeAll();
  }

  /** Who lost the answer asks again, under the same names: both must be given. */
  #same({ action, asker, args }: Wish, status: ApprovalStatus): Approval | undefined {
    const { origin, intentId } = asker;
    if (origin === undefined || intentId === undefined) return undefined;
    const asked = JSON.stringify(args ?? {});
    return this.ports.store
      .approvals({ status, limit: MOST_UNDER_WAY })
      .find(
        (one) =>
          one.action === action &&
          one.origin === origin &&
          one.intentId === intentId &&
          JSON.stringify(one.args) === asked,
      );
  }

  #known(id: string): Approval {
    const approval = this.ports.store.approval(id);
    if (approval) return approval;
    throw new CovenError("approval_not_found", "There is no approval of this id.", {
      approvalId: id.slice(0, 128),
    });
  }

  #withoutSecrets({ action, args }: Approval): unknown {
    const secret = this.secretOf(action);
    if (secret.length === 0 || typeof args !== "object" || args === null) return args;
    return Object.fromEntries(
      Object.entries(args).map(([name, value]) => [name, secret.includes(name) ? null : value]),
    );
  }

  #begin(
    { action, asker, args }: Wish,
    ms: number,
    how: Pick<Approval, "status"> & Partial<Pick<Approval, "decidedAt" | "decidedBy">>,
  ): Approval {
    const { world, store, log } = this.ports;
    const bytes = JSON.stringify(args ?? {}).length;
    if (bytes > MOST_ARGS) {
      throw new CovenError("invalid_request", `The args are larger than ${MOST_ARGS} bytes.`, {
        field: "args",
        limit: MOST_ARGS,
      });
    }
    const at = world.now();
    const approval: Approval = {
      ...{ decidedAt: null, decidedBy: null, reason: null, result: null, ...how },
      id: `apr-${world.newId()}`,
      action,
      origin: asker.origin ?? null,
      intentId: asker.intentId ?? null,
      args: args ?? {},
      requestedAt: at,
      expiresAt: new Date(Date.parse(at) + ms).toISOString(),
    };
    store.beginApproval(approval, { at, kind: "requested", by: null, reason: null });
    log.info("approval_requested", { approval: approval.id, ...whoOf(approval), status: approval.status });
    return approval;
  }

  #arm(id: string, ms: number): void {
    this.#pending.set(id, this.ports.world.monotonic() + ms);
    this.#setTimer();
  }

  #setTimer(): void {
    this.#stopTimer();
    this.#stopTimer = () => {};
    if (this.#pending.size === 0) return;
    const next = Math.min(...this.#pending.values()) - this.ports.world.monotonic();
    this.#stopTimer = this.ports.world.after(Math.min(Math.max(next, 250), LOOK_MS), () => this.expire());
  }

  #wake(id: string): void {
    for (const wake of [...(this.#watchers.get(id) ?? [])]) wake();
  }
}

function whoOf({ action, origin, intentId }: Approval) {
  return { action, ...(origin === null ? {} : { origin }), ...(intentId === null ? {} : { intentId }) };
}

/** `{error}` of what was thrown, as a client is told it. */
export function failure(error: unknown): { readonly error: Readonly<Record<string, unknown>> } {
  if (isCovenError(error) && error.code !== "internal_error") {
    const { code, message, details } = error;
    return { error: { code, message, ...(details ? { details } : {}) } };
  }
  const message = "Something went wrong in the daemon. Its log has the cause under the approval's id.";
  return { error: { code: "internal_error", message } };
}
