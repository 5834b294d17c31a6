// The table of actions and act(): what may be done through `POST /actions`, judged before it is done.
import { CAPABILITIES, REFRESH } from "./capabilities.ts";

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
    readonly payload: Readonly<Record<string, unknown>>;
  };
}

/** An action that was not; `action` is the id as far as there was one (CONTRACT, `POST /actions`). */
export interface Rejected {
  readonly ok: false;
  readonly accepted: false;
  readonly action: string;
  readonly status: "rejected";
  /** A sentence for a person. */
  readonly reason: string;
}

interface Action {
  readonly kind: string;
  run(): Readonly<Record<string, unknown>>;
}

/** Known and safe. Whatever is not on this table is refused. */
const ACTIONS: ReadonlyMap<string, Action> = new Map([
  [REFRESH, { kind: "capabilities.refreshed", run: () => ({ capabilities: CAPABILITIES.length }) }],
]);

/** The `action` of a body that is no JSON object. */
export const UNREADABLE_ACTION = "(unknown)";

/** Judges the parsed body of `POST /actions` and does what it asks. Throws nothing. */
export function act(body: unknown): Completed | Rejected {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    return rejected(UNREADABLE_ACTION, "The body must be a JSON object.");
  }
  const { action: id, origin, intentId } = body as Readonly<Record<string, unknown>>; // an object, checked above
  if (typeof id !== "string" || id.trim() === "") return rejected("", "An action id is required.");
  const action = ACTIONS.get(id);
  if (!action) return rejected(id, "This action is not known here.");
  if (!isTextOrAbsent(origin)) return rejected(id, "origin must be a string.");
  if (!isTextOrAbsent(intentId)) return rejected(id, "intentId must be a string.");
  return {
    ok: true,
    accepted: true,
    action: id,
    status: "completed",
    event: {
      kind: action.kind,
      action: id,
      ...(origin?.trim() ? { origin } : {}),
      ...(intentId?.trim() ? { intentId } : {}),
      payload: action.run(),
    },
  };
}

function isTextOrAbsent(value: unknown): value is string | null | undefined {
  return value === undefined || value === null || typeof value === "string";
}

function rejected(action: string, reason: string): Rejected {
  return { ok: false, accepted: false, action, status: "rejected", reason };
}
