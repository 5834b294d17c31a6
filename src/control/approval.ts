// What an approval is: one wish for an action, from the asking to what became of it. The words of the wire and of the ledger.

export const APPROVAL_STATUSES = ["pending", "approved", "denied", "expired", "completed", "failed"] as const;

/** `approved` while it is being done; `expired`: nobody decided in time, which denies it. */
export type ApprovalStatus = (typeof APPROVAL_STATUSES)[number];

/** Every step that an approval can take, in the words of its events. */
export const APPROVAL_STEPS = ["requested", "approved", "denied", "expired", "completed", "failed"] as const;

/** One wish. Times are RFC 3339. */
export interface Approval {
  /** `apr-` and a UUID. */
  readonly id: string;
  readonly action: string;
  /** As whoever asked names itself, null where it doesn't. */
  readonly origin: string | null;
  readonly intentId: string | null;
  /** JSON. Once it is over, without what is to be kept nowhere. */
  readonly args: unknown;
  readonly status: ApprovalStatus;
  readonly requestedAt: string;
  /** Until when it is waited for a decision, or, where none is needed, for its end. */
  readonly expiresAt: string;
  readonly decidedAt: string | null;
  /** `owner`, `policy`, `timeout`, or the origin that decided. */
  readonly decidedBy: string | null;
  readonly reason: string | null;
  /** `{event}` of what was done, `{error}` of what failed. */
  readonly result: Readonly<Record<string, unknown>> | null;
}

/** One step of one. */
export interface ApprovalStep {
  /** Grows from step to step, over all approvals. */
  readonly seq: number;
  readonly at: string;
  readonly kind: (typeof APPROVAL_STEPS)[number];
  /** As `decidedBy`; null for the asking and for what became of it. */
  readonly by: string | null;
  readonly reason: string | null;
}

/** Where approvals are kept, across restarts. Every method is synchronous; what is written is on the disk when it returns. */
export interface ApprovalStore {
  /** A new one with its first step. Throws `runtime_unavailable` where nothing can be written. */
  beginApproval(approval: Approval, step: Omit<ApprovalStep, "seq">): void;
  /** What has changed of one, with the step that changed it. */
  saveApproval(approval: Approval, step: Omit<ApprovalStep, "seq">): void;
  approval(id: string): Approval | undefined;
  /** The newest first; of any status where none is named. */
  approvals(query: { readonly status?: ApprovalStatus; readonly limit: number }): Approval[];
  /** Of one, oldest first, after a seq. */
  approvalSteps(id: string, afterSeq: number): ApprovalStep[];
}
