// Holds `run --worktree`, `coven worktrees`, and what sacrifice does with a worktree, with the real git in every kind of repository.
import { afterEach, beforeEach, expect, setDefaultTimeout } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { HARNESS_WORDS, mayBeBranch } from "../../src/cli/commands/run/command.ts";
import { BUILT_IN_IDS } from "../../src/harness/harnesses.ts";
import type { Session } from "../../src/session/session.ts";
import { type CommandLine, commandLine, type Left, type Ways } from "../support/command-line.ts";
import { commit, files, git, repository } from "../support/repository.ts";
import { testUnless, without } from "../support/unless.ts";

setDefaultTimeout(60_000);
const test = testUnless(without("git"));

let line: CommandLine;
let project: string;
beforeEach(() => {
  line = commandLine();
  project = realpathSync(line.home.project);
  // What the agent does is what it is asked: its prompt is run by a shell.
  line.home.script("codex", 'for prompt; do :; done\nexec sh -c "$prompt"');
});
afterEach(() => line[Symbol.asyncDispose]());

const NAMED = {
  GIT_AUTHOR_NAME: "n",
  GIT_AUTHOR_EMAIL: "n@example.org",
  GIT_COMMITTER_NAME: "n",
  GIT_COMMITTER_EMAIL: "n@example.org",
};

/** `coven run codex SCRIPT --worktree…` to its end: its record. */
async function worked(script: string, flag = "--worktree", ways: Ways = {}): Promise<Session> {
  const left = await line.coven(["run", "codex", script, flag, "--json"], {
    ...ways,
    env: { ...NAMED, ...ways.env },
  });
  expect(left.err).not.toContain("Error");
  expect(left.code).toBe(0);
  return JSON.parse(left.out);
}

async function rows(): Promise<Readonly<Record<string, unknown>>[]> {
  return JSON.parse((await line.coven(["worktrees", "--json"])).out).worktrees;
}

const sacrifice = (id: string, ...flags: string[]): Promise<Left> =>
  line.coven(["sacrifice", id, "--yes", ...flags]);

test("a run in a worktree of its own: the boundary is the worktree, the record says branch and base, git knows it", async () => {
  const base = repository(project, { "a.txt": "one\n", "sub/b.txt": "two\n" });
  const session = await worked("pwd; git branch --show-current", "--worktree", { cwd: join(project, "sub") });
  const root = session.project_root;
  expect(root.startsWith(realpathSync(line.home.paths.worktrees))).toBe(true);
  expect(session).toMatchObject({
    cwd: join(root, "sub"),
    base_commit: base,
    worktree: { path: root, base, branch: "coven/pwd-git-branch-show-current" },
  });
  const { out } = await line.coven(["attach", session.id]);
  expect(out.split("\n").slice(0, 2)).toEqual([join(root, "sub"), "coven/pwd-git-branch-show-current"]);
  expect(git(project, "worktree", "list")).toContain(root);
  expect(await rows()).toMatchObject([
    {
      path: root,
      sessions: [session.id],
      state: "clean",
      dirty: 0,
      ahead: 0,
      behind: 0,
      against: "main",
      live: false,
    },
  ]);
});

test("the branch: named, one that is there, one of a remote, and one that can't be", async () => {
  repository(project);
  expect((await worked("true", "--worktree=feature/x")).worktree?.branch).toBe("feature/x");
  git(project, "branch", "there");
  const there = commit(project);
  git(project, "branch", "--force", "there", there);
  expect((await worked("true", "--worktree=there")).worktree).toMatchObject({ branch: "there", base: there });
  // Checked out in the worktree before: git allows it once.
  const again = await line.coven(["run", "codex", "true", "--worktree=there"]);
  expect([again.code, again.err]).toEqual([
    125,
    expect.stringContaining('branch "there" is checked out already'),
  ]);

  const origin = join(line.home.base, "origin");
  const theirs = repository(origin);
  git(origin, "branch", "theirs");
  git(project, "remote", "add", "origin", origin);
  git(project, "fetch", "--quiet", "origin");
  expect((await worked("true", "--worktree=theirs")).worktree).toMatchObject({
    branch: "theirs",
    base: theirs,
  });
  expect((await rows())[0]).toMatchObject({ against: "origin/theirs" });

  const before = git(project, "worktree", "list");
  for (const wrong of ["a..b", "-x", "a b", "HEAD", "@{-1}", "x.lock"]) {
    const left = await line.coven(["run", "codex", "true", `--worktree=${wrong}`]);
    expect([wrong, left.code, left.err]).toEqual([wrong, 125, expect.stringContaining("branch")]);
  }
  expect(git(project, "worktree", "list")).toBe(before);
});

