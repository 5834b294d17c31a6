// The row of coming back: from the command to the correct last line on the client's screen, after 10 MB and after 1 GB.
import type { Daemon } from "../daemon.ts";
import type { Figure } from "../figures.ts";
import { command, type Ground, inTerminal } from "../ground.ts";
import { staying } from "../peers.ts";
import { inTurns, type Turn } from "../turns.ts";
import { must, type Row, saying } from "./row.ts";

export const reattach: Row = {
  id: "reattach",
  async measure(ground) {
    const coven = await ground.daemon();
    const sizes = ground.smoke ? [1, 4] : [10, 1000];
    const piece = Math.min(sizes[1] ?? 100, 100);
    const turns: Record<string, Turn> = {};
    const ends: string[][] = [];
    const tmux = ground.peers.find(({ name }) => name === "tmux");
    const screen = ground.peers.find(({ name }) => name === "screen");
    for (const size of sizes) {
      const { path } = await ground.file(Math.min(size, piece));
      const times = Math.max(1, Math.round(size / piece));
      // The last line is on nobody's screen before the rest has been read.
      const script = `i=0; while [ $i -lt ${times} ]; do cat ${path}; i=$((i+1)); done; printf '\\n'; ${saying("LAST")}`;
      for (const peer of [tmux, screen]) {
        const left = peer?.left?.(script);
        if (!peer || !left) continue;
        await command(left.start, { cwd: ground.project, env: ground.env });
        ends.push(left.end);
        turns[`${peer.name}${size}`] = seen(ground, left.attach);
        await ready(turns[`${peer.name}${size}`]);
      }
      const { id } = await coven.launch(staying(script));
      await coven.shows(id, "<LAST>");
      turns[`api${size}`] = () => byApi(coven, id);
      turns[`attach${size}`] = seen(ground, coven.argv("attach", id));
    }
    const contest = await inTurns(ground.rounds(20), turns);
    for (const end of ends) await command(end, { cwd: ground.project, env: ground.env }).catch(() => {});
    await coven.stop();
    const [small = 0, large = 0] = sizes;
    const line = (work: string, way: string, size: number) => {
      const cells: Record<string, Figure> = { coven: contest.figure(`${way}${size}`) };
      for (const peer of [tmux, screen]) if (peer) cells[peer.name] = contest.figure(`${peer.name}${size}`);
      const ratio = contest.ratio(`${way}${size}`, `tmux${size}`);
      const growth = contest.ratio(`${way}${large}`, `${way}${small}`);
      return {
        work: `reattach to the last line after ${size} MB: ${work}`,
        unit: "ms",
        cells,
        goal: size === small ? "<= 1.5 x tmux" : "<= 1.5 x tmux, as after 10 MB",
        met: tmux ? ratio.value <= 1.5 && (size === small || growth.value < 1.25) : undefined,
        ...(tmux ? { against: { name: "tmux", ratio } } : {}),
        note: [
          ...(size === large ? [`${growth.value.toFixed(2)} x what it takes after ${small} MB`] : []),
          ...(way === "attach" ? ["a third is the start of the runtime (`coven --version`)"] : []),
        ].join("; "),
      };
    };
    return [
      line("WebSocket", "api", small),
      line("coven attach", "attach", small),
      line("WebSocket", "api", large),
      line("coven attach", "attach", large),
    ];
  },
};

function seen(ground: Ground, argv: readonly string[]): Turn {
  return async () => {
    const { mark } = await inTerminal(ground, ["--hold", "--mark", "<LAST>"], argv);
    must(mark > 0, "the last line never came");
    await Bun.sleep(30);
    return mark;
  };
}

/** A peer that has not read everything yet shows the line later than at once: wait until it is quick. */
async function ready(turn: Turn | undefined): Promise<void> {
  for (let took = Number.POSITIVE_INFINITY; turn && took > 1_000; ) took = await turn();
}

function byApi(daemon: Daemon, id: string): Promise<number> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const attached = daemon.client.attach(id, {
      frame: () => {},
      bytes(bytes) {
        const took = performance.now() - began;
        attached.close();
        if (Buffer.from(bytes).includes("<LAST>")) resolve(took);
        else reject(new Error("the snapshot lacks the last line"));
      },
      closed: () => reject(new Error("the daemon hung up")),
    });
  });
}
