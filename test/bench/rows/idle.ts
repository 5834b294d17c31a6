// The row of idleness: what 1, 10 and 50 sessions that say nothing cost in memory, processor time and descriptors.
import { type Daemon, processesNaming, weigh } from "../daemon.ts";
import { type Figure, figure } from "../figures.ts";
import { command, type Ground } from "../ground.ts";
import { type Peer, staying } from "../peers.ts";
import { must, RAW, type Row, saying } from "./row.ts";

/** Raw: what waits here is an agent at its prompt. */
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
        // Once is enough: nothing a session does costs a processor while it does nothing.
        const quiet = kind === "fresh" && count === Math.max(...counts) ? (ground.smoke ? 300 : 40_000) : 0;
        const rest = ground.smoke ? 300 : 3_000;
        const { rss, cpu, each } = await ofCoven(await ground.daemon(), script, count, { look, rest, quiet });
        cells["coven"] = rss;
        // What an emulator costs for those that were looked at is stated, not promised.
        const goal = look ? undefined : goals[count];
        lines.push({
          work: `resident memory, ${count} idle sessions, ${kind}`,
          unit: "MB",
          cells,
          goal: goal === undefined ? "stated" : `<= ${goal}${cpu === undefined ? "" : ", processor 0.0 %"}`,
          met: goal === undefined ? undefined : rss.value <= goal && (cpu ?? 0) < 0.05,
          note: `${cpu === undefined ? "" : `${cpu.toFixed(3)} % of a processor; `}${each}`,
        });
      }
    }
    return lines;
  },
};

interface Idleness {
  /** Their screens are looked at. */
  readonly look: boolean;
  /** ms until their memory is weighed. */
  readonly rest: number;
  /** ms after which the processor's share is taken, for 5 s; 0 for not at all. The runtime's collector looks every second for half a minute. */
  readonly quiet: number;
}

async function ofCoven(daemon: Daemon, script: string, count: number, { look, rest, quiet }: Idleness) {
  const pid = await daemon.pid();
  const alone = weigh(pid);
  for (let i = 0; i < count; i++) {
    const { id } = await daemon.launch(staying(script));
    await daemon.prints(id, "<READY>");
    if (look) await daemon.client.screen(id);
  }
  // Memory that was only needed for the work is given back within a moment.
  await Bun.sleep(2 * rest);
  const weight = weigh(pid);
  const cpu = quiet > 0 ? await share(pid, quiet) : undefined;
  must(
    (await daemon.client.sessions()).filter(({ status }) => status === "running").length === count,
    "a session went",
  );
  const each = (weight.descriptors - alone.descriptors) / count;
  await daemon.stop();
  return {
    rss: figure([weight.rssMb]),
    cpu,
    each: `${weight.threads} threads, ${alone.descriptors} descriptors and ${each.toFixed(0)} per session`,
  };
}

/** In percent of one processor. */
async function share(pid: number, quiet: number): Promise<number> {
  await Bun.sleep(quiet);
  const before = weigh(pid);
  await Bun.sleep(5_000);
  return ((weigh(pid).cpuMs - before.cpuMs) / 5_000) * 100;
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
