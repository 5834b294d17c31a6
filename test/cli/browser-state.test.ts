// Holds what keys do in the browser, and which actions each state of a session allows.
import { describe, expect, test } from "bun:test";
import { isOfProject } from "../../src/cli/client/describe.ts";
import { byUrgency } from "../../src/cli/client/session-list.ts";
import { actionsOf } from "../../src/cli/commands/sessions/browser/actions.ts";
import {
  afterClick,
  afterKey,
  type BrowserState,
  type Intent,
  initialState,
  withListing,
} from "../../src/cli/commands/sessions/browser/state.ts";
import { type Key, keysOf } from "../../src/cli/ui/key-input.ts";
import type { Session } from "../../src/session/session.ts";
import { sample } from "./sample.ts";

const live = sample({ status: "running", title: "explain the parser", harness: "claude", pid: 7 });
const done = sample({ title: "fix the tests" });
const failed = sample({ title: "write docs", status: "failed", exit_code: 3, project_root: "/home/me/docs" });
const archived = sample({ title: "old one", archived_at: "2026-03-01T11:30:00.000Z" });
const ALL = [done, live, failed, archived];

function browser(
  sessions: readonly Session[] = ALL,
  includeArchived = false,
  project?: string,
): BrowserState {
  const place = project ? { name: project, has: (one: Session) => isOfProject(one, project) } : undefined;
  return withListing(initialState(includeArchived, place), {
    sessions: byUrgency(sessions),
    complete: true,
    error: undefined,
  });
}

/** Presses keys one after the other; the state, and the last intent. */
function after(state: BrowserState, keys: string): { state: BrowserState; intent: Intent | undefined } {
  let intent: Intent | undefined;
  for (const key of [...keysOf(keys).keys, ...(keys.endsWith("\u001b") ? [{ name: "escape" } as Key] : [])]) {
    const next = afterKey(state, key, 10);
    state = next.state;
    intent = next.intent;
  }
  return { state, intent };
}

const titles = (state: BrowserState) => state.shown.map((one) => one.title);
const selected = (state: BrowserState) => state.shown[state.at]?.title;
const UP = "\u001b[A";
const DOWN = "\u001b[B";
const ESC = "\u001b";

test("only what the state allows, in words that begin with different letters", () => {
  const labels = (one: Session) => actionsOf(one).map(({ label }) => label);
  expect(labels(live)).toEqual(["Rejoin", "View Log", "Kill"]);
  expect(labels(sample({ status: "created" }))).toEqual(["Rejoin", "View Log", "Kill"]);
  expect(labels(done)).toEqual(["View Log", "Archive", "Sacrifice"]);
  for (const status of ["failed", "killed", "orphaned"] as const)
    expect(labels(sample({ status }))).toEqual(["View Log", "Archive", "Sacrifice"]);
  expect(labels(archived)).toEqual(["View Log", "Summon", "Sacrifice"].filter(Boolean));
});

