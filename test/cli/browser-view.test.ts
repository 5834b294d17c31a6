// Holds what the browser draws: never wider or higher than the terminal, harmless whatever a session is called.
import { describe, expect, test } from "bun:test";
import { byUrgency } from "../../src/cli/client/session-list.ts";
import { browserLines } from "../../src/cli/commands/sessions/browser/lines.ts";
import { screenRows } from "../../src/cli/commands/sessions/browser/preview.ts";
import {
  afterKey,
  type BrowserState,
  initialState,
  withListing,
} from "../../src/cli/commands/sessions/browser/state.ts";
import { glyphs } from "../../src/cli/ui/glyphs.ts";
import { fold, widthOf, wrapped } from "../../src/cli/ui/width.ts";
import type { Session } from "../../src/session/session.ts";
import { blankPicture, type Picture } from "../../src/vt/picture.ts";
import { CONTROLS, HOSTILE, NOW, sample } from "./sample.ts";

const SESSIONS: readonly Session[] = [
  sample({
    status: "running",
    activity: "blocked",
    title: HOSTILE,
    harness: `x${HOSTILE}`,
    project_root: `/p/${HOSTILE}`,
  }),
  sample({ status: "running", activity: "working", title: "日本語のとても長い題名".repeat(9) }),
  sample({ status: "failed", exit_code: 3, title: "" }),
  sample({ status: "killed", exit_code: null, signal: "SIGKILL" }),
  sample({ status: "orphaned", exit_code: null }),
  sample({ archived_at: "2026-03-01T11:30:00.000Z" }),
  ...Array.from({ length: 40 }, (_, n) => sample({ title: `number ${n}` })),
];

function state(sessions: readonly Session[] = SESSIONS, keys: readonly string[] = []): BrowserState {
  let now = withListing(initialState(true), {
    sessions: byUrgency(sessions),
    complete: true,
    error: undefined,
  });
  for (const key of keys) {
    const one = !/^[a-z]{2,}$/.test(key)
      ? ({ name: "text", text: key } as const)
      : ({ name: key } as { name: "enter" });
    now = afterKey(now, one, 10).state;
  }
  return now;
}

const plain = (lines: readonly string[]) => lines.map((line) => Bun.stripANSI(line));
const SIZES = [
  { cols: 80, rows: 24 },
  { cols: 40, rows: 20 },
  { cols: 200, rows: 50 },
  { cols: 20, rows: 8 },
];
const MOMENTS: readonly (readonly [string, readonly string[]])[] = [
  ["the list", []],
  ["a filter", ["/", "n", "u", "m"]],
  ["a menu", ["tab"]],
  ["the keys", ["?"]],
  ["several marked", ["end", " ", "up", " ", "tab", "s"]],
  ["the question", ["down", "down", "tab", "s"]],
  ["nothing found", ["/", "z", "z", "z"]],
];

/** A screen of another size than any of ours, with wide characters, colours, and what no cell may hold. */
const PICTURE: Picture = {
  ...blankPicture(120, 30),
  styles: [{ sgr: "0" }, { sgr: "0;1;41" }],
  primary: {
    ...blankPicture(120, 30).primary,
    lines: Array.from({ length: 30 }, (_, n) => [[`row ${n} `, 0] as const, ["日本".repeat(40), 1] as const, [7, 0] as const, [HOSTILE, 0] as const]), // biome-ignore format: one thought
  },
};

describe("it fits", () => {
  for (const size of SIZES) {
    for (const [moment, keys] of MOMENTS) {
      test(`${moment} in ${size.cols}x${size.rows}`, () => {
        const now = state(SESSIONS, keys);
        const screen = { id: now.selected ?? "", picture: PICTURE };
        const lines = plain(browserLines(now, size, NOW, screen));
        expect(lines.length).toBe(size.rows);
        expect(lines.filter((line) => widthOf(line) > size.cols)).toEqual([]);
        expect(lines.filter((line) => CONTROLS.test(line))).toEqual([]);
      });
    }
  }
});

describe("the selected session's screen", () => {
  const shows = (size: { cols: number; rows: number }, keys: readonly string[] = []) => {
    const now = state(SESSIONS, keys);
    return plain(browserLines(now, size, NOW, { id: now.selected ?? "", picture: PICTURE }));
  };

  test("beside the list where it is wide, below it where there is room, else one row of facts; a menu takes its rows from it", () => {
    const wide = shows({ cols: 200, rows: 50 });
    expect(wide.filter((line) => line.includes("row ")).length).toBe(30);
    const below = shows({ cols: 80, rows: 24 });
    expect(below.filter((line) => line.startsWith("row ")).length).toBeGreaterThan(5);
    const narrow = shows({ cols: 40, rows: 20 });
    expect(narrow.filter((line) => line.includes("row ")).length).toBe(0);
    const menu = shows({ cols: 80, rows: 24 }, ["tab"]);
    const list = (lines: readonly string[]) => lines.slice(0, 13).map((line) => line.slice(1));
    expect(list(menu)).toEqual(list(below));
  });

  test("of more rows than there is room for those at the cursor; of a blank one nothing; another session's never", () => {
    const rows = (picture: Picture, rows: number) => plain(screenRows(picture, { cols: 8, rows }));
    expect(rows(PICTURE, 2)).toEqual(["row 28", "row 29"]);
    expect(rows(blankPicture(80, 24), 4).filter(Boolean)).toEqual([]);
    const other = plain(browserLines(state(), { cols: 200, rows: 50 }, NOW, { id: "x", picture: PICTURE }));
    expect(other.join("")).not.toContain("row 1");
  });

  test("one that waits says for what, in its own words, harmless; and who works in the same checkout is named", () => {
    const asks = sample({
      status: "running",
      title: "one",
      attention: { state: "waiting", kind: "permission", message: `run rm? ${HOSTILE}`, source: "osc7501", seq: 7, at: "2026-03-01T11:57:00.000Z" }, // biome-ignore format: one thought
    });
    const other = sample({ status: "running", title: "two" });
    const apart = sample({ status: "running", title: "three", project_root: "/home/me/other" });
    const lines = plain(browserLines(state([other, asks, apart]), { cols: 200, rows: 20 }, NOW));
    expect(lines[4]).toContain("waiting  ! codex    3m    one");
    expect(lines.join("\n")).toContain("waiting for leave: run rm? a␛[2J");
    expect(lines.join("\n")).toContain(`! in one checkout with ${other.id.slice(0, 8)} two`);
    expect(lines[5]).toMatch(/running {2}! .* two/);
    expect(lines[6]).toMatch(/running {4}.* three/);
    expect(lines[0]).toContain("1 shared checkout");
    const ended = { ...other, status: "completed" as const };
    expect(plain(browserLines(state([ended, asks, apart]), { cols: 200, rows: 20 }, NOW)).join()).not.toMatch(
      "!",
    );
  });
});