test("the directory is called as the branch is, in any script, and never as an option or a hidden file", async () => {
  repository(project);
  const long = "ж".repeat(100);
  const names = ["@", "fix/früh", "修复", "%-x", "_.x", long];
  const made = [];
  for (const name of names) made.push(basename((await worked("true", `--worktree=${name}`)).project_root));
  expect(made).toEqual(["branch", "fix-früh", "修复", "x", "_.x", "ж".repeat(60)]);
});

test("several at the same time on the same task: each has a branch and a directory of its own", async () => {
  repository(project);
  await line.home.start();
  const all = await Promise.all(Array.from({ length: 6 }, () => worked("true")));
  expect(new Set(all.map(({ worktree }) => worktree?.branch)).size).toBe(6);
  expect(new Set(all.map(({ project_root }) => project_root)).size).toBe(6);
  expect(git(project, "worktree", "list").split("\n")).toHaveLength(7);
});

test("which word is the branch", async () => {
  const branch = (next: string, ...before: string[]) => mayBeBranch(next, before);
  expect(["fix", "fix-login", "a/b", "v1.2"].map((word) => branch(word, "codex"))).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(["fix the tests", "a..b", "-x", "a~1", "a:b", ""].map((word) => branch(word, "codex"))).toEqual(
    Array(6).fill(false),
  );
  expect(["codex", "codex,claude", "feature"].map((word) => branch(word))).toEqual([false, false, true]);
  expect(branch("codex", "claude")).toBe(true);
  expect(Array.from(BUILT_IN_IDS).filter((id) => !HARNESS_WORDS.has(id))).toEqual([]);

  repository(project);
  const run = async (...words: string[]) => {
    const { out, err, code } = await line.coven(["run", "--dry-run", "--json", ...words]);
    expect([err, code]).toEqual(["", 0]);
    const { worktree, argv } = JSON.parse(out);
    return [worktree.branch, argv.at(-1)];
  };
  expect(await run("--worktree", "codex", "exit 0")).toEqual(["coven/exit-0", "exit 0"]);
  expect(await run("--worktree", "feature", "codex", "exit 0")).toEqual(["feature", "exit 0"]);
  expect(await run("codex", "--worktree", "feature", "exit 0")).toEqual(["feature", "exit 0"]);
  expect(await run("codex", "exit 0", "--worktree", "feature")).toEqual(["feature", "exit 0"]);
  expect(await run("codex", "--worktree", "exit 0")).toEqual(["coven/exit-0", "exit 0"]);
  expect(git(project, "branch", "--list", "--format=%(refname:short)")).toBe("main");
});

test("archive keeps it; sacrifice removes it with the branch that was made for it", async () => {
  repository(project);
  const session = await worked("true");
  expect((await line.coven(["archive", session.id])).code).toBe(0);
  expect(existsSync(session.project_root)).toBe(true);
  expect(await rows()).toHaveLength(1);
  const { code, out, err } = await sacrifice(session.id);
  expect([code, out]).toEqual([0, `sacrificed session ${session.id}\n`]);
  expect(err).toContain(`Removed the worktree ${session.project_root} and its branch coven/true.`);
  expect(existsSync(session.project_root)).toBe(false);
  expect(git(project, "branch", "--list", "--format=%(refname:short)")).toBe("main");
  expect(git(project, "worktree", "list").split("\n")).toHaveLength(1);
  expect(await rows()).toEqual([]);
});

