// Owns showing a session to a person at a terminal: live and typed into, or as it was last; and what is said afterwards.
import { existsSync } from "node:fs";
import { type CovenClient, isUnreachable } from "../../api/client.ts";
import { covenPaths } from "../../paths.ts";
import { isSettled, type Session } from "../../session/session.ts";
import { flagValue, has, type Invocation } from "../command.ts";
import { type DetachKey, detachKey } from "../keys.ts";
import { exitCodeOf, sayGoesOn, sayOutcome, signalCode } from "../outcome.ts";
import { shortId } from "../target.ts";
import { err, out } from "../ui/colour.ts";
import { UsageError } from "../ui/failure.ts";
import { atTerminal, columns, say, write } from "../ui/out.ts";
import { meanwhile } from "../ui/progress.ts";
import { harmless, quoted } from "../ui/text.ts";
import { cut } from "../ui/width.ts";
import { lost } from "../watch.ts";
import { lastLines } from "./picture.ts";
import { type Left, viewInTerminal } from "./terminal.ts";

/** Whether the person gets the session itself, and not its output as a stream: both ends are terminals, and nothing else was asked. */
export function wantsView(invocation: Invocation): boolean {
  return atTerminal() && !has(invocation, "json") && !has(invocation, "raw");
}

/** `--detach-key`, else the setting, else Ctrl-]. Throws `UsageError` for a key that cannot be one, and as `readConfig`. */
export async function detachKeyOf(invocation: Invocation): Promise<DetachKey> {
  const name = flagValue(invocation, "detach-key") ?? (await configuredKey()) ?? "ctrl-]";
  const key = detachKey(name);
  if (key) return key;
  throw new UsageError(`${quoted(name)} cannot be the detach key: typing needs it, or it is none.`, [
    "--detach-key ctrl-g   (ctrl- and a letter or \\ ] ^ _, but not c h i j m q s z)",
  ]);
}

async function configuredKey(): Promise<string | undefined> {
  const { config } = covenPaths();
  // Nearly nobody has the file, and reading TOML is loaded only for those who do.
  if (!existsSync(config)) return undefined;
  const { readConfig } = await import("../../config.ts");
  return readConfig(config).config["terminal.detach_key"];
}

export interface Sight {
  readonly client: CovenClient;
  readonly session: Session;
  readonly detach: DetachKey;
  readonly observe: boolean;
  /** `run`: it is ours, and its end comes with what to type next. */
  readonly launched: boolean;
}

/** Shows a live session until it ends or is left; resolves to the exit code: the harness's own, 0 after the detach key, 128+n. */
export async function view({ client, session, detach, observe, launched }: Sight): Promise<number> {
  const name = `${harmless(session.harness)} ${shortId(session.id)}: ${harmless(session.title)}`;
  const way = observe ? `${detach.label} or Ctrl-C leaves` : `${detach.label} detaches`;
  const room = columns(process.stdout, 80) - 1;
  const hint = `${cut(name, Math.max(10, room - way.length - 2))}  ${out.dim(way)}`;
  const title = `${harmless(session.harness)}: ${harmless(session.title)}`;
  const left = await viewInTerminal({ client, session, observe, detach, hint, title, fresh: launched });
  return farewell(client, session, left, launched);
}

async function farewell(
  client: CovenClient,
  session: Session,
  left: Left,
  launched: boolean,
): Promise<number> {
  if (left.deaf && left.why === "signal") return signalCode(left.signal);
  if (left.why === "terminal gone" || left.deaf) return signalCode("SIGHUP");
  if (left.why === "lost") {
    const now = await client.session(session.id).catch((error: unknown) => {
      throw isUnreachable(error) ? lost(session.id) : error;
    });
    if (!isSettled(now.status)) throw lost(session.id);
    left = { why: "ended" };
  }
  const now = await client.session(session.id);
  if (left.why === "ended" || isSettled(now.status)) {
    sayOutcome(now, launched ? "again" : "nothing");
    return exitCodeOf(now);
  }
  sayGoesOn(now);
  return left.why === "signal" ? signalCode(left.signal) : 0;
}

/** Prints the last screen of a session that has ended, scrollback first; resolves to its exit code. */
export async function viewLast(client: CovenClient, session: Session): Promise<number> {
  const { ansi } = await meanwhile("Drawing its last screen", () => client.screen(session.id));
  const shown = lastLines(ansi);
  await write(`${shown}\x1b[0m\x1b]8;;\x1b\\${shown === "" ? "" : "\r\n"}`);
  sayOutcome(session, "nothing");
  say(err.dim(`All it printed: coven attach ${shortId(session.id)} --raw`));
  return exitCodeOf(session);
}
