// Git worktrees for sessions: made, looked at, and removed where nothing is lost by it. Git does the work; what it would lose is asked first.
import { existsSync, mkdirSync, readFileSync, realpathSync, rmdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CovenError } from "../errors.ts";
import { type CheckoutPlace, checkoutOf } from "./checkout.ts";
import { type Git, gitFailed, gitIn } from "./git.ts";
import { directoryNameOf, worktreesName } from "./worktrees-name.ts";

/** What was made. */
export interface MadeWorktree {
  /** Canonical. */
  readonly path: string;
  readonly branch: string;
  /** The full id of the commit it stands at. */
  readonly base: string;
}

/** What is noted beside git's own files of a worktree, and goes with them. */
interface Note {
  /** The branch that was made with it, and goes with it; null where it was there before. */
  readonly madeBranch: string | null;
  /** The branch that was checked out where it was asked for: `refs/heads/main`. */
  readonly from: string | null;
  readonly base: string;
}

const NOTE = "coven.json";

/** What would be gone with a worktree. */
export interface Loss {
  /** Files that are changed or new and in no commit, as `git status` names them. */
  readonly uncommitted: readonly string[];
  /** Commits that no other branch, remote or tag has, each in one line, the newest first. */
  readonly unmerged: readonly string[];
}

/** How a worktree stands. */
export interface WorktreeState {
  /** Files that are changed or new. */
  readonly dirty: number;
  /** Commits that it has and `against` has not, and the other way. */
  readonly ahead: number;
  readonly behind: number;
  /** What it is compared with: the branch's upstream, the branch it was made from, else the commit. */
  readonly against: string;
  readonly branch: string | null;
  readonly commit: string | null;
}

/** The repository that worktrees of `place` belong to; also a bare one, which has no `.git`. Throws `invalid_request` outside of any. */
async function repositoryAt(place: string): Promise<{ readonly git: Git; readonly common: string }> {
  const git = await gitIn(place);
  const answer = await git.try(["rev-parse", "--git-common-dir"]);
  if (answer.code !== 0) throw noRepository(place, answer.err);
  const common = new TextDecoder().decode(answer.out).replace(/\n$/, "");
  return { git, common: realpathSync(join(common.startsWith("/") ? "/" : place, common)) };
}

function noRepository(place: string, said: string): CovenError {
  if (!/not a git repository/.test(said))
    return gitFailed(["rev-parse"], { code: 128, out: new Uint8Array(0), err: said });
  return new CovenError("invalid_request", `${JSON.stringify(place)} lies in no git repository.`, {
    field: "worktree",
    hint: "git init, and a first commit",
  });
}

/** What a worktree will be: nothing is made. */
export interface PlannedWorktree {
  readonly path: string;
  readonly branch: string;
  /** The name was made here: only a branch that is made with the worktree may have it. */
  readonly isOurs: boolean;
}

/**
 * Names branch and directory of a worktree for a checkout or bare repository. Without a branch one is named after the `task`. Throws `invalid_request` outside of any repository, before
 * its first commit, and for a name that git doesn't take.
 */
