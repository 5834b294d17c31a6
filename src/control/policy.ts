// Whether an action may be done: the user's settings before the action's own word, and one for an origin before one for all.
import type { Policy } from "./action.ts";

/** One setting: of one action, for everybody or for who names this origin. */
export interface PolicyRule {
  readonly action: string;
  readonly origin?: string;
  readonly policy: Policy;
}

/** What applies to an action that this origin asks for; no origin is nobody's. */
export function policyOf(
  { id, policy }: { readonly id: string; readonly policy: Policy },
  origin: string | undefined,
  rules: readonly PolicyRule[],
): Policy {
  const own = rules.filter((rule) => rule.action === id);
  const forOrigin = origin === undefined ? undefined : own.find((rule) => rule.origin === origin);
  const forAll = own.find((rule) => rule.origin === undefined);
  return (forOrigin ?? forAll)?.policy ?? policy;
}
