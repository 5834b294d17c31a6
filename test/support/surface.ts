// A person's screen for tests: a home with scripted agents, and tmux panes in which `coven` is typed.
import { chmodSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type CommandLine, commandLine } from "./command-line.ts";
import { MAIN } from "./daemon-home.ts";
import { type Pane, tmux } from "./tmux.ts";

/** The sizes the surface must be fine in. */
export const SIZES = [
  { cols: 80, rows: 24 },
  { cols: 40, rows: 20 },
  { cols: 200, rows: 50 },
] as const;

export interface Surface extends AsyncDisposable {
  readonly line: CommandLine;
  /** A pane where `coven <words>` has been typed; it says `left N` when that has ended. */
  open(words?: string, size?: { readonly cols: number; readonly rows: number }): Pane;
}

/** Waits for its scripted status report, says what it was asked, and stays until a line is typed. */
const AGENT = `printf '\\033]7501;state=blocked:app=x\\033\\\\'
printf 'asked: %s\\r\\n' "$*"
read answer
printf 'answered: %s\\r\\n' "$answer"`;

/** `codex` is such an agent unless `agents` is false; `env` lies over the pane's environment. */
export function surface(
  options: { readonly agents?: boolean; readonly env?: Readonly<Record<string, string>> } = {},
): Surface {
  const line = commandLine();
  const { home } = line;
  if (options.agents !== false) home.script("codex", AGENT);
  const env = {
    HOME: home.base,
    COVEN_HOME: home.paths.home,
    PATH: `${home.bin}:/usr/bin:/bin`,
    LANG: "C.UTF-8",
    PWD: home.project,
    ...options.env,
  };
  const server = tmux(home.base, env, [process.execPath, MAIN]);
  return {
    line,
    open(words = "", size = SIZES[0]) {
      const pane = server.pane(size.cols, size.rows);
      pane.run(`clear; coven ${words}; echo left $?`);
      return pane;
    },
    async [Symbol.asyncDispose]() {
      server[Symbol.dispose]();
      await line[Symbol.asyncDispose]();
    },
  };
}

/** Runs the program as somebody who may not write to its home, also where the tests are root's; undefined where neither can be. */
export function readOnlyHome(home: string): { readonly prefix: string; undo(): void } | undefined {
  if (process.getuid?.() !== 0) {
    chmodSync(home, 0o500);
    return { prefix: "", undo: () => chmodSync(home, 0o700) };
  }
  // Root may write anywhere but to a file system that is read-only.
  const script = join(home, "..", "read-only.sh");
  const mount = `mount --bind '${home}' '${home}' && mount -o remount,ro,bind '${home}'`;
  const tried = Bun.spawnSync(["unshare", "-m", "sh", "-c", mount]);
  if (tried.exitCode !== 0) return undefined;
  return {
    prefix: `unshare -m sh -c "${mount}; exec \\"\\$@\\"" sh`,
    undo: () => rmSync(script, { force: true }),
  };
}
