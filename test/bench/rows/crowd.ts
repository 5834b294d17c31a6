// The row of the crowd: 50 sessions that print 100 KB/s each, half of them in the mode a terminal begins in and half in raw mode, 20 followers, and requests answered meanwhile.
import { weigh } from "../daemon.ts";
import { figure } from "../figures.ts";
import { Wire } from "../wire.ts";
import { must, RAW, type Row } from "./row.ts";

export const crowd: Row = {
  id: "crowd",
  async measure(ground) {
    const [sessions, followers, seconds, rate] = ground.smoke ? [4, 2, 3, 20_000] : [50, 20, 20, 100_000];
    const coven = await ground.daemon();
    const pid = await coven.pid();
    const drip = `sleep 1; exec ${ground.floorCommand} drip ${rate} ${seconds}`;
    const ids: string[] = [];
    for (let i = 0; i < sessions; i++) {
      ids.push((await coven.launch(isRaw(i) ? `${RAW}; ${drip}` : drip)).id);
    }
    // Half of them read events, half the raw bytes.
    const followed = ids.slice(0, followers).map(async (id, i) => {
      let bytes = 0;
      if (i % 2 === 0)
        for await (const chunk of coven.client.output(id, { follow: true })) bytes += chunk.length;
      else {
        for await (const event of coven.client.eventStream(id)) {
          if (event.kind === "output") bytes += JSON.parse(event.payload_json).data.length;
        }
      }
      return bytes;
    });
    await Bun.sleep(1_500);
    const wire = await Wire.open(coven.socket);
    const asked: number[] = [];
    const paths = ["/health", "/sessions", `/sessions/${ids[0]}`, `/events?sessionId=${ids[1]}&limit=20`];
    const [before, began] = [weigh(pid), performance.now()];
    for (let i = 0; performance.now() - began < (seconds - 1.5) * 1000; i++) {
      const start = performance.now();
      await wire.ask("GET", paths[i % paths.length] ?? "/health");
      asked.push(performance.now() - start);
      await Bun.sleep(5);
    }
    const cores = (weigh(pid).cpuMs - before.cpuMs) / (performance.now() - began);
    for (const id of ids) await coven.settled(id);
    // Lines of 100 bytes; the default mode ends each with one more.
    const want = (i: number) => rate * seconds * (isRaw(i) ? 1 : 1.01);
    for (const [i, bytes] of (await Promise.all(followed)).entries()) {
      must(bytes === want(i), `a follower got ${bytes} of ${want(i)} bytes`);
    }
    for (const [i, id] of ids.entries()) {
      const { bytes } = await coven.output(id);
      must(bytes === want(i), `session ${id} kept ${bytes} of ${want(i)} bytes`);
    }
    wire.close();
    await coven.stop();
    const took = figure(asked, { p99: true });
    const work = `${sessions} sessions at ${rate / 1000} KB/s, ${followers} followers`;
    return [
      {
        work: `${work}: a request`,
        unit: "ms, p50 / p99",
        cells: { coven: took },
        goal: "p99 < 20, nothing lost",
        met: (took.p99 ?? Number.NaN) < 20,
        note: `${((sessions * rate * seconds) / 1e6).toFixed(0)} MB kept and followed byte for byte`,
      },
      {
        work: `${work}: processors used`,
        unit: "cores",
        cells: { coven: figure([cores]) },
        goal: "< 1",
        met: cores < 1,
        note: `resident ${Math.round(before.rssMb)} MB`,
      },
    ];
  },
};

/** Followers come in pairs, one by events and one by bytes: each kind follows both modes. */
function isRaw(i: number): boolean {
  return (i >> 1) % 2 === 1;
}