describe("the list", () => {
  test("running first, then newest; archived ones only when asked for", () => {
    expect(titles(browser())).toEqual(["explain the parser", "fix the tests", "write docs"]);
    expect(titles(browser(ALL, true))).toHaveLength(4);
    const toggled = after(browser(), ".");
    expect(titles(toggled.state)).toHaveLength(4);
    expect(toggled.intent).toEqual({ kind: "refresh" });
  });

  test("that of the project, and of what lies in it; p shows all, and the project again; without one all from the beginning", () => {
    const nested = sample({ title: "nested", project_root: "/home/me/docs/deep" });
    const beside = sample({ title: "beside", project_root: "/home/me/docs-old" });
    const state = browser([...ALL, nested, beside], false, "/home/me/docs");
    expect(titles(state)).toEqual(["write docs", "nested"]);
    const all = after(state, "p");
    expect([titles(all.state).length, all.intent]).toEqual([5, undefined]);
    expect(titles(after(all.state, "p").state)).toEqual(["write docs", "nested"]);
    expect(titles(browser([...ALL, nested, beside], false, "/"))).toHaveLength(5);
    expect(after(browser(), "p").state.notice?.bad).toBe(true);
  });

  test("n goes to the next that waits, around the end, and into other projects only where none of this one does", () => {
    const waits = (title: string, project_root: string) =>
      sample({ status: "running", activity: "blocked", title, project_root });
    const one = waits("one", "/a");
    const two = waits("two", "/a");
    const far = waits("far", "/b");
    const state = browser([one, sample({ project_root: "/a" }), two, far], false, "/a");
    expect(selected(after(state, "n").state)).toBe("two");
    expect(selected(after(state, "nn").state)).toBe("one");
    const none = after(browser([sample({ project_root: "/a" }), far], false, "/a"), "n").state;
    expect([selected(none), none.everywhere]).toEqual(["far", true]);
    expect(after(browser(), "n").state.notice?.text).toBe("No session waits for you.");
  });

  test("/ filters by fzf's rules over a row, Backspace widens, Escape clears, Escape again leaves", () => {
    const typed = after(browser(), "/docs wri").state;
    expect(titles(typed)).toEqual(["write docs"]);
    expect(titles(after(typed, "\u007f\u007f\u007f\u007f").state)).toEqual(["write docs"]);
    expect(titles(after(browser(), "/'running").state)).toEqual(["explain the parser"]);
    expect(titles(after(browser(), "/RUNNING").state)).toEqual([]);
    expect(titles(after(browser(), "/!^write exptp | fxtst").state)).toEqual([
      "explain the parser",
      "fix the tests",
    ]);
    expect(titles(after(browser(), `/${failed.id.slice(0, 8)}`).state)).toEqual(["write docs"]);
    expect(titles(after(browser(), "/zzz").state)).toEqual([]);
    const cleared = after(typed, ESC);
    expect([titles(cleared.state).length, cleared.intent]).toEqual([3, undefined]);
    expect(after(cleared.state, ESC).intent).toEqual({ kind: "leave" });
    expect(after(typed, "\u0003").intent).toEqual({ kind: "leave" });
  });

  test("the pointer stays on its session when the list changes, and on its place when that goes", () => {
    const state = after(browser(), DOWN).state;
    expect(selected(state)).toBe("fix the tests");
    const newer = [sample({ title: "brand new" }), ...ALL];
    expect(selected(withListing(state, { ...state.listing, sessions: byUrgency(newer) }))).toBe(
      "fix the tests",
    );
    const without = ALL.filter((one) => one !== done);
    expect(selected(withListing(state, { ...state.listing, sessions: byUrgency(without) }))).toBe(
      "write docs",
    );
    expect(selected(after(browser(), UP + UP).state)).toBe("explain the parser");
    expect(selected(after(browser(), DOWN.repeat(9)).state)).toBe("write docs");
  });
});

describe("the menu", () => {
  test("Enter is at a live one at once, and shows the log of an ended one; also out of the filter", () => {
    expect(after(browser(), "\r").intent).toEqual({ kind: "act", action: "rejoin", session: live });
    expect(after(browser(), "/docs\r").intent).toEqual({ kind: "act", action: "log", session: failed });
    expect(after(browser([]), "\r").intent).toBeUndefined();
    const external = sample({ status: "running", external: true });
    expect(after(browser([external]), "\r").intent).toEqual({
      kind: "act",
      action: "log",
      session: external,
    });
  });

  test("letters are keys until / is pressed: what is typed behind it in one go is the filter, and Esc brings the keys back", () => {
    expect(after(browser(), "q").intent).toEqual({ kind: "leave" });
    expect(after(browser(), "l").intent).toEqual({ kind: "act", action: "log", session: live });
    expect(after(browser(), "/q").state.filter).toBe("q");
    expect(selected(after(browser(), "jj").state)).toBe("write docs");
    expect(selected(after(browser(), "jjk").state)).toBe("fix the tests");
    expect(selected(after(browser(), "Gg").state)).toBe("explain the parser");
    expect(after(after(browser(), `/q${ESC}`).state, "q").intent).toEqual({ kind: "leave" });
  });

  test("Tab opens it, arrows go round, Enter or a first letter chooses, Escape closes", () => {
    const menu = after(browser(), "\t").state;
    expect(menu.panel).toEqual({ kind: "actions", ids: [live.id], at: 0 });
    expect(after(menu, "\t").state.panel).toEqual({ kind: "none" });
    expect(after(menu, "\r").intent).toEqual({ kind: "act", action: "rejoin", session: live });
    for (const kept of [`${UP}\r`, `${UP}\r\r`, `${UP}\rn`, `${UP}\rx`, "k"]) {
      expect(after(menu, kept).intent).toBeUndefined();
    }
    expect(after(menu, `${UP}\r\ry`).intent).toEqual({ kind: "act", action: "kill", session: live });
    expect(after(menu, "v").intent).toEqual({ kind: "act", action: "log", session: live });
    expect(after(menu, "x")).toEqual({ state: menu, intent: undefined });
    expect(after(menu, ESC).state.panel).toEqual({ kind: "none" });
    expect(after(menu, ESC).state.filter).toBe("");
  });

  test("a session that ends while its menu is open gets the actions of an ended one", () => {
    const menu = after(browser(), `\t${DOWN}${DOWN}`).state;
    const ended = { ...live, status: "completed" as const };
    const next = withListing(menu, { ...menu.listing, sessions: [ended, done] });
    expect(after(next, "\r").state.panel.kind).toBe("sacrifice");
    const gone = withListing(menu, { ...menu.listing, sessions: [done] });
    expect(gone.panel).toEqual({ kind: "none" });
  });
});