export async function planWorktree(
  place: string,
  asked: {
    readonly directory: string;
    readonly branch?: string | undefined;
    readonly task: string;
    /** Stands at the end of a name that is made. */
    readonly suffix?: string | undefined;
  },
): Promise<PlannedWorktree> {
  const { git, common } = await repositoryAt(place);
  if ((await git.try(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])).code !== 0) {
    throw new CovenError(
      "invalid_request",
      "The repository has no commit yet that a worktree could begin with.",
      {
        field: "worktree",
        hint: "git commit   (a first one)",
      },
    );
  }
  if (asked.branch !== undefined) await requireBranchName(git, asked.branch);
  const branch =
    asked.branch ??
    (await freeName(git, `coven/${[slugOf(asked.task), asked.suffix].filter(Boolean).join("-")}`));
  const parent = join(asked.directory, worktreesName(common));
  const name = directoryNameOf(branch.replace(/^coven\//, ""), "branch");
  for (let number = 1; ; number++) {
    const path = join(parent, number === 1 ? name : `${name}-${number}`);
    if (!existsSync(path)) return { path, branch, isOurs: asked.branch === undefined };
  }
}

/** Makes the planned worktree. Throws `invalid_request` with git's own words; nothing of it is left then. */
export async function makeWorktree(
  place: string,
  { path, branch, isOurs }: PlannedWorktree,
): Promise<MadeWorktree> {
  const { git } = await repositoryAt(place);
  const from = (await git.try(["symbolic-ref", "--quiet", "HEAD"])).out;
  const { words, isNew } = isOurs ? fromHead(branch) : await startOf(git, branch);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const args = ["worktree", "add", "--quiet", ...words(path)];
  const answer = await git.try(args);
  if (answer.code !== 0) {
    const inUse = /already (?:checked out|used by worktree) at '(.+)'/.exec(answer.err)?.[1];
    if (inUse === undefined) throw gitFailed(args, answer);
    throw new CovenError(
      "invalid_request",
      `The branch ${JSON.stringify(branch)} is checked out already: ${inUse}.`,
      {
        field: "worktree",
        hint: `coven -C ${JSON.stringify(inUse)} run …   (works there), or another branch`,
      },
    );
  }
  const made = realpathSync(path);
  const checkout = checkoutOf(made);
  const base = checkout?.commit;
  if (checkout?.root !== made || !checkout.isLinked || !base || checkout.branch !== branch) {
    await git.try(["worktree", "remove", "--force", made]);
    if (isNew) await git.try(["branch", "-D", branch]);
    throw new CovenError(
      "invalid_request",
      "Git made a worktree whose files can't be understood here; it was removed again.",
      {
        field: "worktree",
        hint: "run without --worktree   (repositories that keep their refs in tables are not known yet)",
      },
    );
  }
  const note: Note = {
    madeBranch: isNew ? branch : null,
    from: new TextDecoder().decode(from).trim() || null,
    base,
  };
  writeFileSync(join(checkout.gitDirectory, NOTE), `${JSON.stringify(note)}\n`);
  return { path: made, branch, base };
}

/** A new branch at HEAD. */
function fromHead(branch: string) {
  return { isNew: true, words: (path: string) => ["--no-track", "-b", branch, "--", path, "HEAD"] };
}

/** How git is told where to begin: the branch that is there, the one of a remote, else a new one at HEAD. */
async function startOf(git: Git, branch: string) {
  const has = async (ref: string) =>
    (await git.try(["rev-parse", "--verify", "--quiet", `${ref}^{commit}`])).code === 0;
  if (await has(`refs/heads/${branch}`)) {
    return { isNew: false, words: (path: string) => ["--", path, branch] };
  }
  const remotes = await git.text([
    "for-each-ref",
    "--format=%(refname:lstrip=2)",
    `refs/remotes/*/${branch}`,
  ]);
  const [remote, second] = remotes.split("\n").filter((one) => one !== "");
  if (remote === undefined || second !== undefined) return fromHead(branch);
  return { isNew: true, words: (path: string) => ["--track", "-b", branch, "--", path, remote] };
}

async function requireBranchName(git: Git, branch: string): Promise<void> {
  const answer = await git.try(["check-ref-format", "--branch", branch]);
  if (!branch.startsWith("-") && answer.code === 0 && new TextDecoder().decode(answer.out).trim() === branch)
    return;
  throw new CovenError("invalid_request", `${JSON.stringify(branch)} can't be the name of a branch.`, {
    field: "worktree",
    hint: "--worktree=fix-login",
  });
}

async function freeName(git: Git, wanted: string): Promise<string> {
  for (let number = 1; ; number++) {
    const name = number === 1 ? wanted : `${wanted}-${number}`;
    const taken = await git.try(["rev-parse", "--verify", "--quiet", `refs/heads/${name}`]);
    if (taken.code !== 0) return name;
  }
}

/** A few words of a task, as they may stand in the name of a branch. */
export function slugOf(task: string): string {
  const words =
    task
      .toLowerCase()
      .normalize("NFKD")
      .match(/[a-z0-9]+/g) ?? [];
  let name = "";
  for (const word of words) {
    const longer = name === "" ? word.slice(0, 32) : `${name}-${word}`;
    if (longer.length > 32) break;
    name = longer;
  }
  return name || "task";
}

/** The checkout of a session's worktree; undefined where it is gone. Throws `invalid_request` for a directory that git doesn't know as one. */
export function worktreeAt(path: string): CheckoutPlace | undefined {
  const checkout = checkoutOf(path);
  if (checkout?.root !== path) return undefined;
  if (checkout.isLinked) return checkout;
  throw new CovenError("invalid_request", `Git doesn't know ${JSON.stringify(path)} as a worktree.`, {
    path,
    hint: "git worktree list   (in the project: shows what it knows)",
  });
}

/** How a worktree stands. `base`: the commit it began with. */
export async function stateOf(place: CheckoutPlace, base: string): Promise<WorktreeState> {
  const git = await gitIn(place.root);
  const [dirty, against] = await Promise.all([changesIn(git), comparedWith(git, place, base)]);
  const counts = await git.try(["rev-list", "--left-right", "--count", `${against}...HEAD`, "--"]);
  const [behind = 0, ahead = 0] = new TextDecoder().decode(counts.out).trim().split("\t").map(Number);
  const { branch, commit } = place;
  return {
    dirty: dirty.length,
    ahead,
    behind,
    against: against.replace(/^refs\/(?:heads|remotes)\//, ""),
    branch,
    commit,
  };
}

async function comparedWith(git: Git, place: CheckoutPlace, base: string): Promise<string> {
  const upstream = await git.try(["rev-parse", "--verify", "--quiet", "--symbolic-full-name", "@{upstream}"]);
  const named = new TextDecoder().decode(upstream.out).trim();
  if (upstream.code === 0 && named !== "") return named;
  const from = noteOf(place)?.from;
  const isThere =
    from && (await git.try(["rev-parse", "--verify", "--quiet", `${from}^{commit}`])).code === 0;
  return isThere ? from : base;
}

/** Files that are changed or new, as git names them. */
async function changesIn(git: Git): Promise<string[]> {
  const args = [
    "status",
    "--porcelain",
    "-z",
    "--no-renames",
    "--untracked-files=normal",
    "--ignore-submodules=none",
  ];
  return (await git.text(args)).split("\0").flatMap((entry) => (entry === "" ? [] : [entry.slice(3)]));
}

/** What would be gone with the worktree, submodules included. Files that git is told to ignore don't count, as for git itself. */
export async function lossOf(place: CheckoutPlace, base: string): Promise<Loss> {
  const git = await gitIn(place.root);
  const made = await branchMadeWith(place, git);
  const others = [...(made ? [`--exclude=${made.name}`] : []), "--branches", "--tags", "--remotes"];
  const unmerged = await commits(git, ["HEAD", ...(made ? [made.ref] : []), "--not", ...others, base]);
  const below = await submodulesIn(place.root, git);
  return {
    uncommitted: [...(await changesIn(git)), ...below.flatMap(({ uncommitted }) => uncommitted)],
    unmerged: [...unmerged, ...below.flatMap(({ unmerged }) => unmerged)],
  };
}

async function commits(git: Git, range: readonly string[]): Promise<string[]> {
  // Two lines each: the full id, and what was asked for.
  const listed = await git.text(["rev-list", "--format=%h %s", ...range, "--"]);
  return listed.split("\n").filter((_, place) => place % 2 === 1);
}

/** The branch that goes with the worktree, where it is still there, and the commit it stands at. */
async function branchMadeWith(
  place: CheckoutPlace,
  git: Git,
): Promise<{ readonly name: string; readonly ref: string; readonly commit: string } | undefined> {
  const name = noteOf(place)?.madeBranch ?? null;
  if (name === null) return undefined;
  const ref = `refs/heads/${name}`;
  const found = await git.try(["rev-parse", "--verify", "--quiet", `${ref}^{commit}`]);
  return found.code === 0 ? { name, ref, commit: new TextDecoder().decode(found.out).trim() } : undefined;
}

/** What is only in the submodules of a worktree: their repositories lie within it. */
async function submodulesIn(root: string, git: Git): Promise<Loss[]> {
  const entries = (await git.text(["ls-files", "--stage", "-z"])).split("\0");
  const paths = entries.flatMap((entry) =>
    entry.startsWith("160000 ") ? [entry.slice(entry.indexOf("\t") + 1)] : [],
  );
  const found: Loss[] = [];
  for (const path of paths) {
    const directory = join(root, path);
    if (!existsSync(join(directory, ".git"))) continue;
    const inner = await gitIn(directory);
    const unmerged = await commits(inner, ["HEAD", "--branches", "--tags", "--not", "--remotes"]);
    const below = await submodulesIn(directory, inner);
    found.push({ uncommitted: (await changesIn(inner)).map((one) => join(path, one)), unmerged }, ...below);
  }
  return found;
}

/**
 * Removes the worktree, and the branch that was made with it. Without `discard` git looks once more that no file would be lost. Throws `invalid_request` with git's own
 * words; what is left stays a worktree.
 */
export async function removeWorktree(
  place: CheckoutPlace,
  { discard }: { readonly discard: boolean },
): Promise<{ readonly branch: string | null }> {
  const inside = await gitIn(place.root);
  const made = await branchMadeWith(place, inside);
  const git = await gitIn(place.commonDirectory);
  // With submodules in it git removes none but by force; a second one is for those that somebody has locked.
  const force = discard
    ? ["--force", "--force"]
    : existsSync(join(place.gitDirectory, "modules"))
      ? ["--force"]
      : [];
  await git.text(["worktree", "remove", ...force, place.root]);
  try {
    // Of the repository's directory for worktrees, once the last is gone.
    rmdirSync(dirname(place.root));
  } catch {}
  if (made === undefined) return { branch: null };
  // Only as it was looked at: somebody may have gone on with it meanwhile.
  const gone = await git.try(["update-ref", "-d", made.ref, made.commit]);
  if (gone.code !== 0) return { branch: null };
  await git.try(["config", "--remove-section", `branch.${made.name}`]);
  return { branch: made.name };
}

/** The commit that a worktree of ours began with, as it was noted when it was made. */
export function baseNoted(place: CheckoutPlace): string | undefined {
  return noteOf(place)?.base;
}

function noteOf(place: CheckoutPlace): Note | undefined {
  try {
    const note: unknown = JSON.parse(readFileSync(join(place.gitDirectory, NOTE), "utf8"));
    if (typeof note !== "object" || note === null || !("base" in note) || typeof note.base !== "string")
      return undefined;
    const from =
      "from" in note && typeof note.from === "string" && note.from.startsWith("refs/") ? note.from : null;
    return {
      base: note.base,
      from,
      madeBranch: "madeBranch" in note && typeof note.madeBranch === "string" ? note.madeBranch : null,
    };
  } catch {
    return undefined;
  }
}
