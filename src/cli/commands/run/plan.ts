// What a run will be, and its launch.
import type { CovenClient } from "../../../api/client.ts";
import { isCovenError } from "../../../errors.ts";
import type { Asked } from "../../../session/ports/harnesses.ts";
import type { LaunchMode, Session, Worktree } from "../../../session/session.ts";
import { askedFor } from "../../client/asked.ts";
import { connect, probe } from "../../client/connect.ts";
import type { Place } from "../../client/project.ts";
import { shortId } from "../../client/session-id.ts";
import { flagValue, flagValues, has, type Invocation, word } from "../../framework/command.ts";
import { ownSize } from "../../terminal/size.ts";
import { UsageError } from "../../ui/failure.ts";
import { say } from "../../ui/out.ts";
import { isTerminal } from "../../ui/termios.ts";
import { counted, harmless } from "../../ui/text.ts";
import { workingDirectory } from "../../ui/working-directory.ts";
import { environmentWith } from "./manners.ts";

/** Everything that is known before anything is launched. */
export interface Planned {
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
  /** What it has in common with others. */
  readonly group?: string | undefined;
}

export async function plan(invocation: Invocation): Promise<Planned> {
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
  const labels = labelsOf([
    ...flagValues(invocation, "label"),
    ...(flagValue(invocation, "labels")?.split(",") ?? []),
  ]);
  const goOn = flagValue(invocation, "continue");
  if (goOn === undefined) {
    const asked = await askedFor(harness, typed);
    const group = flagValue(invocation, "group");
    return { client: await connect(probed), prompt, place: here, asked, title, labels, familiar, group };
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
export async function launched(planned: Planned, invocation: Invocation, mode: LaunchMode): Promise<Session> {
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

/** Asks the daemon for it, and says who else works in the same checkout. Rejects as the client does. */
export async function launch(
  planned: Planned,
  invocation: Invocation,
  launchMode: LaunchMode,
): Promise<Session> {
  const { client, place, prompt, asked, title, labels, familiar, worktree, continues, group } = planned;
  const name = flagValue(invocation, "name");
  const { alongside = [], ...session } = await client.launch({
    projectRoot: place.projectRoot,
    cwd: place.cwd,
    harness: word(invocation, 0),
    prompt,
    launchMode,
    // The daemon may have been started long ago in another shell; the environment of this one counts.
    env: environmentWith(flagValues(invocation, "env-file")),
    inheritEnv: false,
    ...(name === undefined ? {} : { name }),
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
    ...(group === undefined ? {} : { group }),
    ...(has(invocation, "exclusive") ? { exclusive: true } : {}),
    ...ownSize(),
  });
  await sayAlongside(client, alongside);
  return session;
}

/** Two agents in one checkout write over each other's files: who starts the second hears of it. */
async function sayAlongside(client: CovenClient, ids: readonly string[]): Promise<void> {
  const [first, ...others] = ids;
  if (first === undefined) return;
  // It may have been deleted meanwhile.
  const one = await client.session(first).catch(() => undefined);
  const what = one ? ` (${harmless(one.harness)}: ${harmless(one.title)})` : "";
  const more = others.length === 0 ? "" : ` and ${counted(others.length, "other")}`;
  const verb = others.length === 0 ? "works" : "work";
  say(
    `Note: session ${shortId(first)}${what}${more} ${verb} in this checkout too.  Apart: --worktree; alone: --exclusive`,
  );
}

/** Each once. */
function labelsOf(typed: readonly string[]): readonly string[] {
  const words = typed.map((label) => label.trim());
  return Array.from(new Set(words)).filter((label) => label !== "");
}

/** The words after the harness, joined by a space; a lone `-` stands for standard input, and none for no prompt: "". Throws `UsageError`. */
export async function promptOf(invocation: Invocation): Promise<string> {
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