test("the keys are said whole in 40 columns", () => {
  const lines = plain(browserLines(state(SESSIONS, ["?"]), { cols: 40, rows: 20 }, NOW));
  const said = lines.slice(lines.findIndex((line) => line.includes(" Enter ")));
  expect(said.length).toBeGreaterThan(11);
  expect(said.filter((line) => line.includes("…"))).toEqual([]);
});

test("the selected session is on the screen wherever it stands", () => {
  for (const keys of [["end"], ["pagedown"], Array.from({ length: 30 }, () => "down")]) {
    const now = state(SESSIONS, keys);
    const lines = plain(browserLines(now, { cols: 80, rows: 24 }, NOW));
    expect(lines.filter((line) => line.startsWith(glyphs.pointer)).join()).toContain(
      now.shown[now.at]?.title ?? "?",
    );
  }
});

test("what a person reads at 80 columns", () => {
  // Which signs it has is decided by the locale and the terminal that the tests run in (test/cli/ui.test.ts holds both).
  const { pointer, running, failed, killed, archived, dot } = glyphs;
  const shown = plain(browserLines(state(SESSIONS.slice(1, 6)), { cols: 80, rows: 12 }, NOW));
  expect(shown).toEqual([
    ` Sessions of all projects ${dot} 5 ${dot} 1 live ${dot} archived too`,
    " Filter (/ and type)",
    "",
    "  STATUS       HARNESS  AGE   TITLE                                     PROJECT",
    `${pointer} ${running} running    codex    1h    日本語のとても長い題名日本語のとても長…   app`,
    `  ${failed} failed     codex    1h                                              app`,
    `  ${killed} killed     codex    1h    fix the tests                             app`,
    `  ${failed} orphaned   codex    1h    fix the tests                             app`,
    `  ${archived} archived   codex    1h    fix the tests                             app`,
    "",
    ` ${SESSIONS[1]?.id.slice(0, 8)} ${dot} codex, interactive ${dot} running for 1h`,
    ` Enter attach  ${dot}  ? keys  ${dot}  Tab actions  ${dot}  Esc leave  ${dot}  / filter`,
  ]);
});

test("what was found is in colour, wherever it stands in the row, and joined emoji stay one", () => {
  const family = "👨‍👩‍👧";
  const rows = (filter: string) =>
    browserLines(
      state([sample({ title: `${family} fix the tests` })], ["/", ...filter]),
      { cols: 80, rows: 24 },
      NOW,
    );
  const row = rows("'tests").find((line) => line.includes("fix the"));
  expect(Bun.stripANSI(row ?? "")).toContain(`${family} fix the tests`);
  const whole = rows("👩").find((line) => line.includes("fix the"));
  expect(whole).toContain(family);
});

test("five thousand sessions are drawn and filtered while a key is pressed", () => {
  const many = state(Array.from({ length: 5_000 }, (_, n) => sample({ title: `task ${n}` })));
  const began = performance.now();
  const found = afterKey(many, { name: "text", text: "/4321" }, 10).state;
  browserLines(found, { cols: 200, rows: 50 }, NOW);
  expect(found.shown.map((one) => one.title)).toEqual(["task 4321"]);
  // A figure a person would feel, far above what it takes (about 10 ms).
  expect(performance.now() - began).toBeLessThan(500);
});

test("an empty list says how to begin; a daemon that went away is said", () => {
  const empty = plain(browserLines(state([]), { cols: 60, rows: 10 }, NOW)).join("\n");
  expect(empty).toContain("No sessions yet.");
  expect(empty).toContain("coven run demo 'say hello'");
  const lost = withListing(state(), { sessions: [], complete: true, error: new Error("gone") });
  expect(plain(browserLines(lost, { cols: 60, rows: 10 }, NOW)).join("\n")).toContain("Try: coven doctor");
});

test("folding and wrapping: no row too wide, nothing lost but blanks between words", () => {
  for (const text of [
    "",
    "a",
    "日本語のとても長い題名",
    "one two  three",
    "x".repeat(100),
    `${"é".repeat(9)} 日本`,
  ]) {
    for (const cols of [2, 7, 10, 80]) {
      expect(fold(text, cols).join("")).toBe(text);
      expect([...fold(text, cols), ...wrapped(text, cols)].filter((row) => widthOf(row) > cols)).toEqual([]);
      expect(wrapped(text, cols).join("").replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
    }
  }
});
