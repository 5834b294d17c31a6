// What an installed agent is asked about itself: its version, and by its own status command whether somebody is logged in.
import { statSync } from "node:fs";
import type { Adapter } from "./adapter.ts";

/** How one is asked. */
export interface Questions {
  /** What comes before the arguments. */
  readonly command: readonly string[];
  readonly version: Adapter["version"];
  readonly login: Adapter["login"];
}

/** What it answered; a member is missing where it gave no answer. */
export interface HarnessWord {
  readonly version?: string;
  readonly login?: { readonly in: boolean; readonly start: string };
}

/** How long a harness may take for one answer before it is given up, in milliseconds: some are Node programs of many files. */
const ANSWER_MS = 8_000;
const MOST_BYTES = 64 * 1024;
const MOST_CHARACTERS = 60;

/** Asks both at the same time. */
export async function wordOf({ command, version, login }: Questions): Promise<HarnessWord> {
  const [said, inside] = await Promise.all([
    version && versionSaid(command, version),
    login?.status && loggedIn([...command, ...login.status]),
  ]);
  return {
    ...(said === undefined ? {} : { version: said }),
    ...(login && inside !== undefined ? { login: { in: inside, start: login.start } } : {}),
  };
}

/**
 * Keeps the versions of programs. One that isn't known is asked for behind the answer, one program after the other, and again when the file is
 * another one.
 */
export function versions(): (command: readonly string[], question: readonly string[]) => string | null {
  const known = new Map<string, { readonly file: string; version: string | null }>();
  let asking: Promise<void> = Promise.resolve();
  return (command, question) => {
    const key = JSON.stringify([...command, ...question]);
    const file = fileOf(command.at(-1) ?? "");
    const before = known.get(key);
    if (before?.file === file) return before.version;
    const entry: { readonly file: string; version: string | null } = { file, version: null };
    known.set(key, entry);
    asking = asking.then(async () => {
      entry.version = (await versionSaid(command, question)) ?? null;
    });
    return null;
  };
}

/** Which file it is, links followed. */
function fileOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat ? `${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeMs}` : "";
}

async function versionSaid(
  command: readonly string[],
  question: readonly string[],
): Promise<string | undefined> {
  const said = await answer([...command, ...question]);
  const first =
    said?.text
      .trim()
      .split("\n", 1)[0]
      ?.replace(/\p{Cc}/gu, "") ?? "";
  return said?.code === 0 && first !== "" ? first.slice(0, MOST_CHARACTERS) : undefined;
}

/** Undefined where its answer means neither. */
async function loggedIn(argv: readonly string[]): Promise<boolean | undefined> {
  const said = await answer(argv);
  // Some say no with 0, and a version without the status command fails as well: the words decide.
  const no = /not (?:logged in|authenticated)|"loggedIn":\s*false/i.test(said?.text ?? "");
  if (said && no) return false;
  return said?.code === 0 ? true : undefined;
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
