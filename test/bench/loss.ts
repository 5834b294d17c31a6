// How much of what programs print is lost: floods through the executable, as people have them, until something is missing or all is done.
//   bun test/bench/loss.ts [RUNS] [MEGABYTES]     20 floods of 100 MB unless said; three of four in the mode a terminal begins in, the others raw
// A client follows each. Every other one has the machine for itself, which is when a program prints fastest; beside the others somebody types and resizes,
// and two processes keep the processors busy. Exits 1 when a byte was lost.
// BENCH_COVEN=path tries another build.
import { flood, LINE_BYTES } from "../support/flood.ts";
import { prepare } from "./ground.ts";

const [runs, megabytes] = [Number(process.argv[2] ?? 20), Number(process.argv[3] ?? 100)];
const ground = await prepare(false);
const daemon = await ground.daemon();
let exact = 0;
let busy: Bun.Subprocess[] = [];
try {
  for (let run = 1; run <= runs; run++) {
    const mode = run % 4 > 1 || run % 8 < 2 ? "default" : "raw";
    const alone = run % 2 === 0;
    busy = alone
      ? []
      : [1, 2].map(() =>
          Bun.spawn(["/bin/sh", "-c", "while :; do :; done"], { stdio: ["ignore", "ignore", "ignore"] }),
        );
    const lines = Math.round((megabytes * 1e6) / LINE_BYTES);
    const began = performance.now();
    const { bytes, kept, followed, typed, echoed, resizes } = await flood(daemon.client, {
      ...{ projectRoot: ground.project, harness: "codex", lines, mode, alone },
    });
    for (const one of busy) one.kill("SIGKILL");
    const whole = kept.exact && followed.exact;
    if (whole) exact += 1;
    const missing = whole ? "exact" : `kept ${kept.bytes - bytes}, followed ${followed.bytes - bytes} bytes`;
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    console.log(
      `${run}: ${bytes} bytes, ${mode} mode, ${seconds} s: ${missing}; ${alone ? "alone" : `${typed} keys (${echoed} echoed), ${resizes} resizes, busy processors`}`,
    );
    for (const { id } of await daemon.client.sessions()) await daemon.client.sacrifice(id);
  }
} finally {
  for (const one of busy) one.kill("SIGKILL");
  await ground.close();
}
console.log(`${exact} of ${runs} exact`);
process.exitCode = exact === runs ? 0 : 1;
