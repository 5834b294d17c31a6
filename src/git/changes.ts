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

/**
 * The changes beneath a directory, as git prints them. New files count, and what git ignores doesn't. Throws `invalid_request` with git's own words, also where the commit is
 * no longer there.
 */
export function changesSince(
  directory: string,
  commit: string,
  { form, colour }: ChangesForm,
): Promise<Uint8Array> {
  return diff(directory, commit, [...WORDS[form], colour ? "--color=always" : "--color=never"]);
}

/** The same as data. */
export async function changedFiles(directory: string, commit: string): Promise<ChangedFile[]> {
  const out = await diff(directory, commit, ["--numstat", "-z", "--no-renames", "--color=never"]);
  const count = (text = "") => (text === "-" ? null : Number(text));
  return new TextDecoder()
    .decode(out)
    .split("\0")
    .flatMap((entry) => {
      const [added, removed, ...path] = entry.split("\t");
      return path.length === 0
        ? []
        : [{ path: path.join("\t"), added: count(added), removed: count(removed) }];
    });
}

async function diff(directory: string, commit: string, words: readonly string[]): Promise<Uint8Array> {
  const git = await gitIn(directory);
  const place = checkoutOf(directory);
  const scratch = mkdtempSync(join(tmpdir(), "coven-diff-"));
  try {
    // New files are noted in a copy: the index itself may be locked by somebody, and is theirs.
    const index = join(scratch, "index");
    const theirs = place && join(place.gitDirectory, "index");
    if (theirs && existsSync(theirs)) copyFileSync(theirs, index);
    const env = { GIT_INDEX_FILE: index };
    await git.text(["add", "--intent-to-add", "--", "."], { env });
    const args = [
      ...["diff", "--no-ext-diff", "--no-textconv", "--ignore-submodules=none"],
      ...["--src-prefix=a/", "--dst-prefix=b/", ...words, commit, "--", "."],
    ];
    const answer = await git.try(args, { env });
    if (answer.code !== 0) throw gitFailed(args, answer);
    return answer.out;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