test("nothing that is only there is deleted: changed files, new files, commits; --discard says what goes", async () => {
  repository(project);
  const session = await worked(
    "echo x >>a.txt; echo y >new.txt; git commit -qam 'half done'; echo z >>a.txt",
  );
  expect(await rows()).toMatchObject([{ state: "dirty", dirty: 2, ahead: 1, behind: 0 }]);
  const refused = await sacrifice(session.id);
  expect(refused.code).toBe(1);
  for (const said of [
    "a.txt",
    "new.txt",
    "half done",
    "2 files in no commit",
    "1 commit on no other branch",
  ]) {
    expect(refused.err).toContain(said);
  }
  expect(refused.err).toContain("--discard");
  expect((await line.home.client.session(session.id)).id).toBe(session.id);
  expect(readFileSync(join(session.project_root, "new.txt"), "utf8")).toBe("y\n");

  const { code, err } = await sacrifice(session.id, "--discard");
  expect(code).toBe(0);
  for (const said of ["a.txt", "new.txt", "half done"]) expect(err).toContain(said);
  expect(existsSync(session.project_root)).toBe(false);
  expect(git(project, "branch", "--list", "coven/*")).toBe("");
});

test("commits that are somewhere else too are not lost: merged, pushed, tagged", async () => {
  repository(project);
  const origin = join(line.home.base, "origin.git");
  git(line.home.base, "init", "--quiet", "--bare", origin);
  git(project, "remote", "add", "origin", origin);
  const change = (name: string) => `echo x >${name}; git add .; git commit -qm ${name}`;

  const merged = await worked(change("merged"));
  expect((await sacrifice(merged.id)).code).toBe(1);
  git(project, "merge", "--quiet", "--ff-only", String(merged.worktree?.branch));
  expect((await sacrifice(merged.id)).code).toBe(0);

  const pushed = await worked(`${change("pushed")}; git push -q origin HEAD:refs/heads/elsewhere`);
  expect((await sacrifice(pushed.id)).code).toBe(0);

  const tagged = await worked(`${change("tagged")}; git tag kept`);
  expect((await sacrifice(tagged.id)).code).toBe(0);

  // On no branch at all, and the branch that was made left behind.
  const detached = await worked(`git switch -q --detach; ${change("detached")}`);
  expect(await sacrifice(detached.id)).toMatchObject({ code: 1, err: expect.stringContaining("detached") });
  // A branch that was there before stays, and so do its commits.
  git(project, "branch", "mine");
  const mine = await worked(change("mine"), "--worktree=mine");
  expect((await sacrifice(mine.id)).code).toBe(0);
  expect(git(project, "log", "-1", "--format=%s", "mine")).toBe("mine");
});

test("--keep-worktree deletes the record alone; the list still shows it, and one that was removed by hand is missing", async () => {
  repository(project);
  const kept = await worked("echo x >new.txt");
  const gone = await worked("true");
  expect((await sacrifice(kept.id, "--keep-worktree")).code).toBe(0);
  rmSync(gone.project_root, { recursive: true });
  expect((await rows()).map(({ state, sessions }) => [state, sessions])).toEqual([
    ["missing", [gone.id]],
    ["dirty", []],
  ]);
  expect((await sacrifice(gone.id)).code).toBe(0);
  expect((await line.coven(["worktrees"])).out).toMatch(
    /^SESSION +DIRTY +AHEAD +BEHIND +BRANCH +PATH\n- +1 +0 +0 +coven\/\S+ +\//,
  );
  expect((await sacrifice(gone.id, "--discard", "--keep-worktree")).code).toBe(2);
});

test("no client deletes the record of a worktree that is there without saying that it stays", async () => {
  repository(project);
  const { id, worktree } = await worked("true");
  const { client } = line.home;
  await expect(client.sacrifice(id)).rejects.toMatchObject({
    code: "worktree_not_removed",
    details: { sessionId: id, path: worktree?.path, branch: worktree?.branch, hint: expect.any(String) },
  });
  expect((await client.session(id)).id).toBe(id);
  expect(await client.sacrifice(id, { keepWorktree: true })).toMatchObject({ ok: true });
  expect(existsSync(String(worktree?.path))).toBe(true);
});

