// Holds what a line typed into the palette means, and what is offered while it is typed.
import { describe, expect, test } from "bun:test";
import { isOfProject } from "../../src/cli/client/describe.ts";
import { headerLines, shortPath } from "../../src/cli/commands/tui/header.ts";
import { requestOf, slashes } from "../../src/cli/commands/tui/slashes.ts";
import { type Known, offers } from "../../src/cli/commands/tui/suggest.ts";
import { glyphs } from "../../src/cli/ui/glyphs.ts";
import { widthOf } from "../../src/cli/ui/width.ts";
import { CovenError } from "../../src/errors.ts";
import type { HarnessInfo } from "../../src/session/ports/harnesses.ts";
import type { Session } from "../../src/session/session.ts";
import { CONTROLS, HOSTILE, NOW, sample } from "./sample.ts";

const harness = (id: string, available = true): HarnessInfo => ({
  ...{ id, label: id.toUpperCase(), executable: id, available, path: available ? `/b/${id}` : null },
  ...{ hint: `get ${id}`, source: "built-in", stream: false },
  ...{ enabled: true, maturity: "launched here", version: null },
});
const HARNESSES = [harness("codex"), harness("claude", false), harness("demo"), harness("mine")];
const SLASHES = slashes(HARNESSES);

const LINES: readonly (readonly [line: string, wanted: object])[] = [
  ["", { kind: "nothing" }],
  ["   ", { kind: "nothing" }],
  ["fix the tests", { kind: "task", task: "fix the tests" }],
  [" /etc/hosts looks wrong", { kind: "task", task: "/etc/hosts looks wrong" }],
  ["quit", { kind: "task", task: "quit" }],
  ["/quit", { kind: "quit" }],
  ["/QUIT ", { kind: "quit" }],
  ["/sessions", { kind: "browse", all: false }],
  ["/all", { kind: "browse", all: true }],
  ["/run", { kind: "run", harness: undefined, task: "" }],
  ["/run codex", { kind: "run", harness: "codex", task: "" }],
  ["/run codex  fix 'it'  now", { kind: "run", harness: "codex", task: "fix 'it'  now" }],
  ["/codex --help me", { kind: "run", harness: "codex", task: "--help me" }],
  ["/mine do it", { kind: "run", harness: "mine", task: "do it" }],
  ["/attach", { kind: "session", verb: "attach", id: "" }],
  ["/kill 3f2a", { kind: "session", verb: "kill", id: "3f2a" }],
  ["/sacrifice 3f2a", { kind: "session", verb: "sacrifice", id: "3f2a" }],
  ["/doctor", { kind: "show", words: ["doctor"] }],
  ["/daemon", { kind: "show", words: ["daemon", "status"] }],
  ["/daemon restart", { kind: "show", words: ["daemon", "restart"] }],
  ["/help", { kind: "help" }],
  ["/help run", { kind: "show", words: ["help", "run"] }],
  ["/logs", { kind: "logs" }],
  ["/sesions", { kind: "unknown", typed: "/sesions", guess: "/sessions" }],
  ["/etc/hosts", { kind: "unknown", typed: "/etc/hosts", guess: undefined }],
];

describe("a line", () => {
  for (const [line, want] of LINES)
    test(JSON.stringify(line), () =>
      expect(requestOf(line, SLASHES)).toEqual(want as ReturnType<typeof requestOf>),
    );
});

test("every command of the issue is there, once, with a summary that fits a narrow terminal", () => {
  const names = slashes([]).map((one) => one.name);
  expect(names).toEqual([
    ...[
      "/run",
      "/codex",
      "/claude",
      "/demo",
      "/sessions",
      "/all",
      "/attach",
      "/resume",
      "/summon",
      "/archive",
      "/kill",
    ],
    ...["/sacrifice", "/doctor", "/daemon", "/logs", "/help", "/quit"],
  ]);
  expect(SLASHES.map((one) => one.name)).toContain("/mine");
  expect(SLASHES.filter((one) => one.summary.length > 32)).toEqual([]);
});

