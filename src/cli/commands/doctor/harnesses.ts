// Asks each installed agent for its version and, by its own status command, whether somebody is logged in.

import type { HarnessInfo } from "../../../session/ports.ts";
import { loginOf } from "../../client/launchables.ts";
import { harmless } from "../../ui/text.ts";
import type { HarnessWord } from "./checks.ts";

/** How long a harness may take for one answer before doctor goes on without it, in milliseconds. */
const ANSWER_MS = 3_000;
const MOST_BYTES = 64 * 1024;

/** The answers of every installed built-in agent. All are asked at the same time. */
export async function harnessWords(list: readonly HarnessInfo[]): Promise<Map<string, HarnessWord>> {
  const asked = list
    .filter((one) => one.available && one.source === "built-in" && one.id !== "demo")
    .map(async ({ id, path }): Promise<[string, HarnessWord]> => {
      if (path === null) return [id, {}];
      const [version, login] = await Promise.all([versionOf(path), loggedIn(id, path)]);
      return [
        id,
        { ...(version === undefined ? {} : { version }), ...(login === undefined ? {} : { login }) },
      ];
    });
  return new Map(await Promise.all(asked));
}

async function versionOf(path: string): Promise<string | undefined> {
  const said = await answer([path, "--version"]);
  const first = said?.text.trim().split("\n", 1)[0] ?? "";
  return said?.code === 0 && first !== "" ? harmless(first).slice(0, 60) : undefined;
}

/** Undefined where it has no such command, or its answer means neither. */
async function loggedIn(id: string, path: string): Promise<HarnessWord["login"]> {
  const login = loginOf(id);
  if (!login) return undefined;
  const said = await answer([path, ...login.status]);
  if (said?.code === 0) return { in: true, start: login.start };
  // A version without the status command fails as well, so the words decide.
  const says = /not logged in|"loggedIn":\s*false/i.test(said?.text ?? "");
  return said && says ? { in: false, start: login.start } : undefined;
}

/** Exit code and both streams; undefined when it can't be started or says nothing in time. */
async function answer(argv: readonly string[]): Promise<{ code: number; text: string } | undefined> {
  try {
    const child = Bun.spawn([...argv], {
      // Not the current directory: files of a repository could influence the agent.
      cwd: "/",
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      timeout: ANSWER_MS,
      killSignal: "SIGKILL",
      maxBuffer: MOST_BYTES,
    });
    // A grandchild may hold the streams open long after the program itself was ended.
    const late = Bun.sleep(ANSWER_MS + 200).then(() => undefined);
    const texts = Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
    const text = (await Promise.race([texts, late]))?.join("\n");
    return text === undefined ? undefined : { code: await child.exited, text };
  } catch {
    return undefined;
  }
}