describe("a and d", () => {
  const attention = { state: "waiting", kind: "permission", message: "rm?", source: "osc7501", seq: 7, at: "2026-03-01T11:57:00.000Z" } as const; // biome-ignore format: one thought
  const asks = sample({ status: "running", title: "asks", attention });
  const idle = sample({ status: "running", title: "idle", attention: { ...attention, kind: "idle" } });

  test("answer what asks for leave, and only that; waiting ones first, for an answer before for a task", () => {
    const state = browser([live, idle, asks, done]);
    expect(titles(state)).toEqual(["asks", "idle", "explain the parser", "fix the tests"]);
    expect(after(state, "a").intent).toEqual({ kind: "answer", answer: "approve", session: asks });
    expect(after(state, "d").intent).toEqual({ kind: "answer", answer: "deny", session: asks });
    for (const keys of ["ja", "jja", "jjja"].map((all) => [all.slice(0, -1), "a"] as const)) {
      const refused = after(after(state, keys[0]).state, keys[1]);
      expect([refused.intent, refused.state.notice?.bad]).toEqual([undefined, true]);
    }
  });

  test("only pressed for themselves: no rest of what was typed ahead, no paste, and no letter of the filter", () => {
    const state = browser([asks]);
    for (const keys of ["aa", "xa", "da", "/a", "/d"]) expect(after(state, keys).intent).toBeUndefined();
    const pasted = afterKey(state, { name: "paste", text: "a" }, 10);
    expect([pasted.intent, pasted.state.filter]).toEqual([undefined, "a"]);
  });
});

describe("the mouse", () => {
  const row = (at: number) => ({ kind: "row", at }) as const;

  test("a click selects, the second one opens as Enter does, a wheel goes three rows", () => {
    const clicked = afterClick(browser(), row(1), false);
    expect([selected(clicked.state), clicked.intent]).toEqual(["fix the tests", undefined]);
    expect(afterClick(browser(), row(1), true).intent).toEqual({ kind: "act", action: "log", session: done });
    expect(afterClick(browser(), row(0), true).intent).toMatchObject({ action: "rejoin" });
    expect(selected(after(browser(), "\u001b[<65;1;9M").state)).toBe("write docs");
    expect(selected(after(browser(), "\u001b[<65;1;9M\u001b[<64;1;9M").state)).toBe("explain the parser");
    expect(afterClick(browser(), row(9), true)).toMatchObject({ state: { at: 0 } });
  });

  test("a click on a line of the menu chooses it, one on a row closes the menu; no click answers a question", () => {
    const menu = after(browser(), "\t").state;
    expect(afterClick(menu, { kind: "action", at: 1 }, false).intent).toMatchObject({ action: "log" });
    expect(afterClick(menu, row(1), false).state).toMatchObject({ panel: { kind: "none" }, at: 1 });
    const asked = afterClick(menu, { kind: "action", at: 2 }, false).state;
    expect(asked.panel.kind).toBe("confirm");
    for (const again of [false, true]) {
      expect(afterClick(asked, row(0), again)).toEqual({ state: asked });
      expect(afterClick(asked, { kind: "action", at: 0 }, again)).toEqual({ state: asked });
    }
  });
});

