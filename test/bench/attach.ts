// The figures of an attached terminal: a key's echo through `coven attach` and `tmux attach` against none between, and
// the time from the command to the right screen. `bun test/bench/attach.ts [--gigabyte]`. COVEN=path measures a built executable.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { daemonHome } from "../support/daemon-home.ts";
import { until } from "../support/until.ts";

const KEYS = 2_000;
const ATTACHES = 20;
const MB = 1_000_000;
const sizes = [10_000, 10 * MB, ...(process.argv.includes("--gigabyte") ? [1_000 * MB] : [])];
const built = process.env["COVEN"];
const coven = built ? [built] : [process.execPath, join(import.meta.dir, "../../src/main.ts")];

/** A terminal in which something runs; `take` is told of every byte. */
class Seat {
  seen = "";
  #take: (() => void) | undefined;
  readonly #child;

  constructor(argv: readonly string[], env: Record<string, string>, cwd: string) {
    const decoder = new TextDecoder();
    this.#child = Bun.spawn([...argv], {
      env,
      cwd,
      terminal: {
        cols: 100,
        rows: 30,
        data: (_, bytes) => {
          this.seen += decoder.decode(bytes, { stream: true });
          this.#take?.();
        },
      },
    });
  }

  type(keys: string): void {
    this.#child.terminal?.write(keys);
  }

  /** Resolves in the very turn in which the text has come. */
  shows(text: string): Promise<void> {
    return new Promise((resolve) => {
      this.#take = () => {
        if (!this.seen.includes(text)) return;
        this.#take = undefined;
        resolve();
      };
      this.#take();
    });
  }

  async close(): Promise<void> {
    this.#child.kill("SIGHUP");
    await this.#child.exited;
    this.#child.terminal?.close();
  }
}

await using home = daemonHome();
home.script("codex", 'for prompt; do :; done\nexec sh -c "$prompt"');
const env = {
  HOME: home.base,
  COVEN_HOME: home.paths.home,
  PATH: `${home.bin}:/usr/bin:/bin`,
  LANG: "C.UTF-8",
  TERM: "xterm-256color",
};
const tmux = ["tmux", "-S", join(home.base, "tmux"), "-f", "/dev/null"];
const withTmux = Bun.which("tmux") !== null;
spawnSync(coven[0] ?? "", [...coven.slice(1), "daemon", "start"], { env, cwd: home.project });

const launch = async (script: string): Promise<string> =>
  (
    await home.client.launch({
      projectRoot: home.project,
      harness: "codex",
      prompt: script,
      cols: 100,
      rows: 30,
    })
  ).id;
const inTmux = (name: string, script: string): void => {
  const words = ["new-session", "-d", "-s", name, "-x", "100", "-y", "30", "sh", "-c", script];
  spawnSync(tmux[0] ?? "", [...tmux.slice(1), ...words], { env, cwd: home.project });
};

await echoes();
for (const size of sizes) await attaches(size);
if (withTmux) spawnSync(tmux[0] ?? "", [...tmux.slice(1), "kill-server"]);
process.exit(0);

/** One key after the other, each when the one before has come back; in turns, so that the machine's moods hit all alike. */
async function echoes(): Promise<void> {
  const script = "stty raw -echo; printf READY; exec cat";
  const seats = new Map<string, Seat>();
  seats.set("none between", new Seat(["sh", "-c", script], env, home.project));
  seats.set("coven attach", new Seat([...coven, "attach", await launch(script)], env, home.project));
  inTmux("echo", script);
  if (withTmux) seats.set("tmux attach", new Seat([...tmux, "attach", "-t", "echo"], env, home.project));
  for (const seat of seats.values()) await seat.shows("READY");
  const times = new Map<string, number[]>(Array.from(seats.keys(), (name) => [name, []]));
  for (let key = 0; key < KEYS; key++) {
    for (const [name, seat] of seats) {
      seat.seen = "";
      const letter = String.fromCharCode(97 + (key % 26));
      const began = performance.now();
      seat.type(letter);
      await seat.shows(letter);
      times.get(name)?.push(performance.now() - began);
    }
  }
  for (const [name, all] of times) report(`echo, ${name}`, all);
  for (const seat of seats.values()) await seat.close();
}

/** From the command to the last line on the screen. */
async function attaches(bytes: number): Promise<void> {
  const script = `yes 'a line of some length, as logs have them' | head -c ${bytes}; printf '\\nLAST%s' LINE; exec cat`;
  const id = await launch(script);
  inTmux(`s${bytes}`, script);
  const printed = async () => (await home.client.screen(id)).lines.some((line) => line.includes("LASTLINE"));
  for (let done = false; !done; done = await printed()) await Bun.sleep(20);
  const target = ["-t", `s${bytes}`];
  if (withTmux) {
    await until(
      "tmux has it",
      () =>
        String(spawnSync(tmux[0] ?? "", [...tmux.slice(1), "capture-pane", "-p", ...target]).stdout).includes(
          "LASTLINE",
        ),
      300_000,
    );
  }
  const ways: Record<string, readonly string[]> = { "coven attach": [...coven, "attach", id] };
  if (withTmux) ways["tmux attach"] = [...tmux, "attach", ...target];
  const times = new Map<string, number[]>(Object.keys(ways).map((name) => [name, []]));
  for (let turn = 0; turn < ATTACHES; turn++) {
    for (const [name, argv] of Object.entries(ways)) {
      const began = performance.now();
      const seat = new Seat(argv, env, home.project);
      await seat.shows("LASTLINE");
      times.get(name)?.push(performance.now() - began);
      await seat.close();
    }
  }
  for (const [name, all] of times) report(`first screen after ${bytes / 1000} KB, ${name}`, all);
  await home.client.kill(id);
}

function report(what: string, all: number[]): void {
  all.sort((a, b) => a - b);
  const at = (share: number) => (all[Math.floor(all.length * share)] ?? Number.NaN).toFixed(3);
  console.log(`${what.padEnd(48)} p50 ${at(0.5)} ms   p99 ${at(0.99)} ms`);
}
