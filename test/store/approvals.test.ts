// Approvals as the ledger keeps them: member for member, in order, bounded, and found again in a damaged file.
import { afterEach, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Approval } from "../../src/control/approval.ts";
import { openLedger } from "../../src/store/ledger.ts";
import { repairLedger } from "../../src/store/repair.ts";
import { AT, cleanUp, newPath, newSession } from "./fixture.ts";

afterEach(cleanUp);

function approval(over: Partial<Approval> = {}): Approval {
  return {
    id: `apr-${crypto.randomUUID()}`,
    action: "coven.session.kill",
    origin: "bridge",
    intentId: null,
    args: { sessionId: "s", ü: [1, null] },
    status: "pending",
    requestedAt: AT,
    expiresAt: AT,
    decidedAt: null,
    decidedBy: null,
    reason: null,
    result: null,
    ...over,
  };
}

const REQUESTED = { at: AT, kind: "requested", by: null, reason: null } as const;
const DENIED = { at: AT, kind: "denied", by: "owner", reason: "no" } as const;

test("comes back member for member, after a restart too; its steps in order", () => {
  const path = newPath();
  const one = approval();
  const decided: Approval = {
    ...one,
    ...{ status: "denied", decidedAt: AT, decidedBy: "owner", reason: "no" },
    result: { error: { code: "x" } },
  };
  {
    const ledger = openLedger(path);
    ledger.beginApproval(one, REQUESTED);
    expect(ledger.approval(one.id)).toEqual(one);
    ledger.close();
  }
  const ledger = openLedger(path);
  expect(ledger.approvals({ status: "pending", limit: 9 })).toEqual([one]);
  ledger.saveApproval(decided, DENIED);
  expect(ledger.approvals({ status: "pending", limit: 9 })).toEqual([]);
  expect(ledger.approval(one.id)).toEqual(decided);
  const [first, second] = ledger.approvalSteps(one.id, 0);
  expect([first, second]).toMatchObject([REQUESTED, DENIED]);
  expect(ledger.approvalSteps(one.id, first?.seq ?? 0)).toEqual([second as never]);
  expect(ledger.approval("apr-none")).toBeUndefined();
  ledger.close();
});

test("the newest thousand that are over are kept, and each that is not", () => {
  const ledger = openLedger(newPath());
  const waits = approval();
  const first = approval({ status: "denied" });
  for (const one of [waits, first]) ledger.beginApproval(one, REQUESTED);
  for (let i = 0; i < 1_001; i++) ledger.beginApproval(approval({ status: "denied" }), REQUESTED);
  expect(ledger.approval(waits.id)).toEqual(waits);
  expect(ledger.approval(first.id)).toBeUndefined();
  expect(ledger.approvalSteps(first.id, 0)).toEqual([]);
  expect(ledger.approvals({ limit: 5_000 }).length).toBeLessThanOrEqual(1_003);
  ledger.close();
});

test("are among what is saved of a damaged ledger, and are taken for no session", () => {
  const path = newPath();
  const ledger = openLedger(path);
  const id = newSession(ledger);
  const all = Array.from({ length: 50 }, () => approval());
  for (const one of all) ledger.beginApproval(one, REQUESTED);
  ledger.close();
  // Without its first page rows are looked for page by page.
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.fill(0, 0, 8_192));
  const output = join(path, "..", "repaired.db");
  expect(repairLedger(path, output)).toMatchObject({
    method: "salvaged",
    sessions: 1,
    lostRecords: [],
    lostEvents: [],
  });
  const repaired = openLedger(output);
  expect(repaired.activeSessions().map((one) => one.id)).toEqual([id]);
  expect(repaired.approvals({ limit: 99 })).toEqual(all.toReversed());
  expect(repaired.approvalSteps(all[0]?.id ?? "", 0)).toMatchObject([REQUESTED]);
  repaired.close();
});
