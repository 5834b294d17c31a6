// `coven run A,B 'task'`: the same task for several agents, each in a git worktree of its own, as a group.
import { covenPaths } from "../../../paths.ts";
import type { LaunchMode, Session } from "../../../session/session.ts";
import { askedFor } from "../../client/asked.ts";
import { plannedStart } from "../../client/launchables.ts";
import { ownCode } from "../../client/own-code.ts";
import { reportError } from "../../client/report-error.ts";
import { shortId } from "../../client/session-id.ts";
import { type RunWorktree, worktreeFor } from "../../client/worktree.ts";
import { flagValue, flagValues, has, type Invocation, word } from "../../framework/command.ts";
import { UsageError } from "../../ui/failure.ts";
import { print, printJson, say } from "../../ui/out.ts";
import { harmless } from "../../ui/text.ts";
import { padded } from "../../ui/width.ts";
import { environmentWith } from "./manners.ts";
import { launch, type Planned, plan, promptOf } from "./plan.ts";

/** Flags of a run that is waited for, or of one agent alone. */
const NOT_HERE = ["raw", "timeout", "end-with-me", "archive", "dry-run", "continue", "cwd", "exclusive"];

/**
 * Starts all of them and returns: 0, or the code of `ownCode` where one could not be started after others were. Nothing is started, and no worktree is left, where it is known before that one can't be. Throws as the
 * launch of each.
 */
export async function runGroup(invocation: Invocation, mode: LaunchMode): Promise<number> {
  const names = word(invocation, 0).split(",");
  const harnesses = names.map((name) => name.trim()).filter((name) => name !== "");
  const other = NOT_HERE.find((flag) => has(invocation, flag));
  if (other !== undefined) {
    throw new UsageError(`--${other} is of one agent, and ${harnesses.length} are meant.`, [
      `coven run ${harnesses[0]} 'your task' --${other}`,
    ]);
  }
  if (harnesses.length < 2) {
    throw new UsageError("A group takes two harnesses or more, between commas.", [
      "coven run codex,claude 'your task'",
    ]);
  }
  const prompt = await promptOf(invocation);
  if (prompt === "") throw new UsageError("A group needs a task.", ["coven run codex,claude 'your task'"]);

  const name = flagValue(invocation, "name");
  const each = harnesses.map((harness, at) => {
    const named = name === undefined ? {} : { name: `${name}-${suffixOf(harnesses, at)}` };
    // A prompt from standard input was read, and is read once.
    const own = { ...invocation, words: [harness, prompt], flags: { ...invocation.flags, ...named } };
    return { harness, invocation: own };
  });
  const env = environmentWith(flagValues(invocation, "env-file"));
  for (const { harness } of each) {
    const asked = await askedFor(harness, typedOf(invocation));
    plannedStart(covenPaths(), { harness, prompt, mode, env, asked });
  }
  const planned = await Promise.all(each.map((one) => plan(one.invocation)));
  const worktrees = await worktreesFor(invocation, planned, harnesses);
  const group = flagValue(invocation, "group") ?? (await groupName(planned[0]));
  const sessions: Session[] = [];
  let code = 0;
  for (const [at, one] of each.entries()) {
    const [what, where] = [planned[at], worktrees[at]];
    if (!what || !where) continue;
    try {
      const within = { ...what, place: where.place, worktree: where.made, group };
      sessions.push(await launch(within, one.invocation, mode));
    } catch (error) {
      await where.undo();
      say(`${harmless(one.harness)} was not started:`);
      await reportError(error);
      code = ownCode(error);
    }
  }
  await told(sessions, group, has(invocation, "json"));
  return code;
}

function typedOf(invocation: Invocation) {
  return {
    model: flagValue(invocation, "model"),
    permission: flagValue(invocation, "permission"),
    addDirs: flagValues(invocation, "add-dir"),
    args: flagValues(invocation, "arg"),
  };
}

/** By what the names of one of them differ from those of the others: the harness, numbered from its second on. */
function suffixOf(harnesses: readonly string[], at: number): string {
  const harness = harnesses[at] ?? "";
  const before = harnesses.slice(0, at).filter((one) => one === harness).length;
  return before === 0 ? harness : `${harness}-${before + 1}`;
}

/** One for each, in their order. Where one can't be made none is left. */
async function worktreesFor(
  invocation: Invocation,
  planned: readonly Planned[],
  harnesses: readonly string[],
): Promise<RunWorktree[]> {
  const made: RunWorktree[] = [];
  const branch = flagValue(invocation, "worktree");
  try {
    for (const [at, { place, prompt, title }] of planned.entries()) {
      const suffix = suffixOf(harnesses, at);
      const named = branch === undefined ? undefined : `${branch}-${suffix}`;
      made.push(await worktreeFor({ place, branch: named, task: title ?? prompt, suffix }));
    }
    return made;
  } catch (error) {
    for (const one of made.toReversed()) await one.undo();
    throw error;
  }
}

/** A few words of the task, and what no other group has. */
async function groupName(planned: Planned | undefined): Promise<string> {
  const { slugOf } = await import("../../../git/worktrees.ts");
  return `${slugOf(planned?.title ?? planned?.prompt ?? "")}-${crypto.randomUUID().slice(0, 4)}`;
}

/** Ids on standard output, one in a line; for people where each works. */
async function told(sessions: readonly Session[], group: string, asJson: boolean): Promise<void> {
  if (asJson) await printJson({ group, sessions });
  else for (const { id } of sessions) await print(id);
  const { err } = await import("../../ui/colour.ts");
  for (const { id, harness, worktree } of sessions) {
    say(`${padded(harmless(harness), 8)} ${shortId(id)}  ${harmless(worktree?.branch ?? "")}`);
  }
  const ids = sessions.map(({ id }) => shortId(id)).join(" ");
  say(err.dim(`The group:     coven sessions --group ${group}`));
  if (sessions.length > 0) say(err.dim(`Wait for all:  coven wait --all ${ids}`));
  for (const { id } of sessions.slice(0, 1)) say(err.dim(`What it did:   coven diff ${shortId(id)}`));
}