test("the daemon believes no client: a worktree is what git's files say, or the launch is refused", async () => {
  const base = repository(project);
  await line.home.start();
  const { client } = line.home;
  const path = join(line.home.base, "w");
  git(project, "worktree", "add", "--quiet", "-b", "side", path);
  const launch = (projectRoot: string, worktree: object) =>
    client.launch({
      projectRoot,
      harness: "codex",
      prompt: "true",
      worktree: { branch: "side", base, ...worktree },
    });
  const refused = { code: "invalid_request", details: expect.objectContaining({ field: "worktree" }) };
  for (const [root, worktree] of [
    [project, { branch: "main" }],
    [path, { branch: "main" }],
    [path, { base: "0".repeat(40) }],
    [path, { path: project }],
    [join(path, "a"), {}],
  ] as const) {
    mkdirSync(root, { recursive: true });
    await expect(launch(root, worktree)).rejects.toMatchObject(refused);
  }
  await expect(launch(path, { base: "main" })).rejects.toMatchObject({ code: "invalid_request" });
  expect(await client.sessions()).toEqual([]);
  expect((await launch(path, {})).worktree).toEqual({ path: realpathSync(path), branch: "side", base });
});

test("in a worktree, in a submodule, in a bare repository, through a link, under a locked index", async () => {
  const base = repository(project);
  const link = join(line.home.base, "link");
  symlinkSync(project, link);
  writeFileSync(join(project, ".git/index.lock"), "");
  const through = await worked("echo x >in-link.txt", "--worktree=one", { cwd: link });
  const within = await worked("true", "--worktree=two", { cwd: through.project_root });
  rmSync(join(project, ".git/index.lock"));
  // Both lie side by side, whatever name they were asked for under.
  expect(join(within.project_root, "..")).toBe(join(through.project_root, ".."));
  expect(within).toMatchObject({ base_commit: base });

  // Somebody else has locked the index of the worktree itself.
  const own = git(through.project_root, "rev-parse", "--absolute-git-dir");
  writeFileSync(join(own, "index.lock"), "");
  expect((await rows()).map(({ dirty, branch }) => [branch, dirty])).toEqual([
    ["two", 0],
    ["one", 1],
  ]);
  expect((await line.coven(["diff", through.id])).out).toContain("+++ b/in-link.txt");
  expect((await sacrifice(through.id)).code).toBe(1);
  expect((await sacrifice(through.id, "--discard")).code).toBe(0);
  expect((await sacrifice(within.id)).code).toBe(0);

  const bare = join(line.home.base, "bare.git");
  git(line.home.base, "clone", "--quiet", "--bare", project, bare);
  const ofBare = await worked("cat a.txt", "--worktree", { cwd: bare });
  expect(ofBare).toMatchObject({ base_commit: base, worktree: { branch: "coven/cat-a-txt" } });
  expect((await sacrifice(ofBare.id)).code).toBe(0);
  expect(git(bare, "branch", "--list", "coven/*")).toBe("");

  const outer = join(line.home.base, "outer");
  repository(outer);
  git(outer, "submodule", "--quiet", "add", project, "sub");
  const ofSub = await worked("git rev-parse --show-toplevel", "--worktree", { cwd: join(outer, "sub") });
  expect((await line.coven(["attach", ofSub.id])).out.trim()).toBe(ofSub.project_root);
  expect((await sacrifice(ofSub.id)).code).toBe(0);
});

test("what is only in a submodule of a worktree counts as lost", async () => {
  const inner = join(line.home.base, "inner");
  repository(inner);
  repository(project);
  git(project, "submodule", "--quiet", "add", inner, "sub");
  commit(project);
  const session = await worked("true");
  const sub = join(session.project_root, "sub");
  git(session.project_root, "submodule", "--quiet", "update", "--init");
  files(sub, { "left.txt": "x\n" });
  expect(await sacrifice(session.id)).toMatchObject({
    code: 1,
    err: expect.stringContaining("sub/left.txt"),
  });
  commit(sub, {}, "only here");
  const refused = await sacrifice(session.id);
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining("only here")]);
  git(sub, "reset", "--quiet", "--hard", "origin/main");
  git(sub, "reflog", "expire", "--expire=now", "--all");
  expect((await sacrifice(session.id)).code).toBe(0);
  expect(existsSync(session.project_root)).toBe(false);
});

