// Holds `run A,B`: the same task for several agents, each in a git worktree of its own, as a group that lists and filters know.
import { afterEach, beforeEach, expect, setDefaultTimeout } from "bun:test";
import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import type { Session } from "../../src/session/session.ts";
import { type CommandLine, commandLine } from "../support/command-line.ts";
import { inTerminal } from "../support/in-terminal.ts";
import { git, repository } from "../support/repository.ts";
import { testUnless, without } from "../support/unless.ts";

setDefaultTimeout(60_000);
const test = testUnless(without("git"));

let line: CommandLine;
let project: string;
beforeEach(() => {
  line = commandLine();
  project = realpathSync(line.home.project);
  for (const name of ["codex", "claude"]) {
    line.home.script(name, `for last; do :; done; echo "${name}: $last" >said.txt; cat said.txt; pwd`);
  }
});
afterEach(() => line[Symbol.asyncDispose]());

const branches = () => git(project, "branch", "--list", "coven/*", "--format=%(refname:short)").split("\n");
const listed = async (...flags: string[]): Promise<Session[]> =>
  JSON.parse((await line.coven(["sessions", "--json", ...flags])).out).sessions;

test("one session and one worktree for each, the ids on standard output, the group in every record", async () => {
  const base = repository(project);
  const { code, out, err } = await line.coven([
    "run",
    "codex,claude,codex",
    "fix the tests",
    "--name",
    "tests",
  ]);
  expect(code).toBe(0);
  const ids = out.trimEnd().split("\n");
  expect(ids).toHaveLength(3);
  expect((await line.coven(["wait", "--all", ...ids])).code).toBe(0);
  const sessions = await Promise.all(ids.map((id) => line.home.client.session(id)));
  expect(sessions.map(({ harness, worktree }) => [harness, worktree?.branch])).toEqual([
    ["codex", "coven/fix-the-tests-codex"],
    ["claude", "coven/fix-the-tests-claude"],
    ["codex", "coven/fix-the-tests-codex-2"],
  ]);
  expect(new Set(sessions.map(({ project_root }) => project_root)).size).toBe(3);
  expect(sessions.map(({ name }) => name)).toEqual(["tests-codex", "tests-claude", "tests-codex-2"]);
  const [group] = new Set(sessions.map(({ group }) => group));
  expect(group).toMatch(/^fix-the-tests-[0-9a-f]{4}$/);
  for (const { id, title, base_commit, launch_mode, harness, status } of sessions) {
    expect({ title, base_commit, launch_mode, status }).toEqual({
      ...{ title: "fix the tests", base_commit: base, launch_mode: "nonInteractive", status: "completed" },
    });
    const diff = (await line.coven(["diff", id])).out;
    expect(diff).toContain(`+${harness}: fix the tests`);
    expect(diff.match(/^\+\w+: /gm)).toHaveLength(1);
  }
  expect(err).toContain(`coven sessions --group ${group}`);
  expect(err).toContain(`coven wait --all ${ids.map((id) => id.slice(0, 8)).join(" ")}`);

  await line.coven(["run", "demo", "exit 0"]);
  expect((await listed("--group", String(group))).map(({ id }) => id)).toEqual(ids.toReversed());
  expect(await listed("--group", "fix-the-tests")).toHaveLength(3);
  expect(await listed("--group", "other")).toEqual([]);
  expect((await line.coven(["sessions", "show", ids[0] ?? ""])).out).toMatch(new RegExp(`group +${group}\n`));
  const table = inTerminal(line.home, ["sessions", "--here", "--limit", "9"], { cols: 150 });
  await table.exit;
  expect(table.shown()).toContain(`fix the tests (group ${group})`);
});

test("--json, names of one's own, and at a terminal each agent's own screen", async () => {
  repository(project);
  const words = ["run", "codex,claude", "task", "--worktree=login", "--group", "mine", "--title", "Login"];
  const { group, sessions } = JSON.parse((await line.coven([...words, "--json"])).out);
  expect(group).toBe("mine");
  expect(sessions).toMatchObject([
    { harness: "codex", group: "mine", title: "Login", worktree: { branch: "login-codex" } },
    { harness: "claude", group: "mine", title: "Login", worktree: { branch: "login-claude" } },
  ]);
  const shown = inTerminal(line.home, ["run", "codex,claude", "task"]);
  expect((await shown.exit).exitCode).toBe(0);
  expect((await listed("--group", "task-")).map(({ launch_mode }) => launch_mode)).toEqual([
    "interactive",
    "interactive",
  ]);
  // A group can also be made of runs that were started one after the other.
  expect((await line.coven(["run", "codex", "more", "--group", "mine"])).code).toBe(0);
  expect(await listed("--group", "mine")).toHaveLength(3);
});

test("nothing is started, and nothing is left, where one of them can't be", async () => {
  const refused = async (words: string[], code: number, why: string) => {
    const left = await line.coven(["run", ...words]);
    expect([left.code, left.err]).toEqual([code, expect.stringContaining(why)]);
  };
  await refused(["codex,claude", "task"], 125, "lies in no git repository");
  repository(project);
  await refused(["codex,emacs", "task"], 127, 'no harness called "emacs"');
  await refused(["codex,claude", "task", "--permission", "sometimes"], 125, "no permission");
  await refused(["codex,demo", "task", "--model", "m"], 125, "can't be told which model");
  await refused(["codex,claude"], 125, "needs a task");
  await refused(["codex,", "task"], 125, "two harnesses or more");
  for (const flag of ["--raw", "--timeout=1m", "--end-with-me", "--archive", "--dry-run"]) {
    await refused(["codex,claude", "task", flag], 125, "is of one agent");
  }
  await refused(["codex,claude", "task", "--worktree=a..b"], 125, "can't be the name of a branch");
  git(project, "branch", "x-claude");
  git(project, "worktree", "add", "--quiet", join(line.home.base, "w"), "x-claude");
  await refused(["codex,claude", "task", "--worktree=x"], 125, "is checked out already");
  expect(branches()).toEqual([""]);
  expect(git(project, "branch", "--list", "x-codex")).toBe("");
  expect(git(project, "worktree", "list").split("\n")).toHaveLength(2);
  expect(await listed()).toEqual([]);
  expect(existsSync(line.home.paths.worktrees)).toBe(true);
});
