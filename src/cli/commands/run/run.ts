// `coven run`: launches a harness in the project of the current directory, then follows it or returns at once.
import type { CovenClient } from "../../../api/client.ts";
import { isSettled, type LaunchMode, type Session } from "../../../session/session.ts";
import { askedFor } from "../../client/asked.ts";
import { connect } from "../../client/connect.ts";
import { launchModeOf, modeWord } from "../../client/launch-mode.ts";
import { shortId } from "../../client/session-id.ts";
import { flagValue, flagValues, has, type Invocation, type Run, word } from "../../framework/command.ts";
import { detachKeyOf, loadView, wantsView } from "../../terminal/options.ts";
import { UsageError } from "../../ui/failure.ts";
import { atTerminal, print, printJson, say, sayNothing } from "../../ui/out.ts";
import { harmless, quoted } from "../../ui/text.ts";
import { workingDirectory } from "../../ui/working-directory.ts";
import { type Deadline, deadlineOf, endingWithMe, environmentWith } from "./manners.ts";
import { launched, plan, promptOf } from "./plan.ts";

export const run: Run = async (given) => {
  if (has(given, "quiet")) sayNothing();
  const deadline = deadlineOf(flagValue(given, "timeout"), has(given, "detach"));
  if (!has(given, "stream-json")) return shown(await continuing(given), deadline);
  const { stream } = await import("./stream.ts");
  const code = await stream({
    archive: has(given, "archive"),
    endsWithMe: has(given, "end-with-me"),
    async launch(modeOf) {
      refuseBesideFrames(given);
      const invocation = await continuing(given);
      requirePrompt(invocation, "stream");
      const planned = await plan(invocation);
      const { client, prompt } = planned;
      const session = await launched(planned, invocation, await modeOf(client, word(invocation, 0)));
      deadline.begin(client, session.id);
      return { client, prompt, session };
    },
  });
  return deadline.code(code);
};

/** The words with the harness in front and the whole id of the session that goes on (`--continue`); without it as they are. */
async function continuing(invocation: Invocation): Promise<Invocation> {
  if (!has(invocation, "continue")) return invocation;
  refuseBesideContinue(invocation);
  const client = await connect();
  const { goingOn } = await import("./conversation.ts");
  const { session, words } = await goingOn(client, flagValue(invocation, "continue"), invocation.words);
  return { ...invocation, words, flags: { ...invocation.flags, continue: session.id } };
}

function refuseBesideContinue(invocation: Invocation): void {
  if (has(invocation, "worktree")) {
    throw new UsageError("--continue goes on where the earlier session was, and --worktree is a new place.", [
      "--continue ID, without --worktree",
    ]);
  }
  if (has(invocation, "dry-run")) {
    throw new UsageError("--dry-run can't say what --continue would go on with.", [
      "--dry-run, without --continue",
    ]);
  }
}

/** For a person, or as plain output. */
async function shown(invocation: Invocation, deadline: Deadline): Promise<number> {
  const json = has(invocation, "json");
  const isDetached = has(invocation, "detach");
  const mode = launchModeOf({
    interactive: has(invocation, "interactive"),
    headless: has(invocation, "headless"),
    detach: isDetached,
    asOutput: json || has(invocation, "raw"),
    atTerminal: atTerminal(),
  });
  if (isGroup(invocation)) return (await import("./group.ts")).runGroup(invocation, mode);
  requirePrompt(invocation, mode);
  if (has(invocation, "dry-run")) return dryRun(invocation, mode);
  if (isDetached && has(invocation, "end-with-me")) {
    throw new UsageError("--end-with-me and --detach can't both be meant.", [
      "--end-with-me, without --detach",
    ]);
  }
  if (isDetached && has(invocation, "archive")) {
    throw new UsageError("--archive waits for the end of the run, and --detach does not.", [
      "coven archive ID   (once it has ended)",
    ]);
  }
  const detach = await detachKeyOf(invocation);
  const planned = await plan(invocation);
  const { client } = planned;
  const inView = mode === "interactive" && wantsView(invocation) && !isDetached;
  const [session, { view }] = await Promise.all([launched(planned, invocation, mode), loadView()]);
  const endsWithMe = has(invocation, "end-with-me");
  const toItsEnd = async (work: () => Promise<number>): Promise<number> => {
    deadline.begin(client, session.id);
    const left = await (endsWithMe ? endingWithMe(client, session.id, work) : work());
    const exitCode = await deadline.code(left);
    if (has(invocation, "archive")) await archive(client, session.id);
    return exitCode;
  };
  if (inView) {
    // Who waits for the end of this run is not taken anywhere else.
    const waits = endsWithMe || has(invocation, "archive") || has(invocation, "timeout");
    const board = async () => (await import("../sessions/browser/browser.ts")).browse(client, false);
    return toItsEnd(() =>
      view({ client, session, detach, observe: false, launched: true, board: waits ? undefined : board }),
    );
  }
  const { err } = await import("../../ui/colour.ts");
  if (isDetached) {
    await (json ? printJson(session) : print(session.id));
    say(err.dim(`Project root:  ${harmless(session.project_root)}`));
    say(err.dim(`Mode:          ${modeWord(session)}`));
    say(err.dim(`Watch it:      coven attach ${shortId(session.id)}`));
    return 0;
  }
  announce(session, err);
  const { watch } = await import("../../client/watch.ts");
  const raw = has(invocation, "raw");
  return toItsEnd(() => watch({ client, session, raw, json, interrupt: "kill", goesOn: !endsWithMe }));
}

