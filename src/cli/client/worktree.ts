// A git worktree for a run: made by this command, before the daemon is asked, from the person's own settings.
import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import {
  type MadeWorktree,
  makeWorktree,
  type PlannedWorktree,
  planWorktree,
  removeWorktree,
  worktreeAt,
} from "../../git/worktrees.ts";
import { environment } from "../../os/environment.ts";
import { covenPaths } from "../../paths.ts";
import { Failure } from "../ui/failure.ts";
import { isThere } from "../ui/preference.ts";
import { quoted } from "../ui/text.ts";
import type { Place } from "./project.ts";

/** What is set about worktrees. */
interface Settings {
  /** Absolute. */
  readonly directory: string;
  /** Program and arguments; empty: none. */
  readonly setup: readonly string[];
}

/** Where worktrees are put, and what is run in a new one: only ever what the person has set, never what a repository says. */
export async function worktreeSettings(): Promise<Settings> {
  const { config: file, worktrees } = covenPaths();
  // Reading TOML is loaded only for those who have the file.
  if (!(await isThere(file))) return { directory: worktrees, setup: [] };
  const { readConfig } = await import("../../config.ts");
  const { config } = readConfig(file);
  return { directory: config["worktree.directory"] || worktrees, setup: config["worktree.setup"] };
}

/** What a run was asked for. */
interface Wanted {
  readonly place: Place;
  /** Undefined: one is named after the task. */
  readonly branch: string | undefined;
  readonly task: string;
  /** Stands at the end of the name of a branch that is made. */
  readonly suffix?: string;
}

/** The branch and directory a worktree would have. Throws as `planWorktree`. */
export async function plannedWorktree({ place, branch, task, suffix }: Wanted): Promise<PlannedWorktree> {
  const { directory } = await worktreeSettings();
  return planWorktree(place.cwd, { directory, branch, task, suffix });
}

/** A worktree that is there, and the same place in it. */
export interface RunWorktree {
  readonly made: MadeWorktree;
  /** Its root, and the directory that the person stood in, where the worktree has it. */
  readonly place: Place;
  /** Takes it away again: nothing has run in it but the setup. Never rejects. */
  undo(): Promise<void>;
}

/**
 * Makes a worktree for a run and sets it up. `say` is told what the setup prints. Throws as `planWorktree` and `makeWorktree`, and `Failure` where the setup failed; then
 * no worktree is left.
 */
export async function worktreeFor(wanted: Wanted): Promise<RunWorktree> {
  const { setup } = await worktreeSettings();
  const { place } = wanted;
  const made = await madeAsWanted(wanted);
  const undo = async () => {
    const there = worktreeAt(made.path);
    if (there) await removeWorktree(there, { discard: true }).catch(() => {});
  };
  try {
    if (setup.length > 0) await setUp(setup, made, place);
  } catch (error) {
    await undo();
    throw error;
  }
  const same = join(made.path, relative(place.projectRoot, place.cwd));
  const cwd = place.isRepository && existsSync(same) ? same : made.path;
  return { made, place: { projectRoot: made.path, cwd, isRepository: true }, undo };
}

/** How often a name that somebody else has just taken is made anew. */
const MOST_TRIES = 20;

/** Makes it; of a name that another command takes in the same moment the next one. */
async function madeAsWanted(wanted: Wanted): Promise<MadeWorktree> {
  for (let tries = 1; ; tries++) {
    try {
      return await makeWorktree(wanted.place.cwd, await plannedWorktree(wanted));
    } catch (error) {
      const isTaken =
        error instanceof Error && /already exists|cannot lock ref|unable to create/i.test(error.message);
      if (wanted.branch !== undefined || !isTaken || tries >= MOST_TRIES) throw error;
    }
  }
}

/** Runs what is set for new worktrees, its output on stderr: stdout belongs to the run. */
async function setUp(argv: readonly string[], made: MadeWorktree, place: Place): Promise<void> {
  const failed = (why: string) =>
    new Failure(`The worktree was removed again: worktree.setup (${argv.map(quoted).join(" ")}) ${why}.`, [
      "coven config get worktree.setup",
    ]);
  let child: Bun.Subprocess<"ignore", number, number>;
  try {
    child = Bun.spawn([...argv], {
      cwd: made.path,
      env: {
        ...environment(),
        COVEN_WORKTREE: made.path,
        COVEN_WORKTREE_BRANCH: made.branch,
        COVEN_PROJECT: place.projectRoot,
      },
      stdin: "ignore",
      stdout: 2,
      stderr: 2,
    });
  } catch (error) {
    throw failed(`could not be started (${error instanceof Error ? error.message : error})`);
  }
  const code = await child.exited;
  if (code !== 0) throw failed(`left with ${child.signalCode ?? code}`);
}
