// Which sessions a command is meant for: what was typed, else, at a terminal, what a person picks from a list.
import type { CovenClient } from "../../api/client.ts";
import type { Session } from "../../session/session.ts";
import { fullId, shortId } from "../client/session-id.ts";
import { everySession } from "../client/session-list.ts";
import { type Invocation, SESSION_KINDS, type SessionKind } from "../framework/command.ts";
import { Failure, UsageError } from "../ui/failure.ts";
import { atTerminal, say } from "../ui/out.ts";
import { harmless } from "../ui/text.ts";

type Lister = Pick<CovenClient, "sessions">;

/**
 * The full ids of the words, each once and in their order; without words, of what a person picks. All are looked up before any is returned.
 * Throws as `fullId`, `UsageError` where nothing was typed and nobody is there, `Failure` when nothing fits or was picked.
 */
export async function sessionsMeant(
  client: Lister,
  invocation: Invocation,
  kind: SessionKind,
): Promise<string[]> {
  if (invocation.words.length === 0) return [await pickedSession(client, invocation, kind)];
  const ids = new Set<string>();
  for (const word of invocation.words) ids.add(await fullId(client, word));
  return [...ids];
}

/** The same for a command that takes one. */
export async function sessionMeant(
  client: Lister,
  invocation: Invocation,
  kind: SessionKind,
): Promise<string> {
  const [typed] = invocation.words;
  return typed === undefined ? pickedSession(client, invocation, kind) : fullId(client, typed);
}

/** The only session that the command can be used on, or the one that a person picks. */
async function pickedSession(client: Lister, { name }: Invocation, kind: SessionKind): Promise<string> {
  if (!atTerminal()) {
    throw new UsageError(`coven ${name} needs a session id.`, [
      `coven ${name} 3f2a9c1e`,
      `coven ${name} -   (the last one of this project)`,
      `coven help ${name}`,
    ]);
  }
  const fitting: Session[] = [];
  for await (const session of everySession(client, true)) {
    if (SESSION_KINDS[kind](session)) fitting.push(session);
  }
  const [only, second] = fitting;
  if (!only) throw new Failure(`There is no ${kind} to ${name}.`, ["coven sessions --all"]);
  if (!second) {
    say(`${shortId(only.id)}: ${harmless(only.title)}`);
    return only.id;
  }
  // Only those who have to pick pay for it.
  const { placeHere } = await import("../client/project.ts");
  const { isOfProject } = await import("../client/describe.ts");
  const here = placeHere();
  const own = (one: Session) => here !== undefined && isOfProject(one, here.projectRoot);
  const ordered = [...fitting.filter(own), ...fitting.filter((one) => !own(one))];
  const { askSession } = await import("../client/ask-session.ts");
  const picked = await askSession(`Which session to ${name}?`, ordered);
  if (!picked) throw new Failure("No session was picked.", [`coven ${name} ${shortId(only.id)}`]);
  return picked.id;
}
