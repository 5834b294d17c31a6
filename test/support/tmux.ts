// Owns driving a program in a real terminal emulator: tmux on a server of its own, keys in, the screen out.
import { until } from "./until.ts";

/** Why the tests that need tmux can't run here, or undefined. */
export const noTmux: string | undefined = Bun.which("tmux") === null ? "tmux is not installed" : undefined;

export interface TmuxOptions {
  readonly cols: number;
  readonly rows: number;
  readonly cwd: string;
  /** The whole environment of the program. */
  readonly env: Readonly<Record<string, string>>;
}

/** One terminal with one program in it. */
export interface Tmux extends AsyncDisposable {
  /** tmux's names of keys (`Enter`, `Escape`, `C-c`, `Up`), each a word of its own. */
  press(...keys: readonly string[]): void;
  /** Text as it is. */
  type(text: string): void;
  /** What is on the screen, trailing blanks cut. */
  screen(): string;
  /** The same with the escape sequences that would draw it. */
  styled(): string;
  /** What has scrolled off above the screen, and the screen. */
  history(): string;
  resize(cols: number, rows: number): void;
  /** Waits until the screen holds a text, or a predicate is true of it; gives the screen. */
  shows(what: string | RegExp, ms?: number): Promise<string>;
  /** Waits for the program's end; its exit code. */
  exit(): Promise<number>;
}

/** Starts the program. Dispose of it (`await using`) and its server is gone. */
export function tmux(argv: readonly string[], options: TmuxOptions): Tmux {
  const socket = `coven-${process.pid}-${Math.random().toString(36).slice(2, 8)}`;
  const run = (...words: readonly string[]): string => {
    const { stdout, stderr, exitCode } = Bun.spawnSync(
      ["tmux", "-u", "-L", socket, "-f", "/dev/null", ...words],
      {
        env: { PATH: "/usr/bin:/bin:/usr/local/bin", LANG: "C.UTF-8", TERM: "xterm-256color" },
      },
    );
    if (exitCode !== 0) throw new Error(`tmux ${words[0]}: ${stderr.toString().trim()}`);
    return stdout.toString();
  };
  const env = Object.entries(options.env).map(([name, value]) => `${name}=${value}`);
  run(
    ...["set-option", "-g", "status", "off", ";"],
    ...["set-option", "-g", "remain-on-exit", "on", ";"],
    ...["set-option", "-g", "default-terminal", "tmux-256color", ";"],
    ...["set-option", "-s", "escape-time", "0", ";"],
    ...["new-session", "-d", "-x", String(options.cols), "-y", String(options.rows), "-c", options.cwd],
    ...["--", "/usr/bin/env", "-i", "TERM=tmux-256color", ...env, ...argv],
  );
  const trimmed = (text: string) =>
    text
      .split("\n")
      .map((line) => line.trimEnd())
      .join("\n")
      .trimEnd();
  const screen = () => trimmed(run("capture-pane", "-p"));
  return {
    press: (...keys) => void run("send-keys", ...keys),
    type: (text) => void run("send-keys", "-l", "--", text),
    screen,
    styled: () => run("capture-pane", "-p", "-e"),
    history: () => trimmed(run("capture-pane", "-p", "-S", "-")),
    resize: (cols, rows) => void run("resize-window", "-x", String(cols), "-y", String(rows)),
    shows: async (what, ms = 15_000) => {
      let last = "";
      try {
        return await until(
          `the screen shows ${what}`,
          () => {
            last = screen();
            return (typeof what === "string" ? last.includes(what) : what.test(last)) ? last : undefined;
          },
          ms,
        );
      } catch (error) {
        throw new Error(`${error instanceof Error ? error.message : error}; it shows:\n${last}`);
      }
    },
    exit: async () =>
      Number(
        await until("the program has ended", () => {
          const [dead, status] = run("display-message", "-p", "#{pane_dead} #{pane_dead_status}")
            .trim()
            .split(" ");
          return dead === "1" ? (status ?? "") : undefined;
        }),
      ),
    async [Symbol.asyncDispose]() {
      try {
        run("kill-server");
      } catch {
        // It ended with its last program.
      }
    },
  };
}
