// Holds `coven diff`: all that has changed since a session began, and nothing else, without touching the index.
import { afterEach, beforeEach, expect, setDefaultTimeout } from "bun:test";
import { readFileSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Session } from "../../src/session/session.ts";
import { type CommandLine, commandLine } from "../support/command-line.ts";
import { inTerminal } from "../support/in-terminal.ts";
import { commit, files, git, repository } from "../support/repository.ts";
import { testUnless, without } from "../support/unless.ts";

setDefaultTimeout(60_000);
const test = testUnless(without("git"));

let line: CommandLine;
let project: string;
beforeEach(() => {
  line = commandLine();
  project = realpathSync(line.home.project);
});
afterEach(() => line[Symbol.asyncDispose]());

async function ran(...flags: string[]): Promise<Session> {
  return JSON.parse((await line.coven(["run", "demo", "exit 0", "--json", ...flags])).out);
}

const CHANGES = {
  "a.txt": "one\nmore\n",
  "sub/new.txt": "new\n",
  "ignored.log": "no\n",
  "bytes.bin": "\0\u0001",
};

test("committed, uncommitted and new files, in a worktree and without one; a patch that git applies", async () => {
  repository(project, { "a.txt": "one\n", "gone.txt": "x\n", ".gitignore": "*.log\n" });
  for (const flags of [["--worktree"], []]) {
    const { id, project_root: root, base_commit } = await ran(...flags);
    commit(root, { "committed.txt": "c\n" });
    files(root, CHANGES);
    rmSync(join(root, "gone.txt"));
    const index = readFileSync(git(root, "rev-parse", "--path-format=absolute", "--git-path", "index"));
    const { out, code } = await line.coven(["diff", id]);
    expect(code).toBe(0);
    for (const said of ["+c", "+more", "+++ b/sub/new.txt", "deleted file", "GIT binary patch"]) {
      expect(out).toContain(said);
    }
    expect(out).not.toContain("ignored.log");
    const names = ["a.txt", "bytes.bin", "committed.txt", "gone.txt", "sub/new.txt"];
    expect((await line.coven(["diff", id, "--name-only"])).out).toBe(`${names.join("\n")}\n`);
    expect((await line.coven(["diff", id, "--stat"])).out).toContain("5 files changed");
    const json = JSON.parse((await line.coven(["diff", id, "--json"])).out);
    expect(json).toMatchObject({ session: id, project_root: root, base: base_commit });
    expect(json.files.map(({ path }: { path: string }) => path)).toEqual(names);
    expect(json.files[0]).toEqual({ path: "a.txt", added: 1, removed: 0 });
    expect(json.files[1]).toEqual({ path: "bytes.bin", added: null, removed: null });
    expect(readFileSync(git(root, "rev-parse", "--path-format=absolute", "--git-path", "index"))).toEqual(
      index,
    );

    const other = join(line.home.base, `other${flags.length}`);
    git(line.home.base, "clone", "--quiet", project, other);
    git(other, "switch", "--quiet", "--detach", String(base_commit));
    files(other, { "../patch": out });
    git(other, "apply", "../patch");
    expect(readFileSync(join(other, "sub/new.txt"), "utf8")).toBe("new\n");
  }
});

test("what git can't add is named, and keeps nothing else from being shown", async () => {
  repository(project, { "a.txt": "one\n" });
  const { id } = await ran();
  files(project, { "new.txt": "new\n", "inner/file.txt": "x\n" });
  git(join(project, "inner"), "init", "--quiet");
  const { out, err, code } = await line.coven(["diff", id]);
  expect([code, out]).toEqual([0, expect.stringContaining("+++ b/new.txt")]);
  expect(err).toContain("Not shown: inner/ ");
  expect(JSON.parse((await line.coven(["diff", id, "--json"])).out)).toMatchObject({
    files: [{ path: "new.txt" }],
    not_shown: ["inner/"],
  });
});

test("in a sparse checkout files outside of its cone are shown too", async () => {
  repository(project, { "in/a.txt": "one\n", "out/b.txt": "two\n" });
  git(project, "sparse-checkout", "set", "in");
  const { id } = await ran();
  files(project, { "in/new.txt": "new\n", "out/new.txt": "new\n" });
  const { out, code } = await line.coven(["diff", id, "--name-only"]);
  expect([code, out]).toEqual([0, "in/new.txt\nout/new.txt\n"]);
});

test("nothing has changed; a session that began nowhere; a directory that is gone; a commit that is gone", async () => {
  const nowhere = await ran();
  expect(await line.coven(["diff", nowhere.id])).toMatchObject({
    code: 1,
    out: "",
    err: expect.stringContaining("It isn't known at which commit"),
  });
  repository(project);
  const { id } = await ran();
  expect(await line.coven(["diff", id])).toMatchObject({
    code: 0,
    out: "",
    err: expect.stringContaining("Nothing has changed"),
  });
  rmSync(join(project, ".git"), { recursive: true });
  repository(project);
  commit(project, { "b.txt": "" }, "another first");
  git(project, "update-ref", "-d", "refs/heads/main");
  git(project, "reflog", "expire", "--expire=now", "--all");
  git(project, "gc", "--quiet", "--prune=now");
  expect(await line.coven(["diff", id])).toMatchObject({
    code: 1,
    err: expect.stringContaining("Git refused to diff: "),
  });
  const { id: away, project_root: root } = await (async () => {
    commit(project);
    return ran("--worktree");
  })();
  rmSync(root, { recursive: true });
  expect(await line.coven(["diff", away])).toMatchObject({
    code: 1,
    err: expect.stringContaining("is gone"),
  });
  expect((await line.coven(["diff", id, "--stat", "--name-only"])).code).toBe(2);
});

test("at a terminal no file can do anything but be read", async () => {
  repository(project);
  const { id } = await ran();
  files(project, { "a.txt": "one\n\u001b]0;taken\u0007 \u001b[2J \u009b31m\n" });
  const shown = inTerminal(line.home, ["diff", id]);
  expect((await shown.exit).exitCode).toBe(0);
  const text = shown.shown();
  expect(text).toContain("\u001b[32m");
  expect(text).toContain("]0;taken");
  expect(text).not.toMatch(/\u001b\]0;|\u001b\[2J|\u009b/);
});
