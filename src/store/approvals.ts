// The rows of approvals and of their steps.
import type { Approval, ApprovalStep, ApprovalStore } from "../control/approval.ts";
import type { Connection } from "./connection.ts";

/** So many that are over are kept; older ones go when a new one comes. */
const KEPT = 1_000;

const COLUMNS =
  "id, action, origin, intent_id, args, status, requested_at, expires_at, decided_at, decided_by, reason, result";

/** Every statement on approvals. */
export const APPROVAL_SQL = {
  begin: `INSERT INTO approval_rows (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  save: `UPDATE approval_rows SET args = ?, status = ?, expires_at = ?, decided_at = ?, decided_by = ?, reason = ?, result = ?
    WHERE id = ?`,
  step: "INSERT INTO approval_step_rows (approval, at, kind, decider, reason) VALUES (?, ?, ?, ?, ?)",
  approval: `SELECT ${COLUMNS} FROM approval_rows WHERE id = ?`,
  newest: `SELECT ${COLUMNS} FROM approval_rows WHERE n > 0 ORDER BY n DESC LIMIT ?`,
  ofStatus: `SELECT ${COLUMNS} FROM approval_rows WHERE status = ? ORDER BY n DESC LIMIT ?`,
  steps: `SELECT seq, at, kind, decider AS by, reason FROM approval_step_rows WHERE approval = ? AND seq > ? ORDER BY seq`,
  place: "SELECT n FROM approval_rows WHERE n > 0 ORDER BY n DESC LIMIT 1 OFFSET ?",
  old: "SELECT id FROM approval_rows WHERE n <= ? AND status NOT IN ('pending', 'approved')",
  forget: "DELETE FROM approval_rows WHERE id = ?",
  forgetSteps: "DELETE FROM approval_step_rows WHERE approval = ?",
} as const;

interface ApprovalRow {
  readonly id: string;
  readonly action: string;
  readonly origin: string | null;
  readonly intent_id: string | null;
  readonly args: string;
  readonly status: Approval["status"];
  readonly requested_at: string;
  readonly expires_at: string;
  readonly decided_at: string | null;
  readonly decided_by: string | null;
  readonly reason: string | null;
  readonly result: string | null;
}

/** Approvals of an open ledger. */
export function approvalTable({ db, transaction, sync }: Connection): ApprovalStore {
  const begin = db.query<null, (string | null)[]>(APPROVAL_SQL.begin);
  const save = db.query<null, (string | null)[]>(APPROVAL_SQL.save);
  const step = db.query<null, (string | null)[]>(APPROVAL_SQL.step);
  const approval = db.query<ApprovalRow, [string]>(APPROVAL_SQL.approval);
  const newest = db.query<ApprovalRow, [number]>(APPROVAL_SQL.newest);
  const ofStatus = db.query<ApprovalRow, [string, number]>(APPROVAL_SQL.ofStatus);
  const steps = db.query<ApprovalStep, [string, number]>(APPROVAL_SQL.steps);
  const place = db.query<{ n: number }, [number]>(APPROVAL_SQL.place);
  const old = db.query<{ id: string }, [number]>(APPROVAL_SQL.old);
  const forget = db.query<null, [string]>(APPROVAL_SQL.forget);
  const forgetSteps = db.query<null, [string]>(APPROVAL_SQL.forgetSteps);

  const addStep = (id: string, { at, kind, by, reason }: Omit<ApprovalStep, "seq">) =>
    void step.run(id, at, kind, by, reason);
  /** In one transaction, and on the disk: an approval is used once, also across a power cut. */
  const written = (work: () => void) => {
    transaction(work);
    sync();
  };

  return {
    beginApproval(one, first) {
      written(() => {
        const last = place.get(KEPT)?.n;
        for (const { id } of last === undefined ? [] : old.all(last)) {
          forgetSteps.run(id);
          forget.run(id);
        }
        const { id, action, origin, intentId, args, status } = one;
        begin.run(
          ...[id, action, origin, intentId, JSON.stringify(args), status],
          ...[one.requestedAt, one.expiresAt, one.decidedAt, one.decidedBy, one.reason, resultOf(one)],
        );
        addStep(id, first);
      });
    },
    saveApproval(one, next) {
      written(() => {
        save.run(
          ...[JSON.stringify(one.args), one.status, one.expiresAt, one.decidedAt, one.decidedBy],
          ...[one.reason, resultOf(one), one.id],
        );
        addStep(one.id, next);
      });
    },
    approval(id) {
      const row = approval.get(id);
      return row ? approvalOf(row) : undefined;
    },
    approvals({ status, limit }) {
      return (status === undefined ? newest.all(limit) : ofStatus.all(status, limit)).map(approvalOf);
    },
    approvalSteps: (id, afterSeq) => steps.all(id, afterSeq),
  };
}

function resultOf({ result }: Approval): string | null {
  return result === null ? null : JSON.stringify(result);
}

function approvalOf({
  intent_id,
  requested_at,
  expires_at,
  decided_at,
  decided_by,
  ...row
}: ApprovalRow): Approval {
  return {
    id: row.id,
    action: row.action,
    origin: row.origin,
    intentId: intent_id,
    args: parsed(row.args),
    status: row.status,
    requestedAt: requested_at,
    expiresAt: expires_at,
    decidedAt: decided_at,
    decidedBy: decided_by,
    reason: row.reason,
    // Written above, from an object.
    result: parsed(row.result ?? "null") as Approval["result"],
  };
}

/** Whatever a damaged page has made of it, the row can be read. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
