// The row of echoes: a key typed, and the program's answer to it at a client.
import type { Daemon } from "../daemon.ts";
import { type Figure, figure } from "../figures.ts";
import { inTurns, type Turn } from "../turns.ts";
import { Wire } from "../wire.ts";
import { must, RAW, type Row, saying } from "./row.ts";

/** Gives back so many keys one by one, then goes. */
/** Raw: an agent that reads keys has its terminal so. In the default mode the kernel echoes, and nobody would be measured but it. */
const returning = (keys: number) => `${RAW}; ${saying("R")}; exec dd bs=1 count=${keys} 2>/dev/null`;
/** More than anybody types here. */
const MANY = 1_000_000;

/** An attached client of a session that gives back what it is sent. */
export class Echo {
  #came: () => void = () => {};
  private constructor(
    readonly id: string,
    private readonly type: (keys: Uint8Array) => void,
    readonly close: () => void,
  ) {}

  static async open(daemon: Daemon): Promise<Echo> {
    const { id } = await daemon.launch(returning(MANY));
    await daemon.shows(id, "<R>");
    const shown = Promise.withResolvers<void>();
    let echo: Echo | undefined;
    const attached = daemon.client.attach(id, {
      frame: () => {},
      bytes: (_, snapshot) => (snapshot ? shown.resolve() : echo?.came()),
      closed: () => shown.reject(new Error("the daemon hung up")),
    });
    await shown.promise;
    echo = new Echo(id, attached.type, attached.close);
    return echo;
  }

  came(): void {
    this.#came();
  }

  /** Types one key; ms until it is back. */
  async once(): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#came = resolve;
    const began = performance.now();
    this.type(Buffer.from("x"));
    await promise;
    return performance.now() - began;
  }
}

export const echo: Row = {
  id: "echo",
  async measure(ground) {
    const each = ground.smoke ? 10 : 200;
    const coven = await ground.daemon();
    const all = new Map<string, number[]>();
    /** A turn is many keys; its figure is their median, and every single one counts for the p99. */
    const keys = (name: string, take: () => Promise<number[]>): [string, Turn] => [
      name,
      async () => {
        const times = await take();
        must(times.length === each, `${times.length} of ${each} keys came back`);
        all.set(name, [...(all.get(name) ?? []), ...times]);
        return figure(times).value;
      },
    ];
    const inFloor = (argv: readonly string[]) => async () =>
      JSON.parse(await ground.floor("echo", String(each), ...argv)) as number[]; // what floor.c prints
    const attached = await Echo.open(coven);
    const api = await ByApi.open(coven);
    const turns = Object.fromEntries([
      keys("floor", inFloor([ground.codex, returning(each + 1)])),
      ...ground.peers.map((peer) => keys(peer.name, () => inFloor(peer.fresh(returning(each + 1)))())),
      keys("api", async () => many(each, () => api.once())),
      keys("attach", async () => many(each, () => attached.once())),
      keys("run", () => inFloor(coven.argv("run", "codex", returning(each + 1)))()),
    ]);
    const contest = await inTurns(ground.rounds(10), turns);
    attached.close();
    api.close();
    await coven.stop();
    const cell = (name: string): Figure => figure(all.get(name) ?? [], { p99: true });
    const cells = Object.fromEntries(
      ["floor", ...ground.peers.map(({ name }) => name)].map((name) => [name, cell(name)]),
    );
    const line = (work: string, mine: string, bound: boolean) => {
      const took = cell(mine);
      const ratio = contest.ratio(mine, "tmux");
      return {
        work,
        unit: "ms, p50 / p99",
        cells: { ...cells, coven: took },
        goal: bound ? "p50 < 0.5, p99 < 3" : "stated",
        met: bound ? took.value < 0.5 && (took.p99 ?? Number.NaN) < 3 : undefined,
        ...(cells["tmux"] ? { against: { name: "tmux", ratio } } : {}),
      };
    };
    return [
      line("key to echo: 202 to SSE", "api", true),
      line("key to echo: attach WebSocket", "attach", true),
      line("key to echo: coven run in a terminal", "run", false),
    ];
  },
};

async function many(count: number, once: () => Promise<number>): Promise<number[]> {
  const times: number[] = [];
  for (; times.length < count; await Bun.sleep(1)) times.push(await once());
  return times;
}

/** Input by POST, its echo by SSE. */
class ByApi {
  #came: () => void = () => {};
  private constructor(
    private readonly id: string,
    private readonly typing: Wire,
    private readonly following: Wire,
  ) {
    let ready = false;
    this.ready = new Promise((resolve) => {
      following.follow(`/events?sessionId=${id}`, (chunk) => {
        if (!ready && chunk.includes("<R>")) {
          ready = true;
          resolve();
        } else if (ready && chunk.includes("event: output")) this.#came();
      });
    });
  }

  private readonly ready: Promise<void>;

  static async open(daemon: Daemon): Promise<ByApi> {
    const { id } = await daemon.launch(returning(MANY));
    const api = new ByApi(id, await Wire.open(daemon.socket), await Wire.open(daemon.socket));
    await api.ready;
    return api;
  }

  /** From the 202, or from the echo's own arrival when it comes first: then it took nothing. */
  async once(): Promise<number> {
    let came = 0;
    const echoed = new Promise<void>((resolve) => {
      this.#came = () => {
        came = performance.now();
        resolve();
      };
    });
    await this.typing.ask("POST", `/sessions/${this.id}/input`, '{"data":"x"}');
    const answered = performance.now();
    await echoed;
    return Math.max(0, came - answered);
  }

  close(): void {
    this.typing.close();
    this.following.close();
  }
}