describe("offers", () => {
  const live = sample({ status: "running", title: `parse ${HOSTILE}`, harness: "claude" });
  const done = sample({ title: "docs" });
  const archived = sample({ title: "old", archived_at: "2026-03-01T11:00:00.000Z" });
  const known: Known = {
    ...{ slashes: SLASHES, harnesses: HARNESSES, usual: "codex", sessions: [live, done, archived] },
    ...{ now: NOW, cols: 60 },
  };
  const values = (line: string) => offers(line, known).map((one) => one.value);

  test("nothing typed: every command; a beginning: those that begin so, then those that hold it", () => {
    expect(values("")).toHaveLength(SLASHES.length);
    expect(values("/a")[0]).toBe("/all");
    expect(values("/se")).toEqual(["/sessions"]);
    expect(values("/zzz")).toEqual([]);
  });

  test("plain text goes to the usual harness as it is", () => {
    expect(offers("fix it", known)).toEqual([{ value: "fix it", label: "codex: fix it" }]);
  });

  test("/run offers harnesses, then the task; a verb offers the sessions it can be used on, found by any word", () => {
    expect(values("/run ")).toEqual(["/run codex ", "/run claude ", "/run demo ", "/run mine "]);
    expect(values("/run cl")).toEqual(["/run claude "]);
    expect(values("/run codex fix it")).toEqual(["/run codex fix it"]);
    const id = (one: { id: string }) => one.id.slice(0, 8);
    expect(values("/kill ")).toEqual([`/kill ${id(live)}`]);
    expect(values("/archive ")).toEqual([`/archive ${id(done)}`]);
    expect(values("/summon ")).toEqual([`/summon ${id(archived)}`]);
    expect(values("/sacrifice ")).toEqual([`/sacrifice ${id(done)}`, `/sacrifice ${id(archived)}`]);
    expect(values("/attach ")).toHaveLength(3);
    expect(values("/attach docs")).toEqual([`/attach ${id(done)}`]);
    expect(values("/daemon re")).toEqual(["/daemon restart"]);
  });

  test("no label is too wide or holds a control character", () => {
    for (const line of [
      "",
      "/",
      "/run ",
      "/attach ",
      `x${HOSTILE}`,
      `/run ${HOSTILE}`,
      `/codex ${HOSTILE}`,
      "日本".repeat(50),
    ]) {
      const labels = offers(line, { ...known, cols: 35 }).map((one) => one.label);
      expect(labels.filter((label) => widthOf(label) > 35 || CONTROLS.test(label))).toEqual([]);
    }
  });
});

describe("the heading", () => {
  const place = { projectRoot: "/srv/app", cwd: "/srv/app", isRepository: true };
  const scope = { isHere: (one: Session) => isOfProject(one, "/srv/app") };
  const second = (over: object) =>
    Bun.stripANSI(
      headerLines(place, { sessions: [], complete: true, error: undefined, ...over }, 80, scope)[1],
    );
  const unreachable = (cause: string) =>
    new CovenError("runtime_unavailable", "no", { reason: "unreachable", cause, socket: "/s" });

  test("says where, whether the daemon runs, what lives and what waits", () => {
    const { dot } = glyphs;
    const first = headerLines(place, { sessions: [], complete: true, error: undefined }, 80)[0];
    expect(Bun.stripANSI(first)).toBe(`coven ${dot} /srv/app (git)`);
    expect(second({})).toBe(`daemon running ${dot} nothing live`);
    const busy = [
      sample({ status: "running", project_root: "/srv/app" }),
      sample({ status: "running", activity: "blocked", project_root: "/srv/app/deep" }),
      sample({ project_root: "/srv/app" }),
    ];
    expect(second({ sessions: busy })).toBe(`daemon running ${dot} 2 live ${dot} 1 waiting for you`);
    const far = { status: "running", activity: "blocked", project_root: "/srv/b" } as const;
    expect(second({ sessions: [...busy, sample(far)] })).toBe(
      `daemon running ${dot} 2 live ${dot} 1 waiting for you ${dot} Ctrl-O 1 more, 1 waiting`,
    );
    expect(second({ complete: false })).toBe(`asking the daemon … ${dot} nothing live`);
    expect(second({ error: unreachable("ENOENT") })).toBe("daemon not running (it starts when needed)");
    expect(second({ error: unreachable("timeout") })).toBe("daemon not answering (/doctor says more)");
    expect(second({ error: new Error("x") })).toBe("daemon in trouble (/doctor says more)");
  });

  test("a path that is long keeps its end, and one that is hostile is harmless", () => {
    expect(shortPath("/a/very/long/path/to/a/project", 20)).toBe("…/path/to/a/project");
    for (const cells of [5, 12, 40]) {
      const shown = shortPath(`/srv/${HOSTILE}/日本語の長い名前のディレクトリ`, cells);
      expect([widthOf(shown) <= cells, CONTROLS.test(shown)]).toEqual([true, false]);
    }
  });
});
