// An approval as a person reads it: whole, within the window, and harmless whatever stands in it.
import { expect, test } from "bun:test";
import { type Approval, approvalLines } from "../../src/cli/commands/approvals/view.ts";
import { widthOf } from "../../src/cli/ui/width.ts";

const NOW = Date.parse("2026-11-27T11:00:00.000Z");
const approval = (over: Partial<Approval> = {}): Approval => ({
  id: "apr-3f2a9c1e-0000-4000-8000-000000000000",
  action: "coven.session.input",
  origin: "bridge",
  intentId: null,
  args: { sessionId: "b5f76c56-23d8-4c4e-9d5e-0a7d3c0e1f00", data: "rm -rf build\n", submit: true },
  status: "pending",
  requestedAt: "2026-11-27T10:57:00.000Z",
  expiresAt: "2026-11-27T11:07:30.000Z",
  decidedAt: null,
  decidedBy: null,
  reason: null,
  result: null,
  ...over,
});
const around = { summary: "Type into a running session", title: "fix the tests", now: NOW };

test("what would be done, by whom, and how long there is", () => {
  expect(approvalLines(approval(), { ...around, width: 100 })).toEqual([
    "3f2a9c1e  Type into a running session",
    "          coven.session.input, asked 3m ago by bridge, 7m left",
    "          sessionId: b5f76c56-23d8-4c4e-9d5e-0a7d3c0e1f00 (fix the tests)",
    '          data: "rm -rf build\\n"',
    "          submit: true",
  ]);
});

test("decided, without a name, of no session, of an adapter that is gone", () => {
  const over = { origin: null, status: "denied", decidedBy: "owner", reason: "not now", args: {} } as const;
  expect(
    approvalLines(approval(over), { ...around, summary: undefined, title: undefined, width: 100 }),
  ).toEqual([
    "3f2a9c1e  coven.session.input",
    "          coven.session.input, asked 3m ago by somebody without a name, denied (owner)",
    "          reason: not now",
  ]);
});

test("fits the window, drives no terminal, and says where it is cut", () => {
  const evil = "\u001b[2J\u202e".repeat(200);
  const args = { [evil]: evil, list: Array.from({ length: 900 }, (_, i) => `${i}`) };
  for (const width of [40, 80]) {
    const lines = approvalLines(approval({ origin: evil, args }), { ...around, width });
    expect(lines.filter((line) => widthOf(line) > width)).toEqual([]);
    expect(lines.join("")).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
    expect(lines.at(-1)).toContain("--json shows all");
    expect(lines.length).toBe(41);
  }
});
