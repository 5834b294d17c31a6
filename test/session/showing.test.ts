// Holds that sessions show one another in no circle, whoever comes and goes in whatever order.
import { expect, test } from "bun:test";
import { isCovenError } from "../../src/errors.ts";
import { Showing } from "../../src/session/showing.ts";

/** The details of the refusal. */
function refused(showing: Showing, within: string, shown: string): unknown {
  try {
    showing.begin(within, shown);
  } catch (error) {
    return isCovenError(error) && error.code === "view_cycle" ? error.details : error;
  }
  return undefined;
}

test("itself, two that show each other, and any longer circle are refused, with the way round", () => {
  const showing = new Showing();
  expect(refused(showing, "a", "a")).toEqual({ sessionId: "a", within: "a", path: ["a"] });
  showing.begin("a", "b");
  expect(refused(showing, "b", "a")).toEqual({ sessionId: "a", within: "b", path: ["a", "b"] });
  showing.begin("b", "c");
  expect(refused(showing, "c", "a")).toEqual({ sessionId: "a", within: "c", path: ["a", "b", "c"] });
  expect(refused(showing, "a", "c")).toBeUndefined();
});

test("a session shown twice is shown until both have left, and leaving twice counts once", () => {
  const showing = new Showing();
  const [one, other] = [showing.begin("a", "b"), showing.begin("a", "b")];
  one();
  one();
  expect(refused(showing, "b", "a")).toBeDefined();
  other();
  expect(refused(showing, "b", "a")).toBeUndefined();
});

test("of thousands of views that begin and end at random none closes a circle, and every one that closes none is let in", () => {
  const showing = new Showing();
  const edges: { readonly from: number; readonly to: number; end(): void }[] = [];
  const reaches = (from: number, to: number): boolean =>
    from === to || edges.some((edge) => edge.from === from && reaches(edge.to, to));
  let random = 7;
  const below = (n: number) => {
    random = (random * 48_271) % 2_147_483_647;
    return random % n;
  };
  let [letIn, keptOut] = [0, 0];
  for (let turn = 0; turn < 5_000; turn++) {
    if (edges.length > 0 && (edges.length > 8 || below(3) === 0)) {
      const [gone] = edges.splice(below(edges.length), 1);
      gone?.end();
      continue;
    }
    const [from, to] = [below(7), below(7)];
    const expected = reaches(to, from);
    try {
      edges.push({ from, to, end: showing.begin(String(from), String(to)) });
      expect(expected).toBe(false);
      letIn += 1;
    } catch (error) {
      if (!isCovenError(error)) throw error;
      expect(expected).toBe(true);
      keptOut += 1;
    }
  }
  expect(Math.min(letIn, keptOut)).toBeGreaterThan(500);
});
