// What is read from git's own files, in repositories that git has made: branch, commit, and whether it is a worktree.
import { afterAll, expect } from "bun:test";
import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkoutOf } from "../../src/git/checkout.ts";
import { commit, git, repository } from "../support/repository.ts";
import { testUnless, without } from "../support/unless.ts";

const test = testUnless(without("git"));

const base = realpathSync(mkdtempSync(join(tmpdir(), "cv-git-")));
afterAll(() => rmSync(base, { recursive: true, force: true }));

let made = 0;
function fresh(): { directory: string; first: string } {
  const directory = join(base, `r${++made}`);
  return { directory, first: repository(directory, { "a/b.txt": "one\n" }) };
}

test("a branch and its commit, from any directory of it, loose and packed", () => {
  const { directory, first } = fresh();
  const known = { root: directory, branch: "main", commit: first, isLinked: false };
  expect(checkoutOf(join(directory, "a"))).toMatchObject(known);
  git(directory, "branch", "other/deep");
  git(directory, "pack-refs", "--all");
  expect(checkoutOf(directory)).toMatchObject(known);
  git(directory, "switch", "--quiet", "other/deep");
  const second = commit(directory);
  expect(checkoutOf(directory)).toMatchObject({ branch: "other/deep", commit: second });
});

test("a commit without a branch, and a branch without a commit", () => {
  const { directory, first } = fresh();
  git(directory, "switch", "--quiet", "--detach");
  expect(checkoutOf(directory)).toMatchObject({ branch: null, commit: first });
  git(directory, "switch", "--quiet", "--orphan", "empty");
  expect(checkoutOf(directory)).toMatchObject({ branch: "empty", commit: null });
});

test("a worktree, and a worktree that was made from it; a moved one is none until git is told", () => {
  const { directory, first } = fresh();
  const one = join(base, `w${made}`);
  git(directory, "worktree", "add", "--quiet", "-b", "one", one);
  expect(checkoutOf(one)).toMatchObject({ root: one, branch: "one", commit: first, isLinked: true });
  const two = join(base, `w${made}-two`);
  git(one, "worktree", "add", "--quiet", "-b", "two", two);
  expect(checkoutOf(two)).toMatchObject({
    branch: "two",
    isLinked: true,
    commonDirectory: join(directory, ".git"),
  });
  renameSync(two, `${two}-moved`);
  expect(checkoutOf(`${two}-moved`)).toMatchObject({ isLinked: false });
  git(`${two}-moved`, "worktree", "repair");
  expect(checkoutOf(`${two}-moved`)).toMatchObject({ isLinked: true });
});

test("a submodule is a checkout of its own, and no worktree; one of a bare repository is", () => {
  const { directory } = fresh();
  const { directory: inner, first } = fresh();
  git(directory, "submodule", "--quiet", "add", inner, "sub");
  expect(checkoutOf(join(directory, "sub"))).toMatchObject({
    root: join(directory, "sub"),
    commit: first,
    isLinked: false,
  });
  const bare = join(base, `b${made}.git`);
  git(base, "clone", "--quiet", "--bare", inner, bare);
  git(bare, "worktree", "add", "--quiet", "-b", "there", `${bare}-w`);
  expect(checkoutOf(`${bare}-w`)).toMatchObject({ branch: "there", commit: first, isLinked: true });
});

test("a .git that is a link to the directory", () => {
  const { directory, first } = fresh();
  renameSync(join(directory, ".git"), `${directory}-git`);
  symlinkSync(`${directory}-git`, join(directory, ".git"));
  expect(checkoutOf(directory)).toMatchObject({ root: directory, branch: "main", commit: first });
});

test("what is no repository, and what pretends to be one, keeps nobody waiting", () => {
  expect(checkoutOf(base)).toBeUndefined();
  const strange = join(base, "strange");
  mkdirSync(strange);
  writeFileSync(join(strange, ".git"), "neither\n");
  expect(checkoutOf(strange)).toBeUndefined();
  writeFileSync(join(strange, ".git"), "gitdir: /nowhere/at/all\n");
  expect(checkoutOf(strange)).toMatchObject({ branch: null, commit: null, isLinked: false });

  const { directory } = fresh();
  // A pipe that nobody writes to: whoever reads it plainly waits for ever.
  rmSync(join(directory, ".git/HEAD"));
  Bun.spawnSync(["mkfifo", join(directory, ".git/HEAD")]);
  expect(checkoutOf(directory)).toMatchObject({ branch: null, commit: null });
  rmSync(join(directory, ".git/HEAD"));
  // A ref that leads out, and two that name each other.
  writeFileSync(join(directory, ".git/HEAD"), "ref: refs/heads/../../../../../../etc/hostname\n");
  expect(checkoutOf(directory)).toMatchObject({ commit: null });
  writeFileSync(join(directory, ".git/HEAD"), "ref: refs/heads/one\n");
  writeFileSync(join(directory, ".git/refs/heads/one"), "ref: refs/heads/two\n");
  writeFileSync(join(directory, ".git/refs/heads/two"), "ref: refs/heads/one\n");
  expect(checkoutOf(directory)).toMatchObject({ branch: "one", commit: null });
});
