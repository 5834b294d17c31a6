// The row of commands: how long one takes from its start to its end.
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { Daemon } from "../daemon.ts";
import type { Figure } from "../figures.ts";
import type { Ground } from "../ground.ts";
import { inTurns, type Turn } from "../turns.ts";
import { hammer } from "../wire.ts";
import { must, type Row, saying } from "./row.ts";

/** What each peer says its version with, and its list; what it lacks is left out. */
const WORDS: Readonly<Record<string, { version: string[]; list?: string[] }>> = {
  dtach: { version: ["dtach", "--version"] },
  screen: { version: ["screen", "-v"], list: ["screen", "-ls"] },
  script: { version: ["script", "--version"] },
  tmux: { version: ["tmux", "-V"] },
};

export const commands: Row = {
  id: "commands",
  async measure(ground) {
    const coven = await ground.daemon();
    for (let i = 0; i < 5; i++) await coven.settled((await coven.launch(saying("X"))).id);
    const turns: Record<string, Turn> = {
      "floor.version": once(ground, ["true"]),
      "coven.version": once(ground, [ground.binary, "--version"]),
      "coven.list": once(ground, [ground.binary, "sessions", "--json"], coven.env),
      "coven.start": () => started(ground),
    };
    for (const { name } of ground.peers) {
      const words = WORDS[name];
      if (words) turns[`${name}.version`] = once(ground, words.version);
      // screen -ls leaves with 1 when there is none.
      if (words?.list) turns[`${name}.list`] = once(ground, words.list, ground.env, true);
    }
    if (ground.peers.some(({ name }) => name === "tmux")) {
      const socket = join(ground.dir, "t");
      turns["tmux.list"] = once(ground, ["tmux", "-S", socket, "list-sessions"], ground.env, true);
    }
    const contest = await inTurns(ground.rounds(20), turns);
    await coven.stop();
    const line = (work: string, kind: string, goal: string, met: (figure: Figure) => boolean | undefined) => {
      const cells: Record<string, Figure> = {};
      for (const name of contest.names) {
        const [who = "", what] = name.split(".");
        if (what === kind) cells[who] = contest.figure(name);
      }
      const mine = contest.figure(`coven.${kind}`);
      const tmux = cells["tmux"]
        ? { against: { name: "tmux", ratio: contest.ratio(`coven.${kind}`, `tmux.${kind}`) } }
        : {};
      return { work, unit: "ms", cells, goal, met: met(mine), ...tmux };
    };
    return [
      line("coven --version", "version", "stated", () => undefined),
      line("coven sessions --json, the daemon being there", "list", "stated", () => undefined),
      line("coven daemon start, to healthy", "start", "< 60", ({ value }) => value < 60),
    ];
  },
};

function once(ground: Ground, argv: readonly string[], env = ground.env, any = false): Turn {
  return async () => {
    const began = performance.now();
    const child = Bun.spawn([...argv], {
      cwd: ground.project,
      env,
      stdin: "ignore",
      stdout: "ignore",
      stderr: "ignore",
    });
    const code = await child.exited;
    const took = performance.now() - began;
    must(any || code === 0, `${argv.join(" ")} ended with ${code}`);
    return took;
  };
}

async function started(ground: Ground): Promise<number> {
  const base = mkdtempSync(join(ground.dir, "s"));
  const began = performance.now();
  const daemon = await Daemon.start({
    executable: ground.binary,
    base,
    project: ground.project,
    env: ground.env,
  });
  await hammer(daemon.socket, "/health", 1, 1);
  const took = performance.now() - began;
  await daemon.stop();
  return took;
}
