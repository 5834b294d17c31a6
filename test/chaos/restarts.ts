// Restarts at random moments, by hand: `bun test/chaos/restarts.ts [COUNT] [SEED]`; says what was done and what was wrong, and exits 1 then.
import { daemonHome, logLines } from "../support/daemon-home.ts";
import { randomRestarts } from "../support/random-restarts.ts";
import { random } from "../vt/stream.ts";

const restarts = Number(process.argv[2] ?? 200);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
await using home = daemonHome();
home.script("codex", 'for prompt; do :; done\nexec sh -c "$prompt"');
await home.start();
const began = performance.now();
const done = await randomRestarts(home, { restarts, pick: random(seed) });
const seconds = Math.round((performance.now() - began) / 1000);
console.log(JSON.stringify({ seed, seconds, ...done }, undefined, 2));
for (const line of logLines(home.paths).filter(({ level }) => level !== "info"))
  console.log(JSON.stringify(line));
process.exitCode = done.wrong.length === 0 ? 0 : 1;