describe("sacrifice", () => {
  const asked = after(browser(), `${DOWN}\ts`).state;

  test("the word typed exactly deletes", () => {
    expect(asked.panel).toEqual({ kind: "sacrifice", ids: [done.id], typed: "", wrong: false });
    expect(after(asked, "sacrifice\r").intent).toEqual({ kind: "act", action: "sacrifice", session: done });
    expect(after(asked, "sacrifi\u007fice\r").intent).toMatchObject({ action: "sacrifice" });
  });

  for (const typed of ["Sacrifice", "sacrifice ", "yes", "sacrific", "sacrificee"]) {
    test(`${JSON.stringify(typed)} does not, and says so`, () => {
      const wrong = after(asked, `${typed}\r`);
      expect(wrong.intent).toBeUndefined();
      expect(wrong.state.panel).toMatchObject({ typed, wrong: true });
    });
  }

  test("Enter on nothing, and Escape, delete nothing", () => {
    for (const keys of ["\r", ESC, `sacrifice${ESC}`]) {
      const kept = after(asked, keys);
      expect([kept.intent, kept.state.panel.kind, kept.state.notice?.text]).toEqual([
        undefined,
        "none",
        "Nothing was deleted.",
      ]);
    }
  });
});

test("? says the keys until the next one; in a filter it is a question mark", () => {
  const asked = after(browser(), "?").state;
  expect([asked.filter, asked.panel.kind]).toEqual(["", "keys"]);
  expect(after(asked, DOWN).state.panel.kind).toBe("none");
  expect(after(after(browser(), "/why").state, "?").state.filter).toBe("why?");
});

describe("marks", () => {
  test("Space marks and goes on; what is typed into the filter keeps its spaces; Escape takes the marks back first", () => {
    const marked = after(browser(), `${DOWN}  `).state;
    expect([marked.marked, selected(marked)]).toEqual([[done.id, failed.id], "write docs"]);
    expect(after(marked, " ").state.marked).toEqual([done.id]);
    expect(after(browser(), "/the tests").state.filter).toBe("the tests");
    const typed = after(after(browser(), "/'fix").state, " ").state;
    expect([typed.filter, typed.marked]).toEqual(["'fix ", []]);
    expect(after(after(browser(), "/'fix").state, `${DOWN} `).state.marked).toEqual([done.id]);
    const back = after(marked, ESC);
    expect([back.state.marked, back.intent]).toEqual([[], undefined]);
  });

  test("Enter asks with their number, only y does it, and to all of them; what is not shown any more is not marked", () => {
    const marked = after(browser(), `${DOWN}  `).state;
    const asked = after(marked, "\ta").state;
    expect(asked.panel).toEqual({ kind: "confirm", action: "archive", ids: [done.id, failed.id] });
    expect(after(marked, "\ra").state.panel).toEqual(asked.panel);
    for (const keys of ["\r", "x", "n", ESC]) expect(after(asked, keys).intent).toBeUndefined();
    const sure = after(asked, "y");
    expect(sure.intent).toEqual({ kind: "act on all", action: "archive", sessions: [done, failed] });
    expect(sure.state.marked).toEqual([]);
    const filtered = after(marked, "/docs").state;
    expect(filtered.marked).toEqual([failed.id]);
  });

  test("several are deleted by the word, after a question that counts them", () => {
    const marked = after(browser(ALL, true), `${DOWN}  `).state;
    const asked = after(marked, "\ts").state;
    expect(asked.panel).toEqual({ kind: "sacrifice", ids: [done.id, failed.id], typed: "", wrong: false });
    for (const keys of ["y", "y\r", "sacrific\r", "\r", `sacrifice${ESC}`]) {
      expect(after(asked, keys).intent).toBeUndefined();
    }
    const sure = after(asked, "sacrifice\r");
    expect(sure.intent).toEqual({ kind: "act on all", action: "sacrifice", sessions: [done, failed] });
    expect(sure.state.marked).toEqual([]);
  });

  test("sessions that allow nothing in common are refused with a sentence", () => {
    const mixed = after(browser(), "  \t").state;
    expect([mixed.panel.kind, mixed.notice?.bad]).toEqual(["none", true]);
  });
});
