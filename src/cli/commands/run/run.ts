// `coven run`: launches a harness in the project of the current directory, then follows it or returns at once.
import type { CovenClient } from "../../../api/client.ts";
import { environment } from "../../../os/environment.ts";
import type { Asked } from "../../../session/ports.ts";
import type { LaunchMode, Session } from "../../../session/session.ts";
import { askedFor } from "../../client/asked.ts";
import { connect, probe } from "../../client/connect.ts";
import { launchModeOf, modeWord } from "../../client/launch-mode.ts";
import type { Place } from "../../client/project.ts";
import { shortId } from "../../client/session-id.ts";
import { flagValue, flagValues, has, type Invocation, type Run, word } from "../../framework/command.ts";
import { detachKeyOf, loadView, wantsView } from "../../terminal/options.ts";
import { ownSize } from "../../terminal/size.ts";
import { UsageError } from "../../ui/failure.ts";
import { atTerminal, print, printJson, say } from "../../ui/out.ts";
import { isTerminal } from "../../ui/termios.ts";
import { harmless } from "../../ui/text.ts";
import { workingDirectory } from "../../ui/working-directory.ts";

export const run: Run = async (invocation) => {
  const json = has(invocation, "json");
  const mode = launchModeOf({
    interactive: has(invocation, "interactive"),
    headless: has(invocation, "headless"),
    detach: has(invocation, "detach"),
    asOutput: json || has(invocation, "raw"),
    atTerminal: atTerminal(),
  });
  const prompt = await promptOf(invocation);
  // Loaded while the daemon answers: it brings `node:fs`.
  const probed = probe();
  const { placeOf } = await import("../../client/project.ts");
  const detach = await detachKeyOf(invocation);
  const place = placeOf(workingDirectory(), flagValue(invocation, "cwd"));
  const asked = await askedFor(word(invocation, 0), {
    model: flagValue(invocation, "model"),
    permission: flagValue(invocation, "permission"),
    addDirs: flagValues(invocation, "add-dir"),
  });
  const client = await connect(probed);
  const inView = mode === "interactive" && wantsView(invocation) && !has(invocation, "detach");
  const [session, { view }] = await Promise.all([
    launch(client, invocation, place, prompt, asked, mode),
    loadView(),
  ]);
  if (inView) return view({ client, session, detach, observe: false, launched: true });
  const { err } = await import("../../ui/colour.ts");
  if (has(invocation, "detach")) {
    await (json ? printJson(session) : print(session.id));
    say(err.dim(`Project root:  ${harmless(session.project_root)}`));
    say(err.dim(`Mode:          ${modeWord(session)}`));
    say(err.dim(`Watch it:      coven attach ${shortId(session.id)}`));
    return 0;
  }
  announce(session, err);
  const { watch } = await import("../../client/watch.ts");
  return watch({ client, session, raw: has(invocation, "raw"), json, interrupt: "kill" });
};

function launch(
  client: CovenClient,
  invocation: Invocation,
  place: Place,
  prompt: string,
  asked: Asked,
  launchMode: LaunchMode,
): Promise<Session> {
  const title = flagValue(invocation, "title");
  const size = ownSize();
  return client.launch({
    projectRoot: place.projectRoot,
    cwd: place.cwd,
    harness: word(invocation, 0),
    prompt,
    launchMode,
    // The daemon may have been started long ago in another shell; the environment of this one counts.
    env: environment(),
    inheritEnv: false,
    ...(title === undefined ? {} : { title }),
    ...(asked.model === undefined ? {} : { model: asked.model }),
    ...(asked.permission === undefined ? {} : { permission: asked.permission }),
    ...(asked.addDirs === undefined ? {} : { addDirs: asked.addDirs }),
    ...size,
  });
}

function announce(session: Session, err: typeof import("../../ui/colour.ts").err): void {
  say(`${err.bold(harmless(session.harness))}: ${harmless(session.title)}`);
  say(err.dim(`Session:       ${session.id}`));
  say(err.dim(`Project root:  ${harmless(session.project_root)}`));
  if (session.cwd !== session.project_root) say(err.dim(`Starts in:     ${harmless(session.cwd)}`));
  say("");
}

/** The words after the harness, joined by a space; a lone `-` stands for standard input. Throws `UsageError`. */
async function promptOf(invocation: Invocation): Promise<string> {
  const words = invocation.words.slice(1);
  if (words.length !== 1 || words[0] !== "-") return words.join(" ");
  if (isTerminal(0)) say("Type the prompt, then Ctrl-D on a line of its own.");
  const text = await Bun.stdin.text();
  if (text.trim() === "")
    throw new UsageError("Standard input held no prompt.", ["echo 'say hello' | coven run demo -"]);
  return text;
}
