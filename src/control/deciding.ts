// Who may decide on an approval (decision 57).
import { CovenError } from "../errors.ts";
import type { Approval } from "./approval.ts";

/** Who decides. */
export interface Decider {
  /** Has shown the owner's key. */
  readonly owner: boolean;
  /** As it names itself. */
  readonly origin?: string | undefined;
}

/** The user's settings. */
export interface DecidingRules {
  /** Origins that may decide on what others ask for; `ANYBODY`: every client, also one that names no origin. */
  readonly approvers: readonly string[];
  /** They may approve what they ask for themselves, too. */
  readonly approveOwn: boolean;
}

/** Among the approvers: whoever does not ask in the same name. */
const ANYBODY = "*";

/** In `decidedBy`: a client that has named no origin. */
const NAMELESS = "client";

/** Words that stand for somebody else in `decidedBy`. */
const NO_ORIGINS: readonly string[] = ["owner", "policy", "timeout", NAMELESS];

/** By whom it is decided, as the record says it. Throws `forbidden` for who may not. */
export function deciderOf(
  { origin, id }: Approval,
  verdict: "approve" | "deny",
  by: Decider,
  { approvers, approveOwn }: DecidingRules,
): string {
  if (by.owner) return "owner";
  const refuse = (message: string) =>
    new CovenError("forbidden", message, { approvalId: id, hint: `coven approvals ${verdict} ${id}` });
  const named = by.origin?.trim() ? by.origin : undefined;
  const anybody = approvers.includes(ANYBODY);
  if (named === undefined ? !anybody : NO_ORIGINS.includes(named)) {
    throw refuse("Only the owner of this daemon decides on this.");
  }
  // To take back what one has asked for harms nobody.
  if (verdict === "deny" && named === origin) return named ?? NAMELESS;
  if (named !== undefined && !anybody && !approvers.includes(named))
    throw refuse("The settings of this daemon don't let this origin decide.");
  if (verdict === "approve" && !approveOwn && (origin === null || origin === named)) {
    // Who has asked without a name may be anybody, the decider too.
    throw refuse("Nobody approves what may be their own wish.");
  }
  return named ?? NAMELESS;
}
