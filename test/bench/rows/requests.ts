// The rows of plain requests: health one by one and 32 at once, and 100 MB read back in pages.
import { adler } from "../daemon.ts";
import { figure } from "../figures.ts";
import { inTurns } from "../turns.ts";
import { hammer, Wire } from "../wire.ts";
import { must, RAW, type Row } from "./row.ts";

export const health: Row = {
  id: "health",
  async measure(ground) {
    const coven = await ground.daemon();
    const rust = await ground.rust();
    const count = ground.smoke ? 200 : 5_000;
    const single: number[] = [];
    const contest = await inTurns(ground.rounds(10), {
      single: async () => {
        const times = await hammer(coven.socket, "/health", 1, count);
        single.push(...times);
        return figure(times).value;
      },
      together: async () => {
        const began = performance.now();
        await hammer(coven.socket, "/health", 32, count * 10);
        return (count * 10 * 1000) / (performance.now() - began);
      },
      ...(rust
        ? {
            rust: async () => {
              const began = performance.now();
              await rust.client.health();
              return performance.now() - began;
            },
          }
        : {}),
    });
    await coven.stop();
    await rust?.stop();
    const one = figure(single, { p99: true });
    const many = contest.figure("together");
    return [
      {
        work: "GET /health, one after the other",
        unit: "ms, p50 / p99",
        cells: { coven: one, ...(rust ? { rust: contest.figure("rust") } : {}) },
        goal: "p99 < 0.5",
        met: (one.p99 ?? Number.NaN) < 0.5,
      },
      {
        work: "GET /health, 32 at once",
        unit: "per second",
        cells: { coven: many },
        goal: "> 50,000",
        met: many.value > 50_000,
      },
    ];
  },
};

export const readback: Row = {
  id: "readback",
  async measure(ground) {
    const coven = await ground.daemon();
    const megabytes = ground.smoke ? 2 : 100;
    const file = await ground.file(megabytes);
    const { path, bytes } = file;
    const times = ground.smoke ? 2 : 10;
    // Raw: only what is in the ledger matters here, and that file has its line ends.
    const one = await coven.launch(`${RAW}; exec cat ${path}`);
    await coven.settled(one.id);
    const large = await coven.launch(
      `${RAW}; i=0; while [ $i -lt ${times} ]; do cat ${path}; i=$((i+1)); done`,
    );
    await coven.settled(large.id, 50);
    const wire = await Wire.open(coven.socket);
    const firsts: number[] = [];
    const contest = await inTurns(ground.rounds(10), {
      async pages() {
        const began = performance.now();
        let characters = 0;
        for (let afterSeq = 0, more = true; more; ) {
          const body = (await wire.ask("GET", `/events?sessionId=${one.id}&afterSeq=${afterSeq}`)).toString();
          characters += body.length;
          // Only the end is looked at: what is measured is the daemon, not this reader's JSON parser.
          const tail = body.slice(-120);
          more = tail.includes('"hasMore":true');
          afterSeq = Number(/"afterSeq":(\d+)/.exec(tail)?.[1] ?? afterSeq);
        }
        const seconds = (performance.now() - began) / 1000;
        must(characters > bytes, `${characters} characters of JSON for ${bytes} bytes`);
        return bytes / 1e6 / seconds;
      },
      async first() {
        const took: number[] = [];
        for (let i = 0; i < 20; i++) {
          const began = performance.now();
          await wire.ask("GET", `/events?sessionId=${large.id}&limit=50`);
          took.push(performance.now() - began);
        }
        firsts.push(...took);
        return figure(took).value;
      },
      async raw() {
        const began = performance.now();
        let had = 0;
        for await (const chunk of coven.client.output(one.id)) had += chunk.length;
        must(had === bytes + 3, `${had} of ${bytes} bytes`);
        return bytes / 1e3 / (performance.now() - began);
      },
    });
    let [sum, had] = [1, 0];
    for (let afterSeq = 0, more = true; more; ) {
      const page = await coven.client.events(one.id, { afterSeq });
      for (const { kind, payload_json } of page.events) {
        if (kind !== "output") continue;
        const data = Buffer.from(JSON.parse(payload_json).data);
        // The file begins with three bytes that are not part of its sum.
        sum = adler(had === 0 ? data.subarray(3) : data, sum);
        had += data.length;
      }
      more = page.hasMore;
      afterSeq = page.nextCursor?.afterSeq ?? afterSeq;
    }
    must(had === bytes + 3 && sum === file.sum, "the pages hold other bytes than were written");
    wire.close();
    await coven.stop();
    const first = figure(firsts, { p99: true });
    return [
      {
        work: `read back ${megabytes} MB over /events in pages`,
        unit: "MB/s",
        cells: { coven: contest.figure("pages") },
        goal: "> 100",
        met: contest.figure("pages").value > 100,
        note: `raw output: ${Math.round(contest.figure("raw").value)} MB/s`,
      },
      {
        work: `first page (50 events of up to 16 KiB) of a ${(megabytes * times) / 1000} GB session`,
        unit: "ms, p50 / p99",
        cells: { coven: first },
        goal: "< 5, p99 too",
        met: (first.p99 ?? Number.NaN) < 5,
      },
    ];
  },
};