test("outside of a repository, and before its first commit, it is refused, and nothing is left", async () => {
  const outside = await line.coven(["run", "codex", "true", "--worktree"]);
  expect(outside).toMatchObject({ code: 125, err: expect.stringContaining("lies in no git repository") });
  git(project, "init", "--quiet");
  const unborn = await line.coven(["run", "codex", "true", "--worktree"]);
  expect(unborn).toMatchObject({ code: 125, err: expect.stringContaining("no commit yet") });
  expect(existsSync(line.home.paths.worktrees)).toBe(false);
  expect(await line.home.client.sessions()).toEqual([]);
});

test("a launch that is refused, and a setup that fails, leave neither worktree nor branch", async () => {
  repository(project);
  const refused = await line.coven(["run", "claude", "x", "--worktree"]);
  expect(refused.err).toContain("not installed");
  const before = git(project, "worktree", "list");
  expect(before.split("\n")).toHaveLength(1);
  line.home.script(
    "set-up",
    'echo "$COVEN_WORKTREE_BRANCH $PWD" >made.txt; echo told; exit "$(cat "$COVEN_PROJECT/code")"',
  );
  writeFileSync(join(project, "code"), "3");
  expect((await line.coven(["config", "set", "worktree.setup", '["set-up"]'])).code).toBe(0);
  const failed = await line.coven(["run", "codex", "true", "--worktree"]);
  expect(failed.code).toBe(125);
  expect(failed.err).toContain("told");
  expect(failed.err).toContain("worktree.setup (set-up) left with 3");
  expect(git(project, "worktree", "list")).toBe(before);
  expect(git(project, "branch", "--list", "coven/*")).toBe("");
  writeFileSync(join(project, "code"), "0");
  const { project_root: root } = await worked("true");
  expect(readFileSync(join(root, "made.txt"), "utf8")).toBe(`coven/true ${root}\n`);
});

test("a project's sessions are also those in its worktrees, seen from the project; in a worktree only its own", async () => {
  repository(project);
  const one = await worked("true");
  const two = await worked("true");
  expect([one, two].map(({ worktree }) => worktree?.branch)).toEqual(["coven/true", "coven/true-2"]);
  await line.coven(["run", "codex", "true"], { cwd: line.home.base });
  const ids = async (cwd: string) => {
    const { out } = await line.coven(["sessions", "--here", "--json"], { cwd });
    return JSON.parse(out).sessions.map(({ id }: Session) => id);
  };
  expect(await ids(project)).toEqual([two.id, one.id]);
  expect(await ids(one.project_root)).toEqual([one.id]);
  expect((await line.coven(["sessions", "show", "-", "--json"])).out).toContain(two.id);
  expect((await line.coven(["sessions", "show", "-"])).out).toMatch(
    /worktree +of its own, branch coven\/true-2\n +began at +\w{40}\n/,
  );
});

test("worktree.directory says where, and takes nothing but an absolute path", async () => {
  repository(project);
  const directory = join(line.home.base, "elsewhere");
  expect((await line.coven(["config", "set", "worktree.directory", "relative"])).code).toBe(1);
  expect((await line.coven(["config", "set", "worktree.directory", directory])).code).toBe(0);
  const { project_root: root, id } = await worked("true");
  expect(root.startsWith(`${realpathSync(directory)}/`)).toBe(true);
  expect((await sacrifice(id)).code).toBe(0);
});

