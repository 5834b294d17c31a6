// The row of the watched flood, in both modes of a terminal: 100 MB with a client attached that reads all of it, and another session's echo meanwhile.
import { adler, type Daemon } from "../daemon.ts";
import { figure } from "../figures.ts";
import { type Ground, inTerminal, type Printed } from "../ground.ts";
import type { Line } from "../table.ts";
import { inTurns, type Turn } from "../turns.ts";
import { Echo } from "./echo.ts";
import { MODES, type Mode, must, type Row } from "./row.ts";

const DRAWS = new Set(["screen", "tmux"]);

export const watched: Row = {
  id: "watched",
  async measure(ground) {
    const lines: Omit<Line, "row">[] = [];
    for (const mode of MODES) lines.push(...(await inMode(ground, mode)));
    return lines;
  },
};

async function inMode(ground: Ground, mode: Mode): Promise<Omit<Line, "row">[]> {
  const file = await ground.file(ground.smoke ? 2 : 100);
  const { bytes, sum } = file;
  const script = mode.waiting(file);
  const coven = await ground.daemon();
  const shares = new Map<string, number>();
  const lossy = new Set<string>();
  let behind = 0;
  const terminal =
    (name: string, argv: () => readonly string[]): Turn =>
    async () => {
      const seen = await inTerminal(ground, [...mode.floor, "--go", "--exact", String(bytes)], argv());
      shares.set(name, Math.min(1, seen.bytes / bytes));
      // These draw a screen of their own: what they leave out is not lost by accident.
      if (DRAWS.has(name)) return seen.end;
      // A terminal that stands still for long (a busy machine) is sent the screen instead: counted, and said.
      if (name === "attach" && seen.sum !== sum) {
        behind += 1;
        return seen.end;
      }
      if (seen.sum === sum) return seen.exact;
      must(name !== "floor", "the client read other bytes than were written");
      lossy.add(name);
      return seen.end;
    };
  const turns: Record<string, Turn> = { floor: terminal("floor", () => [ground.codex, script]) };
  for (const peer of ground.peers) turns[peer.name] = terminal(peer.name, () => peer.fresh(script));
  turns["attach"] = terminal("attach", () => coven.argv("run", "codex", script));
  turns["api"] = () => byApi(coven, script, file);

  const echo = await Echo.open(coven);
  const delays: number[] = [];
  for (const name of ["attach", "api"]) {
    const flooding = turns[name];
    turns[name] = async () => {
      let over = false;
      const asking = (async () => {
        for (; !over; await Bun.sleep(10)) delays.push(await echo.once());
      })();
      const took = await flooding?.();
      over = true;
      await asking;
      return took ?? Number.NaN;
    };
  }
  const contest = await inTurns(ground.rounds(10), turns);
  echo.close();
  await coven.stop();

  const cells = Object.fromEntries(
    ["floor", ...ground.peers.map(({ name }) => name)].map((name) => {
      const share = shares.get(name) ?? 0;
      const part = share < 0.999 ? `(client gets ${Math.round(share * 100)} %)` : undefined;
      const note = part ?? (lossy.has(name) ? "(client misses bytes)" : undefined);
      return [name, { ...contest.figure(name), ...(note === undefined ? {} : { note }) }];
    }),
  );
  const line = (work: string, mine: string) => {
    const ratio = contest.ratio(mine, "dtach");
    return {
      work,
      unit: "ms",
      cells: { ...cells, coven: contest.figure(mine) },
      goal: "<= 1.5 x dtach, every byte",
      met: cells["dtach"] ? ratio.value <= 1.5 && (mine !== "attach" || behind === 0) : undefined,
      ...(cells["dtach"] ? { against: { name: "dtach", ratio } } : {}),
      note:
        mine === "attach" && behind > 0
          ? `fell behind and got the screen instead in ${behind} runs`
          : "every byte, in order; one thread reads the terminal (a second for 100 MB), keeps and sends",
    };
  };
  const meanwhile = figure(delays, { p99: true });
  return [
    line(`${bytes / 1e6} MB with a client, ${mode.name} mode: attach WebSocket`, "api"),
    line(`${bytes / 1e6} MB with a client, ${mode.name} mode: coven run in a terminal`, "attach"),
    {
      work: `another session's echo meanwhile, ${mode.name} mode`,
      unit: "ms",
      cells: { coven: meanwhile },
      goal: "p99 < 20",
      met: (meanwhile.p99 ?? Number.NaN) < 20,
    },
  ];
}

async function byApi(daemon: Daemon, script: string, { bytes, sum }: Printed): Promise<number> {
  const { id } = await daemon.launch(script);
  await daemon.shows(id, "<R>");
  const [had, check, took] = await new Promise<[number, number, number]>((resolve, reject) => {
    let [left, check, began] = [bytes, 1, 0];
    /** What came before the file, the echo of what was typed among it; undefined once the file has begun. */
    let head: Buffer | undefined = Buffer.alloc(0);
    const attached = daemon.client.attach(id, {
      frame(frame) {
        if (frame.type === "gap") reject(new Error("the client was left behind"));
        if (frame.type === "exit" && left > 0) reject(new Error(`${left} bytes are missing`));
      },
      bytes(data, snapshot) {
        if (snapshot) {
          began = performance.now();
          attached.type(Buffer.from("g\n"));
          return;
        }
        let some = data;
        if (head) {
          head = Buffer.concat([head, data]);
          const begin = head.indexOf("<B>");
          if (begin < 0) return;
          some = head.subarray(begin + "<B>".length);
          head = undefined;
        }
        check = adler(some, check);
        left -= some.length;
        if (left > 0) return;
        resolve([bytes - left, check, performance.now() - began]);
        attached.close();
      },
      closed: () => reject(new Error("the daemon hung up")),
    });
  });
  must(had === bytes && check === sum, "the client read other bytes than were written");
  await daemon.settled(id);
  await daemon.client.sacrifice(id);
  return took;
}
