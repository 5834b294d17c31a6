// Runs git for our own questions: by argv, never in a route, and without the programs that a repository's own settings name (decision 43).
import { CovenError } from "../errors.ts";
import { environment } from "../os/environment.ts";

/** What a git command left. */
export interface GitAnswer {
  readonly code: number;
  readonly out: Uint8Array;
  readonly err: string;
}

export interface GitWays {
  /** Laid over the environment that git is given. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Git in one directory. */
export interface Git {
  /** Its answer, whatever it left with. */
  try(args: readonly string[], ways?: GitWays): Promise<GitAnswer>;
  /** What it printed. Throws `invalid_request` with git's own words where it failed. */
  text(args: readonly string[], ways?: GitWays): Promise<string>;
}

/** Variables of git that name the person's own settings and programs; the others describe another repository or command. */
const KEPT =
  /^GIT_(?:CONFIG_(?:GLOBAL|SYSTEM|NOSYSTEM)|EXEC_PATH|SSH|SSH_COMMAND|SSH_VARIANT|SSL_.*|CEILING_DIRECTORIES)$/;

/** Never: what watches the file system, and what runs behind a command. */
const ALWAYS = ["core.fsmonitor=false", "core.hooksPath=/dev/null", "core.splitIndex=false"];

/** What a repository's settings may not name, and what stands there instead where the person's own settings don't. */
const PROGRAMS: readonly (readonly [key: RegExp, instead: string])[] = [
  [/^filter\..+\.(?:clean|smudge|process)$/s, ""],
  [/^core\.sshcommand$/, "ssh"],
  [/^core\.(?:askpass|gitproxy|alternaterefscommand)$/, ""],
  [/^credential\.(?:.+\.)?helper$/s, ""],
  [/^remote\..+\.uploadpack$/s, "git-upload-pack"],
  [/^protocol\.ext\.allow$/, "never"],
  [/^protocol\.allow$/, "user"],
];

/**
 * Git where `directory` is. Looks once at the repository's settings; throws `invalid_request` where there is no git program, where the directory lies in no
 * repository that git will use, and for settings that can't be told away.
 */
export async function gitIn(directory: string): Promise<Git> {
  const run = (args: readonly string[], { env = {} }: GitWays = {}) => spawnGit(directory, args, env);
  const settings = (await overrides(run)).flatMap((one) => ["-c", one]);
  const all = (args: readonly string[], ways?: GitWays) => run([...settings, ...args], ways);
  return {
    try: all,
    async text(args, ways) {
      const answer = await all(args, ways);
      if (answer.code !== 0) throw gitFailed(args, answer);
      return new TextDecoder().decode(answer.out);
    },
  };
}

/** What is said of a git command that failed, in its own last words. */
export function gitFailed(args: readonly string[], { code, err }: GitAnswer): CovenError {
  const lines = err.trim().split("\n");
  const said = lines.findLast((line) => /^(?:fatal|error):/.test(line)) ?? lines.at(-1) ?? "";
  const command = args.find((word) => !word.startsWith("-")) ?? "";
  return new CovenError(
    "invalid_request",
    `Git refused to ${command}: ${said.replace(/^(?:fatal|error): /, "").replace(/\.$/, "") || `it left with ${code}`}.`,
    { git: command, exitCode: code, hint: "git status   (in that directory)" },
  );
}

/** Settings that stand before every command, each `name=value`. */
async function overrides(run: Git["try"]): Promise<string[]> {
  const { theirs, own } = await settingsOf(run);
  const said = [...ALWAYS];
  for (const key of theirs.keys()) {
    const program = PROGRAMS.find(([pattern]) => pattern.test(key));
    if (!program) continue;
    // `-c` takes a name to its first `=`.
    if (/[=\n]/.test(key)) {
      throw new CovenError(
        "invalid_request",
        `The repository has a setting that would run a program and can't be switched off: ${JSON.stringify(key)}.`,
        { hint: `git config --local --unset-all ${JSON.stringify(key)}` },
      );
    }
    const [, instead] = program;
    const mine = own.get(key);
    if (mine === undefined || key.startsWith("credential.")) said.push(`${key}=${instead}`);
    for (const value of mine ?? []) said.push(`${key}=${value}`);
    const filter = /^(filter\..+)\.[a-z]+$/s.exec(key)?.[1];
    // A filter that is required and has no program would refuse every file.
    if (filter !== undefined && mine === undefined) said.push(`${filter}.required=false`);
  }
  return said;
}

type Settings = ReadonlyMap<string, readonly string[]>;

/** What stands in the repository's settings, and what in the person's and the machine's. Reading them runs nothing. */
async function settingsOf(run: Git["try"]): Promise<{ readonly theirs: Settings; readonly own: Settings }> {
  const theirs = new Map<string, string[]>();
  const own = new Map<string, string[]>();
  const put = (into: Map<string, string[]>, entry: string) => {
    const at = entry.indexOf("\n");
    const key = at < 0 ? entry : entry.slice(0, at);
    into.set(key, [...(into.get(key) ?? []), at < 0 ? "" : entry.slice(at + 1)]);
  };
  const scoped = await run(["config", "--list", "--show-scope", "-z", "--includes"]);
  if (scoped.code === 0) {
    const parts = entriesOf(scoped);
    for (let at = 0; at + 1 < parts.length; at += 2) {
      const scope = parts[at];
      put(scope === "local" || scope === "worktree" ? theirs : own, parts[at + 1] ?? "");
    }
    return { theirs, own };
  }
  // Git before 2.26 doesn't say where a setting stands.
  const all = await run(["config", "--list", "-z", "--includes"]);
  if (all.code !== 0) throw gitFailed(["config"], all);
  for (const scope of ["--system", "--global"]) {
    const some = await run(["config", scope, "--list", "-z", "--includes"]);
    if (some.code === 0) for (const entry of entriesOf(some)) put(own, entry);
  }
  for (const entry of entriesOf(all)) put(theirs, entry);
  return { theirs, own };
}

function entriesOf({ out }: GitAnswer): string[] {
  return new TextDecoder().decode(out).split("\0").slice(0, -1);
}

async function spawnGit(
  cwd: string,
  args: readonly string[],
  over: Readonly<Record<string, string>>,
): Promise<GitAnswer> {
  const env = Object.fromEntries(
    Object.entries(environment()).filter(([name]) => !name.startsWith("GIT_") || KEPT.test(name)),
  );
  let child: Bun.Subprocess<"ignore", "pipe", "pipe">;
  try {
    child = Bun.spawn(["git", "--no-pager", ...args], {
      cwd,
      // Nobody is asked for a password; what only reads takes no lock; and its sentences are the ones we know.
      env: { ...env, LC_ALL: "C", GIT_TERMINAL_PROMPT: "0", GIT_OPTIONAL_LOCKS: "0", ...over },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
  } catch (error) {
    throw new CovenError(
      "invalid_request",
      `Git could not be started: ${error instanceof Error ? error.message : error}.`,
      {
        hint: "install git, and put it on your PATH",
      },
    );
  }
  const [code, out, err] = await Promise.all([
    child.exited,
    new Response(child.stdout).bytes(),
    new Response(child.stderr).text(),
  ]);
  return { code, out, err };
}