/** Makes every setting of the repository that names a program name one that leaves a file behind; returns what it leaves. */
function layTraps(at: string, sprung: string): void {
  const trap = join(line.home.base, "trap");
  writeFileSync(trap, `#!/bin/sh\necho "$0 $*" >>${sprung}\ncat\n`);
  chmodSync(trap, 0o755);
  const hooks = join(line.home.base, "hooks");
  mkdirSync(hooks, { recursive: true });
  for (const hook of [
    "post-checkout",
    "post-index-change",
    "pre-commit",
    "reference-transaction",
    "fsmonitor-watchman",
  ]) {
    symlinkSync(trap, join(hooks, hook));
  }
  for (const [key, value] of Object.entries({
    "core.fsmonitor": trap,
    "core.hooksPath": hooks,
    "core.pager": trap,
    "pager.diff": trap,
    "core.sshCommand": trap,
    "core.editor": trap,
    "diff.external": trap,
    "diff.evil.command": trap,
    "diff.evil.textconv": trap,
    "filter.evil.clean": trap,
    "filter.evil.smudge": trap,
    "filter.evil.required": "true",
    "filter.worse.process": trap,
    "gpg.program": trap,
    "log.showSignature": "true",
    "alias.status": `!${trap}`,
    "alias.worktree": `!${trap}`,
    "credential.helper": trap,
  })) {
    git(at, "config", key, value);
  }
  // Also in a file that the settings include, and in those of one worktree.
  const included = join(line.home.base, "included");
  writeFileSync(included, `[filter "third"]\n\tclean = ${trap}\n\tsmudge = ${trap}\n`);
  git(at, "config", "include.path", included);
  git(at, "config", "extensions.worktreeConfig", "true");
  git(at, "config", "--worktree", "filter.fourth.process", trap);
}

test("a repository's settings run no program of theirs, whatever we ask git", async () => {
  repository(project, {
    ".gitattributes":
      "*.txt filter=evil diff=evil\n*.bin filter=worse\n*.c filter=third\n*.d filter=fourth\n",
    "a.txt": "one\n",
    "b.bin": "two\n",
    "c.c": "three\n",
    "d.d": "four\n",
  });
  const sprung = join(line.home.base, "sprung");
  layTraps(project, sprung);
  // The agent itself asks git for nothing.
  const session = await worked("echo three >>a.txt; echo four >new.txt");
  expect(readFileSync(join(session.project_root, "b.bin"), "utf8")).toBe("two\n");
  expect((await rows()).map(({ dirty }) => dirty)).toEqual([2]);
  expect((await line.coven(["diff", session.id])).out).toContain("+three");
  expect((await line.coven(["diff", session.id, "--stat"])).out).toContain("new.txt");
  expect((await sacrifice(session.id)).code).toBe(1);
  expect((await sacrifice(session.id, "--discard")).code).toBe(0);
  expect(existsSync(sprung) ? readFileSync(sprung, "utf8") : "nothing").toBe("nothing");
  // The trap works: git itself falls into it.
  git(project, "status");
  expect(existsSync(sprung)).toBe(true);
});

test("a filter of the person's own settings is used, also where the repository names another", async () => {
  repository(project, { ".gitattributes": "*.txt filter=own\n", "a.txt": "one\n" });
  const config = join(line.home.base, "gitconfig");
  writeFileSync(config, '[filter "own"]\n\tsmudge = tr a-z A-Z\n\tclean = tr A-Z a-z\n');
  git(project, "config", "filter.own.smudge", "tr a-z X");
  const session = await worked("cat a.txt", "--worktree", { env: { GIT_CONFIG_GLOBAL: config } });
  expect((await line.coven(["attach", session.id])).out).toContain("ONE");
});

test("a variable of git's that names another repository decides nothing", async () => {
  repository(project);
  const other = join(line.home.base, "other");
  const theirs = repository(other, { "c.txt": "c\n" });
  const env = { GIT_DIR: join(other, ".git"), GIT_WORK_TREE: other, GIT_INDEX_FILE: "/nowhere" };
  const session = await worked("true", "--worktree", { env });
  expect(session.base_commit).not.toBe(theirs);
  expect(git(other, "worktree", "list").split("\n")).toHaveLength(1);
});
