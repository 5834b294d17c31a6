// A real terminal for tests: tmux on a socket of its own, shells in panes of any size, and what they show.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "./until.ts";

/** Tests that need it are skipped by name without it. */
export const HAS_TMUX = Bun.which("tmux") !== null;

/** What a program left switched on in the terminal. */
export interface PaneModes {
  readonly alternate: boolean;
  readonly mouse: boolean;
  readonly cursor: boolean;
  readonly keypad: boolean;
  readonly cursorKeys: boolean;
  readonly origin: boolean;
  readonly insert: boolean;
  readonly wrap: boolean;
  /** The first and last row of the scroll region, from 0. */
  readonly region: string;
}

/** Nothing is. */
export const SANE: Omit<PaneModes, "region"> = {
  alternate: false,
  mouse: false,
  cursor: true,
  keypad: false,
  cursorKeys: false,
  origin: false,
  insert: false,
  wrap: true,
};

/** One shell in a terminal of its own. */
export interface Pane {
  /** Text as typed, without Enter. */
  type(text: string): void;
  /** Keys by tmux's names: `Enter`, `C-c`. */
  press(...keys: string[]): void;
  /** Bytes as they are. */
  send(bytes: Uint8Array): void;
  /** Pastes as a person does in tmux: `marked` where the program asked for bracketed paste (`paste-buffer -p`), else never. */
  paste(text: string, marked: boolean): void;
  /** Types a command line and presses Enter. */
  run(line: string): void;
  /** The rows shown, trailing blanks cut. */
  rows(): string[];
  /** The screen with colours and attributes: equal only when every cell is. */
  cells(): string;
  /** What was scrolled off the top, and the screen. */
  history(): string[];
  cursor(): string;
  title(): string;
  modes(): PaneModes;
  /** `stty -g` of the pane's terminal. */
  termios(): string;
  /** Asks the server: `show-buffer`. */
  server(...words: string[]): string;
  /** The device, `/dev/pts/3`. */
  readonly device: string;
  /** The shell's process id. */
  readonly pid: number;
  resize(cols: number, rows: number): void;
  close(): void;
  /** Waits until the rows shown, joined by LF, fit. */
  shows(what: RegExp | string, ms?: number): Promise<void>;
  /** Waits until nothing has changed for so many milliseconds. */
  settles(ms?: number): Promise<string>;
}

export interface Tmux extends Disposable {
  /** A shell (prompt `$ `) in a terminal of this size; `env` is its whole environment. */
  pane(cols: number, rows: number): Pane;
}

const FORMAT = [
  "alternate_on",
  "mouse_any_flag",
  "cursor_flag",
  "keypad_flag",
  "keypad_cursor_flag",
  "origin_flag",
  "insert_flag",
  "wrap_flag",
].map((name) => `#{${name}}`);

/** Starts a server for panes with this environment; dispose of it and everything in it is hung up on. */
export function tmux(dir: string, env: Readonly<Record<string, string>>, command: readonly string[]): Tmux {
  const socket = join(dir, "tmux");
  const rc = join(dir, "rc");
  writeFileSync(rc, `PS1='$ '\ncoven() { ${command.map((one) => `'${one}'`).join(" ")} "$@"; }\n`);
  const conf = join(dir, "tmux.conf");
  writeFileSync(
    conf,
    "set -g history-limit 5000\nset -g status off\nset -sg escape-time 0\nset -s exit-empty off\n",
  );
  const pairs = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const shell = [
    "/usr/bin/env",
    "-i",
    ...pairs,
    "TERM=xterm-256color",
    "bash",
    "--noprofile",
    "--rcfile",
    rc,
    "-i",
  ];
  let count = 0;

  function ask(...words: string[]): string {
    const done = spawnSync("tmux", ["-S", socket, "-u", "-f", conf, ...words], {
      env: { ...env, TERM: "xterm-256color" },
      encoding: "utf8",
    });
    if (done.status !== 0) throw new Error(`tmux ${words[0]}: ${done.stderr}`);
    return done.stdout;
  }

  function pane(cols: number, rows: number): Pane {
    const name = `p${count++}`;
    const words = ["-s", name, "-x", String(cols), "-y", String(rows), "-c", env["PWD"] ?? dir];
    ask("new-session", "-d", ...words, ...shell);
    const facts = (format: string): string => ask("display-message", "-p", "-t", name, format).trimEnd();
    const send = (...keys: string[]): void => void ask("send-keys", "-t", name, ...keys);
    const [device = "", pid = ""] = facts("#{pane_tty} #{pane_pid}").split(" ");
    const lines = (...how: string[]): string[] =>
      ask("capture-pane", "-p", "-t", name, ...how)
        .replace(/\n$/, "")
        .split("\n")
        .map((row) => row.trimEnd());
    const one: Pane = {
      device,
      pid: Number(pid),
      type: (text) => send("-l", "--", text),
      press: (...keys) => send(...keys),
      send(bytes) {
        for (let at = 0; at < bytes.length; at += 500) {
          send("-H", ...Array.from(bytes.subarray(at, at + 500), (byte) => byte.toString(16)));
        }
      },
      paste(text, marked) {
        ask("set-buffer", "-b", "pasted", "--", text);
        ask("paste-buffer", "-d", ...(marked ? ["-p"] : []), "-b", "pasted", "-t", name);
      },
      run(line) {
        send("-l", "--", line);
        send("Enter");
      },
      rows: () => lines(),
      cells: () => ask("capture-pane", "-e", "-p", "-N", "-t", name),
      history: () => lines("-S", "-"),
      cursor: () => facts("#{cursor_x},#{cursor_y}"),
      title: () => facts("#{pane_title}"),
      modes() {
        const [alternate, mouse, cursor, keypad, cursorKeys, origin, insert, wrap, ...region] = facts(
          [...FORMAT, "#{scroll_region_upper}", "#{scroll_region_lower}"].join(" "),
        ).split(" ");
        const on = (flag: string | undefined): boolean => flag === "1";
        return {
          alternate: on(alternate),
          mouse: on(mouse),
          cursor: on(cursor),
          keypad: on(keypad),
          cursorKeys: on(cursorKeys),
          origin: on(origin),
          insert: on(insert),
          wrap: on(wrap),
          region: region.join("-"),
        };
      },
      termios: () => spawnSync("stty", ["-F", device, "-g"], { encoding: "utf8" }).stdout.trim(),
      server: (...words) => ask(...words),
      resize: (to, high) => void ask("resize-window", "-t", name, "-x", String(to), "-y", String(high)),
      close: () => void ask("kill-session", "-t", name),
      async shows(what, ms) {
        const fits = (): boolean => {
          const shown = lines().join("\n");
          return typeof what === "string" ? shown.includes(what) : what.test(shown);
        };
        await until(`${name} shows ${what}`, fits, ms).catch((error: unknown) => {
          throw new Error(`${error instanceof Error ? error.message : error}\n${lines().join("\n")}`);
        });
      },
      async settles(ms = 250) {
        let shown = "";
        let since = performance.now();
        return until(`${name} settles`, () => {
          const now = one.cells() + one.cursor();
          if (now !== shown) [shown, since] = [now, performance.now()];
          return performance.now() - since >= ms && now;
        });
      },
    };
    return one;
  }

  return {
    pane,
    [Symbol.dispose]() {
      spawnSync("tmux", ["-S", socket, "kill-server"], { env: { ...env } });
    },
  };
}
