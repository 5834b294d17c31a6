// The peers: how tmux, screen, dtach and script are asked to do the work that Coven does.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** One program people would use instead. What it cannot do it lacks. */
export interface Peer {
  readonly name: string;
  /** As it says itself. */
  readonly version: string;
  /** argv of a client in a terminal, with a new session that runs the script. */
  fresh(script: string): string[];
  /** argv that runs the script with nobody attached and ends when it has ended; `kept` is where its output lies then. */
  alone(script: string): { readonly argv: string[]; readonly kept?: string };
  /** Starts one with nobody attached that stays when the script has ended; argv of a client for it, and of what ends it. */
  left?(script: string): { readonly start: string[]; readonly attach: string[]; readonly end: string[] };
  /** What keeps the sessions, by name, for /proc. */
  readonly keeper?: string;
  close(): Promise<void>;
}

interface Place {
  readonly dir: string;
  readonly codex: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Those that are installed here, in the order of the table. */
export async function peersOn(place: Place): Promise<Peer[]> {
  const all: [string, string[], (version: string) => Peer][] = [
    ["dtach", ["--version"], (version) => dtach(place, version)],
    ["screen", ["-v"], (version) => screen(place, version)],
    ["script", ["--version"], (version) => script(place, version)],
    ["tmux", ["-V"], (version) => tmux(place, version)],
  ];
  const found: Peer[] = [];
  for (const [name, asked, make] of all) {
    if (!Bun.which(name)) continue;
    const said = Bun.spawnSync([name, ...asked], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
    const words = `${said.stdout.toString()}${said.stderr.toString()}`;
    found.push(make(/\d+\.\d+[\w.]*/.exec(words)?.[0] ?? "?"));
  }
  return found;
}

/** For /bin/sh. */
export function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
}

/** The script, and then nothing for a long time. */
export function staying(script: string): string {
  return `${script}\nexec sleep 100000`;
}

let count = 0;
const nextName = () => `b${++count}`;

function dtach({ dir, codex }: Place, version: string): Peer {
  const socket = () => join(dir, `${nextName()}.d`);
  return {
    name: "dtach",
    version,
    keeper: "dtach",
    fresh: (script) => ["dtach", "-A", socket(), "-z", codex, script],
    alone: (script) => ({ argv: ["dtach", "-N", socket(), codex, script] }),
    left(script) {
      const path = socket();
      const gate = `${path}.gate`;
      Bun.spawnSync(["mkfifo", gate]);
      return {
        // It has no command to end one: the script waits at the gate for somebody to come.
        start: ["dtach", "-n", path, codex, `${script}\n: <${quoted([gate])}`],
        attach: ["dtach", "-a", path, "-z"],
        end: ["sh", "-c", `: >${quoted([gate])}`],
      };
    },
    close: async () => {},
  };
}

function screen({ dir, codex }: Place, version: string): Peer {
  const config = join(dir, "screenrc");
  writeFileSync(config, "defscrollback 2000\nstartup_message off\nvbell off\n");
  return {
    name: "screen",
    version,
    keeper: "screen",
    fresh: (script) => ["screen", "-c", config, "-q", "-S", nextName(), codex, script],
    alone: (script) => ({ argv: ["screen", "-c", config, "-D", "-m", "-S", nextName(), codex, script] }),
    left(script) {
      const name = `${process.pid}-${nextName()}`;
      return {
        start: ["screen", "-c", config, "-d", "-m", "-S", name, codex, staying(script)],
        attach: ["screen", "-c", config, "-q", "-r", name],
        end: ["screen", "-S", name, "-X", "quit"],
      };
    },
    close: async () => {},
  };
}

function script({ dir, codex }: Place, version: string): Peer {
  return {
    name: "script",
    version,
    fresh: (work) => ["script", "-q", "-c", quoted([codex, work]), "/dev/null"],
    alone(work) {
      const kept = join(dir, `${nextName()}.typescript`);
      const argv = quoted(["script", "-q", "-c", quoted([codex, work]), kept]);
      return { argv: ["sh", "-c", `exec ${argv} >/dev/null`], kept };
    },
    close: async () => {},
  };
}

function tmux({ dir, codex, env }: Place, version: string): Peer {
  const config = join(dir, "tmux.conf");
  writeFileSync(
    config,
    "set -g history-limit 2000\nset -g status off\nset -g exit-empty off\nset -s escape-time 0\n",
  );
  const server = ["tmux", "-S", join(dir, "t"), "-f", config];
  Bun.spawnSync([...server, "start-server"], { env: { ...env } });
  return {
    name: "tmux",
    version,
    keeper: "tmux: server",
    fresh: (script) => [...server, "new-session", codex, script],
    alone(script) {
      const name = nextName();
      const told = quoted([...server, "wait-for", "-S", name]);
      const work = quoted([
        ...server,
        "new-session",
        "-d",
        "-x",
        "120",
        "-y",
        "40",
        codex,
        `${script}\n${told}`,
      ]);
      return { argv: ["sh", "-c", `${work} && exec ${quoted([...server, "wait-for", name])}`] };
    },
    left(script) {
      const name = nextName();
      return {
        start: [...server, "new-session", "-d", "-x", "120", "-y", "40", "-s", name, codex, staying(script)],
        attach: [...server, "attach", "-t", name],
        end: [...server, "kill-session", "-t", name],
      };
    },
    async close() {
      Bun.spawnSync([...server, "kill-server"], { env: { ...env }, stderr: "ignore" });
      rmSync(join(dir, "t"), { force: true });
    },
  };
}
