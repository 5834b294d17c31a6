// Owns `coven run`: launches a harness where the person stands, then watches it or leaves it alone.
import type { CovenClient } from "../api/client.ts";
import type { Session } from "../session/session.ts";
import { flagValue, has, type Invocation, type Run, word } from "./command.ts";
import { connect } from "./connect.ts";
import { environment } from "./environment.ts";
import { type Place, placeOf } from "./project.ts";
import { shortId } from "./target.ts";
import { detachKeyOf, view, wantsView } from "./terminal/view.ts";
import { err } from "./ui/colour.ts";
import { UsageError } from "./ui/failure.ts";
import { atTerminal, print, printJson, say } from "./ui/out.ts";
import { standing } from "./ui/standing.ts";
import { harmless } from "./ui/text.ts";
import { watch } from "./watch.ts";

export const run: Run = async (invocation) => {
  const prompt = await promptOf(invocation);
  const detach = await detachKeyOf(invocation);
  const place = placeOf(standing(), flagValue(invocation, "cwd"));
  const { client } = await connect();
  const session = await launch(client, invocation, place, prompt);
  const json = has(invocation, "json");
  if (has(invocation, "detach")) {
    await (json ? printJson(session) : print(session.id));
    say(err.dim(`Project root:  ${harmless(session.project_root)}`));
    say(err.dim(`Watch it:      coven attach ${shortId(session.id)}`));
    return 0;
  }
  if (wantsView(invocation)) return view({ client, session, detach, observe: false, launched: true });
  announce(session);
  return watch({ client, session, raw: has(invocation, "raw"), json, interrupt: "kill" });
};

function launch(client: CovenClient, invocation: Invocation, place: Place, prompt: string): Promise<Session> {
  const title = flagValue(invocation, "title");
  const { columns, rows } = process.stdout;
  return client.launch({
    projectRoot: place.projectRoot,
    cwd: place.cwd,
    harness: word(invocation, 0),
    prompt,
    launchMode: atTerminal() ? "interactive" : "nonInteractive",
    // The daemon was started some other day, in some other shell: what counts is the environment of this one.
    env: environment(),
    inheritEnv: false,
    ...(title === undefined ? {} : { title }),
    ...(process.stdout.isTTY && columns > 0 && rows > 0
      ? { cols: Math.min(columns, 1000), rows: Math.min(rows, 1000) }
      : {}),
  });
}

function announce(session: Session): void {
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
  if (process.stdin.isTTY) say("Type the prompt, then Ctrl-D on a line of its own.");
  const text = await Bun.stdin.text();
  if (text.trim() === "")
    throw new UsageError("Standard input held no prompt.", ["echo 'say hello' | coven run demo -"]);
  return text;
}
