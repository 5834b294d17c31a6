// Holds the rules by which what a program says becomes one state: the newest word wins, typing makes a question stale, parts are weighed.
import { expect, test } from "bun:test";
import { AttentionReader } from "../../src/session/attention.ts";
import { signOf } from "../../src/vt/status.ts";

const TITLES = [
  { match: "^Ready", state: "waiting", kind: "idle" },
  { match: "^[⠋⠙]", state: "working" },
] as const;

function reader() {
  const attention = new AttentionReader(TITLES);
  const say = (payload: string) => {
    const sign =
      payload === "bell" ? ({ source: "bell" } as const) : signOf(Buffer.from(payload).toString("latin1"));
    if (!sign) throw new Error(`${payload} says nothing`);
    attention.take(sign);
    const { state, kind, message, source } = attention.now;
    return [state, kind, message, source];
  };
  const type = (keys: string) => {
    attention.typed(Buffer.from(keys, "latin1"));
    return attention.now.state;
  };
  return { attention, say, type };
}

test("before anything is said nobody knows", () => {
  const { attention } = reader();
  expect(attention.now).toEqual({ state: "unknown", kind: null, message: null, source: "launch" });
  expect(attention.changed()).toBe(false);
});

test("the newest word wins, whoever says it", () => {
  const { say } = reader();
  expect(say("7501;state=working")).toEqual(["working", null, null, "osc7501"]);
  expect(say("9;Look")).toEqual(["waiting", null, "Look", "osc9"]);
  expect(say("133;C")).toEqual(["working", null, null, "osc133"]);
  expect(say("bell")).toEqual(["waiting", null, null, "bell"]);
  expect(say("0;⠋ thinking")).toEqual(["working", null, null, "title"]);
  expect(say("0;Ready")).toEqual(["waiting", "idle", null, "title"]);
  expect(say("7501;state=blocked:kind=permission:msg=QT8=")).toEqual([
    "waiting",
    "permission",
    "A?",
    "osc7501",
  ]);
  expect(say("7501;state=idle")).toEqual(["waiting", "idle", null, "osc7501"]);
  expect(say("7501;state=error")).toEqual(["done", null, null, "osc7501"]);
  expect(say("7501;state=clear")).toEqual(["unknown", null, null, "osc7501"]);
});

test("a bell or a notification takes nothing from a program that has said exactly what it wants", () => {
  const { say } = reader();
  say("7501;state=blocked:kind=permission");
  expect(say("bell")).toEqual(["waiting", "permission", null, "osc7501"]);
  expect(say("9;Codex wants your approval")).toEqual(["waiting", "permission", null, "osc7501"]);
  say("7501;state=done");
  expect(say("777;notify;All;done")[0]).toBe("done");
});

test("a keystroke makes what it waited for stale, until it says something; what a terminal sends by itself does not", () => {
  const { say, type, attention } = reader();
  say("7501;state=blocked:kind=question");
  attention.changed();
  for (const report of ["\x1b[I", "\x1b[O", "\x1b[<35;10;5M", "\x1b[M !!", "\x1b[I\x1b[<0;1;1m"]) {
    expect(type(report)).toBe("waiting");
  }
  expect(attention.changed()).toBe(false);
  expect(type("y")).toBe("unknown");
  expect([attention.changed(), attention.now.source]).toEqual([true, "input"]);
  // The same words again are another question.
  say("7501;state=blocked:kind=question");
  expect([attention.changed(), attention.now.state]).toEqual([true, "waiting"]);
  say("7501;state=working");
  expect(type("y")).toBe("working");
});

test("only what differs is a change; a question that came and went within one piece of output is one", () => {
  const { say, attention } = reader();
  say("7501;state=working");
  expect(attention.changed()).toBe(true);
  say("7501;state=working:progress=40");
  say("0;⠋ a");
  say("0;⠙ b");
  expect(attention.changed()).toBe(false);
  say("7501;state=blocked");
  say("7501;state=working");
  expect(attention.changed()).toBe(true);
});

test("parts of a program: one that is blocked counts, then those that work, then the newest", () => {
  const { say } = reader();
  say("7501;state=working:id=us");
  say("7501;state=blocked:kind=permission:id=eu");
  expect(say("7501;state=done:id=us").slice(0, 2)).toEqual(["waiting", "permission"]);
  expect(say("7501;state=working:id=eu")[0]).toBe("working");
  expect(say("7501;state=clear:id=eu")[0]).toBe("done");
  for (let i = 0; i < 1_000; i++) say(`7501;state=blocked:id=p${i}`);
  expect(say("7501;state=clear")[0]).toBe("unknown");
});
