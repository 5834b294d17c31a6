// What has changed in a checkout since a commit: committed, uncommitted and new files, without touching its index.
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkoutOf } from "./checkout.ts";
import { gitFailed, gitIn } from "./git.ts";

/** How it is said. */
export interface ChangesForm {
  readonly form: "patch" | "stat" | "names";
  readonly colour: boolean;
}

/** One file that has changed; lines are null for what is no text. */
export interface ChangedFile {
  readonly path: string;
  readonly added: number | null;
  readonly removed: number | null;
}

const WORDS = { patch: ["--patch", "--binary"], stat: ["--stat"], names: ["--name-only"] } as const;

/** What has changed, and what could not be looked at: paths that git takes into no index, as a repository within that has no commit. */
export interface Changes<T> {
  readonly found: T;
  readonly notShown: readonly string[];
}

/**
 * The changes beneath a directory, as git prints them. New files count, and what git ignores doesn't. Throws `invalid_request` with git's own words, also where the commit is
 * no longer there.
 */
export function changesSince(
  directory: string,
  commit: string,
  { form, colour }: ChangesForm,
): Promise<Changes<Uint8Array>> {
  return diff(directory, commit, [...WORDS[form], colour ? "--color=always" : "--color=never"]);
}

/** The same as data. */
export async function changedFiles(directory: string, commit: string): Promise<Changes<ChangedFile[]>> {
  const { found: out, notShown } = await diff(directory, commit, [
    "--numstat",
    "-z",
    "--no-renames",
    "--color=never",
  ]);
  const count = (text = "") => (text === "-" ? null : Number(text));
  const found = new TextDecoder()
    .decode(out)
    .split("\0")
    .flatMap((entry) => {
      const [added, removed, ...path] = entry.split("\t");
      return path.length === 0
        ? []
        : [{ path: path.join("\t"), added: count(added), removed: count(removed) }];
    });
  return { found, notShown };
}

async function diff(
  directory: string,
  commit: string,
  words: readonly string[],
): Promise<Changes<Uint8Array>> {
  const git = await gitIn(directory);
  const place = checkoutOf(directory);
  const scratch = mkdtempSync(join(tmpdir(), "coven-diff-"));
  try {
    // New files are noted in a copy: the index itself may be locked by somebody, and is theirs.
    const index = join(scratch, "index");
    const theirs = place && join(place.gitDirectory, "index");
    if (theirs && existsSync(theirs)) copyFileSync(theirs, index);
    const env = { GIT_INDEX_FILE: index };
    // What can't be added keeps nothing else from being shown. Files outside of a sparse checkout's cone count too.
    const adding = [
      "-c",
      "core.sparseCheckout=false",
      "add",
      "--ignore-errors",
      "--intent-to-add",
      "--",
      ".",
    ];
    const added = await git.try(adding, { env });
    const left =
      added.code === 0
        ? ""
        : await git.text(["ls-files", "--others", "--exclude-standard", "-z", "--", "."], { env });
    const notShown = left.split("\0").filter((path) => path !== "");
    if (added.code !== 0 && notShown.length === 0) throw gitFailed(adding, added);
    const args = [
      ...["diff", "--no-ext-diff", "--no-textconv", "--ignore-submodules=none"],
      ...["--src-prefix=a/", "--dst-prefix=b/", ...words, commit, "--", "."],
    ];
    const answer = await git.try(args, { env });
    if (answer.code !== 0) throw gitFailed(args, answer);
    return { found: answer.out, notShown };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
