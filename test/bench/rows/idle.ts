// Owns the row of idleness: what 1, 10 and 50 sessions that say nothing cost in memory, processor time and descriptors.
import { type Daemon, processesNaming, weigh } from "../daemon.ts";
import { type Figure, figure } from "../figures.ts";
import { command, type Ground } from "../ground.ts";
import { type Peer, staying } from "../peers.ts";
import { must, RAW, type Row, saying } from "./row.ts";

const PROMPT = `${RAW}; ${saying("READY")}`;

export const idle: Row = {
  id: "idle",
  async measure(ground) {
    const counts = ground.smoke ? [1, 3] : [1, 10, 50];
    const goals: Record<number, number> = { 1: 60, 10: 65, 50: 85 };
    const { path } = await ground.file(1);
    // A thousand lines of a build log above it, as a session that has worked for a while has.
    const worked = `head -c 200000 ${path}; ${PROMPT}`;
    const lines = [];
    for (const [kind, script, look] of [
      ["fresh", PROMPT, false],
      ["with 1,000 lines above", worked, false],
      ["with 1,000 lines above, all looked at", worked, true],
    ] as const) {
      for (const count of counts) {
        const cells: Record<string, Figure> = {};
        if (!look) {
          for (const peer of ground.peers) {
            const figure = await ofPeer(ground, peer, script, count);
            if (figure) cells[peer.name] = figure;
          }
        }
        const { rss, cpu, each } = await ofCoven(
          await ground.daemon(),
          script,
          count,
          look,
          ground.smoke ? 300 : 3_000,
        );
        cells["coven"] = rss;
        // What an emulator costs for those that were looked at is stated, not promised.
        const goal = look ? undefined : goals[count];
        lines.push({
          work: `resident memory, ${count} idle sessions, ${kind}`,
          unit: "MB",
          cells,
          goal: goal === undefined ? "stated" : `<= ${goal}, processor 0.0 %`,
          met: goal === undefined ? undefined : rss.value <= goal && cpu < 0.05,
          note: `${cpu.toFixed(2)} % of a processor; ${each}`,
        });
      }
    }
    return lines;
  },
};

async function ofCoven(daemon: Daemon, script: string, count: number, look: boolean, rest: number) {
  const pid = await daemon.pid();
  const alone = weigh(pid);
  for (let i = 0; i < count; i++) {
    const { id } = await daemon.launch(staying(script));
    await daemon.prints(id, "<READY>");
    if (look) await daemon.client.screen(id);
  }
  // Memory that was only needed for the work is given back within a moment.
  await Bun.sleep(rest);
  const before = weigh(pid);
  await Bun.sleep(rest);
  const after = weigh(pid);
  must(
    (await daemon.client.sessions()).filter(({ status }) => status === "running").length === count,
    "a session went",
  );
  const each = (after.descriptors - alone.descriptors) / count;
  await daemon.stop();
  return {
    rss: figure([after.rssMb]),
    cpu: ((after.cpuMs - before.cpuMs) / rest) * 100,
    each: `${after.threads} threads, ${alone.descriptors} descriptors and ${each.toFixed(0)} per session`,
  };
}

async function ofPeer(
  ground: Ground,
  peer: Peer,
  script: string,
  count: number,
): Promise<Figure | undefined> {
  const { keeper } = peer;
  if (!peer.left || keeper === undefined) return undefined;
  const ends: string[][] = [];
  for (let i = 0; i < count; i++) {
    const left = peer.left(script);
    await command(left.start, { cwd: ground.project, env: ground.env });
    ends.push(left.end);
  }
  await Bun.sleep(500);
  // Those that keep sessions of ours: the programs themselves, not what runs in them.
  const keepers = processesNaming(ground.dir).filter((pid) =>
    nameOf(pid).startsWith(keeper.split(":")[0] ?? ""),
  );
  const all = keepers.reduce((sum, pid) => sum + weigh(pid).rssMb, 0);
  for (const end of ends) await command(end, { cwd: ground.project, env: ground.env }).catch(() => {});
  return figure([all]);
}

function nameOf(pid: number): string {
  try {
    const stat = Bun.spawnSync(["cat", `/proc/${pid}/comm`]).stdout.toString();
    return stat.trim().toLowerCase();
  } catch {
    return "";
  }
}
