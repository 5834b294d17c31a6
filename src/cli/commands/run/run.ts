// `coven run`: launches a harness in the project of the current directory, then follows it or returns at once.
import type { CovenClient } from "../../../api/client.ts";
import { isCovenError } from "../../../errors.ts";
import type { Asked } from "../../../session/ports.ts";
import { isSettled, type LaunchMode, type Session, type Worktree } from "../../../session/session.ts";
import { askedFor } from "../../client/asked.ts";
import { connect, probe } from "../../client/connect.ts";
import { launchModeOf, modeWord } from "../../client/launch-mode.ts";
import type { Place } from "../../client/project.ts";
import { shortId } from "../../client/session-id.ts";
import { flagValue, flagValues, has, type Invocation, type Run, word } from "../../framework/command.ts";
import { detachKeyOf, loadView, wantsView } from "../../terminal/options.ts";
import { ownSize } from "../../terminal/size.ts";
import { UsageError } from "../../ui/failure.ts";
import { atTerminal, print, printJson, say, sayNothing } from "../../ui/out.ts";
import { isTerminal } from "../../ui/termios.ts";
import { harmless, quoted } from "../../ui/text.ts";
import { workingDirectory } from "../../ui/working-directory.ts";
import { type Deadline, deadlineOf, endingWithMe, environmentWith } from "./manners.ts";

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

/** Everything that is known before anything is launched. */
interface Planned {
  readonly client: CovenClient;
  readonly prompt: string;
  readonly place: Place;
  readonly asked: Asked;
  readonly title: string | undefined;
  readonly labels: readonly string[];
  readonly familiar: string | undefined;
  /** The one that `place` is. */
  readonly worktree?: Worktree;
  /** The id of the session whose conversation goes on. */
  readonly continues?: string;
}

async function plan(invocation: Invocation): Promise<Planned> {
  const harness = word(invocation, 0);
  const prompt = await promptOf(invocation);
  // Loaded while the daemon answers: it brings `node:fs`.
  const probed = probe();
  const { placeOf } = await import("../../client/project.ts");
  const cwd = flagValue(invocation, "cwd");
  const here = placeOf(workingDirectory(), cwd);
  const typed = {
    model: flagValue(invocation, "model"),
    permission: flagValue(invocation, "permission"),
    addDirs: flagValues(invocation, "add-dir"),
    args: flagValues(invocation, "arg"),
  };
  const title = flagValue(invocation, "title");
  const familiar = flagValue(invocation, "familiar");
  const labels = labelsOf(flagValue(invocation, "labels"));
  const goOn = flagValue(invocation, "continue");
  if (goOn === undefined) {
    const asked = await askedFor(harness, typed);
    return { client: await connect(probed), prompt, place: here, asked, title, labels, familiar };
  }
  const client = await connect(probed);
  const before = await client.session(goOn);
  // As it was launched before, where nothing else is said: a conversation that could only read goes on so.
  const asked = await askedFor(harness, {
    model: typed.model ?? before.model ?? undefined,
    permission: typed.permission ?? before.permission ?? undefined,
    addDirs: typed.addDirs.length > 0 ? typed.addDirs : before.add_dirs,
    args: typed.args,
  });
  return {
    client,
    prompt,
    place: cwd === undefined ? { ...here, projectRoot: before.project_root, cwd: before.cwd } : here,
    asked,
    title: title ?? before.title,
    labels: labels.length > 0 ? labels : before.labels,
    familiar: familiar ?? before.familiar_id ?? undefined,
    continues: before.id,
  };
}

/** Launches, in a worktree of its own where one was asked for: where the launch is refused none is left. */
async function launched(planned: Planned, invocation: Invocation, mode: LaunchMode): Promise<Session> {
  if (!has(invocation, "worktree")) return launch(planned, invocation, mode);
  const { worktreeFor } = await import("../../client/worktree.ts");
  const { place, prompt, title } = planned;
  const branch = flagValue(invocation, "worktree");
  const { made, place: within, undo } = await worktreeFor({ place, branch, task: title ?? prompt });
  say(`Worktree:      ${harmless(made.path)} (branch ${harmless(made.branch)})`);
  try {
    return await launch({ ...planned, place: within, worktree: made }, invocation, mode);
  } catch (error) {
    // Of one that could not be started there is a record, which names it.
    if (!isCovenError(error) || error.details?.["sessionId"] === undefined) await undo();
    throw error;
  }
}

function launch(planned: Planned, invocation: Invocation, launchMode: LaunchMode): Promise<Session> {
  const { client, place, prompt, asked, title, labels, familiar, worktree, continues } = planned;
  return client.launch({
    projectRoot: place.projectRoot,
    cwd: place.cwd,
    harness: word(invocation, 0),
    prompt,
    launchMode,
    // The daemon may have been started long ago in another shell; the environment of this one counts.
    env: environmentWith(flagValues(invocation, "env-file")),
    inheritEnv: false,
    ...(title === undefined ? {} : { title }),
    ...(labels.length === 0 ? {} : { labels }),
    ...(familiar === undefined ? {} : { familiarId: familiar }),
    ...(asked.model === undefined ? {} : { model: asked.model }),
    ...(asked.permission === undefined ? {} : { permission: asked.permission }),
    ...(asked.addDirs === undefined ? {} : { addDirs: asked.addDirs }),
    ...(asked.args === undefined ? {} : { args: asked.args }),
    ...(prompt === "" ? { withoutPrompt: true as const } : {}),
    ...(continues === undefined ? {} : { continues }),
    ...(worktree === undefined ? {} : { worktree }),
    ...ownSize(),
  });
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
      ...(worktree ? { worktree } : {}),
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

/** Throws `UsageError` for a flag that asks for another kind of output, or for none. */
function refuseBesideFrames(invocation: Invocation): void {
  const other = ["detach", "interactive", "json", "raw", "dry-run"].find((flag) => has(invocation, flag));
  if (other === undefined) return;
  throw new UsageError(`--stream-json and --${other} can't both be meant.`, [
    "--stream-json   (the run as lines of JSON, to its end)",
    `--${other}   (without it)`,
  ]);
}

/** Between commas, each once. */
function labelsOf(typed: string | undefined): readonly string[] {
  const words = typed?.split(",").map((label) => label.trim()) ?? [];
  return Array.from(new Set(words)).filter((label) => label !== "");
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

/** The words after the harness, joined by a space; a lone `-` stands for standard input, and none for no prompt: "". Throws `UsageError`. */
async function promptOf(invocation: Invocation): Promise<string> {
  const words = invocation.words.slice(1);
  if (words.length > 0 && words.join(" ").trim() === "") {
    throw new UsageError("The prompt is empty.", ["coven run demo 'say hello'"]);
  }
  if (words.length !== 1 || words[0] !== "-") return words.join(" ");
  if (isTerminal(0)) say("Type the prompt, then Ctrl-D on a line of its own.");
  const text = await Bun.stdin.text();
  if (text.trim() === "")
    throw new UsageError("Standard input held no prompt.", ["echo 'say hello' | coven run demo -"]);
  return text;
}