/** An agent is opened without a prompt only where something can be typed or sent. Throws `UsageError`. */
function requirePrompt(invocation: Invocation, mode: LaunchMode): void {
  if (invocation.words.length > 1 || mode === "interactive") return;
  const harness = quoted(word(invocation, 0));
  throw new UsageError("coven run needs a prompt where the agent is headless.", [
    `coven run ${harness} 'say hello'`,
    `coven run ${harness} --interactive   (or at a terminal, or with --detach)`,
    "coven help run",
  ]);
}

/** Prints what a run would do, and starts nothing, not even the daemon. */
async function dryRun(invocation: Invocation, mode: LaunchMode): Promise<number> {
  const harness = word(invocation, 0);
  const prompt = await promptOf(invocation);
  const { placeOf } = await import("../../client/project.ts");
  const { plannedStart } = await import("../../client/launchables.ts");
  const { covenPaths } = await import("../../../paths.ts");
  const { projectRoot, cwd, isRepository } = placeOf(workingDirectory(), flagValue(invocation, "cwd"));
  const asked = await askedFor(harness, {
    model: flagValue(invocation, "model"),
    permission: flagValue(invocation, "permission"),
    addDirs: flagValues(invocation, "add-dir"),
    args: flagValues(invocation, "arg"),
  });
  const env = environmentWith(flagValues(invocation, "env-file"));
  const { argv, given } = plannedStart(covenPaths(), { harness, prompt, mode, env, asked });
  const worktree = has(invocation, "worktree")
    ? await (await import("../../client/worktree.ts")).plannedWorktree({
        place: { projectRoot, cwd, isRepository },
        branch: flagValue(invocation, "worktree"),
        task: flagValue(invocation, "title") ?? prompt,
      })
    : undefined;
  if (has(invocation, "json")) {
    await printJson({
      harness,
      launch_mode: mode,
      project_root: projectRoot,
      cwd,
      argv,
      prompt: given,
      ...(worktree ? { worktree: { path: worktree.path, branch: worktree.branch } } : {}),
    });
    return 0;
  }
  if (worktree)
    await print(`Worktree:      ${harmless(worktree.path)} (branch ${harmless(worktree.branch)})`);
  await print(`Project root:  ${harmless(projectRoot)}`);
  await print(`Starts in:     ${harmless(cwd)}`);
  await print(`Mode:          ${modeWord({ launch_mode: mode })}`);
  await print(`Runs:          ${argv.map(quoted).join(" ")}`);
  if (given !== "argument") await print(`Prompt:        ${PROMPT_GOES[given]}`);
  return 0;
}

const PROMPT_GOES = {
  stdin: "on its standard input",
  typed: "typed, once it is ready",
} as const;

/** Several harnesses, between commas: no harness has one in its id. */
function isGroup(invocation: Invocation): boolean {
  return word(invocation, 0).includes(",");
}

/** Throws `UsageError` for a flag that asks for another kind of output, or for none. */
function refuseBesideFrames(invocation: Invocation): void {
  if (isGroup(invocation)) {
    throw new UsageError("--stream-json is of one agent.", ["coven run codex --stream-json -- 'your task'"]);
  }
  const other = ["detach", "interactive", "json", "raw", "dry-run"].find((flag) => has(invocation, flag));
  if (other === undefined) return;
  throw new UsageError(`--stream-json and --${other} can't both be meant.`, [
    "--stream-json   (the run as lines of JSON, to its end)",
    `--${other}   (without it)`,
  ]);
}

/** Hides a run that has ended; one that was left running stays in the list. */
async function archive(client: CovenClient, id: string): Promise<void> {
  const session = await client.session(id);
  if (isSettled(session.status)) await client.archive(id);
  else say(`It still runs, so it is not archived.  Then: coven archive ${shortId(id)}`);
}

function announce(session: Session, err: typeof import("../../ui/colour.ts").err): void {
  say(`${err.bold(harmless(session.harness))}: ${harmless(session.title)}`);
  say(err.dim(`Session:       ${session.id}`));
  say(err.dim(`Project root:  ${harmless(session.project_root)}`));
  if (session.cwd !== session.project_root) say(err.dim(`Starts in:     ${harmless(session.cwd)}`));
  say("");
}
