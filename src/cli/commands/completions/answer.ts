// `coven __complete`: prints candidates, one `value<Tab>description` a line, or `:directories`, which leaves it to the shell.
import { covenClient } from "../../../api/client.ts";
import { environment } from "../../../os/environment.ts";
import { covenPaths } from "../../../paths.ts";
import type { Session } from "../../../session/session.ts";
import { everySession } from "../../client/session-list.ts";
import type { Command } from "../../framework/command.ts";
import { candidates, DIRECTORIES } from "../../framework/complete.ts";
import { write } from "../../ui/out.ts";
import { harmless } from "../../ui/text.ts";

/** A person waits at a prompt, so a slower answer is left out; in milliseconds. */
const ANSWER_MS = 500;
const MOST_SESSIONS = 2_000;

/** Prints what may replace the last word; a lone `:directories` means the shell's own directories. Resolves to 0 always. */
export async function complete(words: readonly string[], commands: readonly Command[]): Promise<number> {
  try {
    const found = await candidates(words[0] === "--" ? words.slice(1) : words, commands, {
      sessions,
      harnesses,
    });
    if (found === DIRECTORIES) await write(`:${DIRECTORIES}\n`);
    else await write(found.map(({ value, about }) => `${value}\t${harmless(about)}\n`).join(""));
  } catch {
    // Anything printed here would show up in the middle of the line being typed.
  }
  return 0;
}

async function sessions(): Promise<readonly Session[]> {
  const client = covenClient(covenPaths().socket, { timeoutMs: ANSWER_MS });
  const all: Session[] = [];
  try {
    for await (const session of everySession(client, true)) {
      all.push(session);
      if (all.length >= MOST_SESSIONS) break;
    }
  } catch {
    // No daemon, or a busy one. None is started for a completion.
  }
  return all;
}

async function harnesses() {
  const { launchables } = await import("../../client/launchables.ts");
  return launchables(covenPaths(), environment()).map((one) => ({
    value: one.id,
    about: one.available ? one.label : `${one.label} (not installed)`,
  }));
}
