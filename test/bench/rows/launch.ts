// The row of launches: from the request to the program's first byte at a client, the daemon being there.
import type { Daemon } from "../daemon.ts";
import { type Ground, inTerminal } from "../ground.ts";
import { inTurns, type Turn } from "../turns.ts";
import { Wire } from "../wire.ts";
import { must, type Row, saying } from "./row.ts";

/** Says its word and goes; the next turn begins when it has gone. */
const SCRIPT = `${saying("W")}; sleep 0.1`;
const AFTER_MS = 130;

export const launch: Row = {
  id: "launch",
  async measure(ground) {
    const coven = await ground.daemon();
    const rust = await ground.rust();
    const terminal =
      (argv: readonly string[]): Turn =>
      async () => {
        const { mark } = await inTerminal(ground, ["--hold", "--mark", "<W>"], argv);
        must(mark > 0, "the first byte never came");
        await Bun.sleep(AFTER_MS);
        return mark;
      };
    const turns: Record<string, Turn> = { floor: terminal([ground.codex, SCRIPT]) };
    for (const peer of ground.peers) turns[peer.name] = terminal(peer.fresh(SCRIPT));
    turns["api"] = () => byApi(coven, ground);
    turns["attach"] = () => byAttach(coven);
    turns["run"] = terminal(coven.argv("run", "codex", SCRIPT));
    if (rust) {
      turns["rustRun"] = terminal(rust.argv("run", "codex", SCRIPT));
      turns["rust"] = () => byPages(rust);
    }
    const contest = await inTurns(ground.rounds(20), turns);
    await coven.stop();
    await rust?.stop();
    const cells = Object.fromEntries(
      ["floor", ...ground.peers.map(({ name }) => name)].map((name) => [name, contest.figure(name)]),
    );
    const line = (work: string, mine: string, theirs: string) => {
      const ratio = contest.ratio(mine, "tmux");
      return {
        work,
        unit: "ms",
        cells: { ...cells, coven: contest.figure(mine), ...(rust ? { rust: contest.figure(theirs) } : {}) },
        goal: "<= tmux",
        met: cells["tmux"] ? ratio.value <= 1 : undefined,
        ...(cells["tmux"] ? { against: { name: "tmux", ratio } } : {}),
      };
    };
    const floors = contest.ratio("api", "floor").value;
    return [
      {
        ...line("launch to first byte: POST, then SSE", "api", "rust"),
        note: `${floors.toFixed(1)} x floor (goal 2)`,
      },
      line("launch to first byte: POST, then attach", "attach", "rust"),
      {
        ...line("launch to first byte: coven run in a terminal", "run", "rustRun"),
        goal: "stated",
        met: undefined,
      },
    ];
  },
};

async function byApi(daemon: Daemon, ground: Ground): Promise<number> {
  const [asking, following] = [await Wire.open(daemon.socket), await Wire.open(daemon.socket)];
  const began = performance.now();
  const body = JSON.stringify({ projectRoot: ground.project, harness: "codex", prompt: SCRIPT });
  const { id } = JSON.parse((await asking.ask("POST", "/sessions", body)).toString());
  const took = await new Promise<number>((resolve) => {
    let seen = "";
    following.follow(`/events?sessionId=${id}`, (chunk) => {
      seen += chunk.toString();
      if (seen.includes("<W>")) resolve(performance.now() - began);
    });
  });
  asking.close();
  following.close();
  await daemon.settled(id);
  return took;
}

async function byAttach(daemon: Daemon): Promise<number> {
  const began = performance.now();
  const { id } = await daemon.launch(SCRIPT);
  const took = await new Promise<number>((resolve) => {
    let seen = "";
    const attached = daemon.client.attach(id, {
      frame: () => {},
      bytes(bytes) {
        seen += Buffer.from(bytes).toString();
        if (!seen.includes("<W>")) return;
        resolve(performance.now() - began);
        attached.close();
      },
      closed: () => {},
    });
  });
  await daemon.settled(id);
  return took;
}

/** An API without a stream: pages, asked for again and again. */
async function byPages(daemon: Daemon): Promise<number> {
  const began = performance.now();
  const { id } = await daemon.launch(SCRIPT);
  for (;;) {
    const page = await daemon.client.events(id);
    if (page.events.some(({ payload_json }) => payload_json.includes("<W>"))) break;
  }
  const took = performance.now() - began;
  await daemon.settled(id);
  return took;
}
