// Holds what a wait counts as come, the same for coven wait and for the action coven.session.wait.
import { expect, test } from "bun:test";
import type { Attention } from "../../src/session/attention.ts";
import { GOALS, outcomeOf } from "../../src/session/goal.ts";
import type { SessionStatus } from "../../src/session/session.ts";

const attention = (state: Attention["state"]): Attention => ({
  ...{ state, kind: null, message: null, source: "osc7501", seq: 1, at: "" },
});
const of = (status: SessionStatus, state?: Attention["state"]) =>
  GOALS.map((goal) => outcomeOf({ status, attention: state ? attention(state) : null }, goal));

test("waiting, done, exit, in this order", () => {
  expect(of("running", "waiting")).toEqual(["came", "open", "open"]);
  expect(of("running", "done")).toEqual(["open", "came", "open"]);
  expect(of("running", "working")).toEqual(["open", "open", "open"]);
  expect(of("running")).toEqual(["open", "open", "open"]);
  // One that ends well was done, whether its program has said so or not.
  expect(of("completed")).toEqual(["ended", "came", "came"]);
  for (const status of ["failed", "killed", "orphaned"] as const) {
    expect(of(status)).toEqual(["ended", "ended", "came"]);
  }
});
