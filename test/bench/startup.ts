// Start-up of the built executable against a compiled console.log, in turns, as medians: bun test/bench/startup.ts [rounds]
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile } from "../../npm/compile.ts";
import { hostTarget } from "../../npm/targets.ts";

const rounds = Number(process.argv[2] ?? 100);
const root = join(import.meta.dir, "..", "..");
const target = hostTarget();
if (target === undefined) throw new Error("nothing is built for this machine");
const folder = mkdtempSync(join(tmpdir(), "cv-bench-"));
const [coven, hello] = [join(folder, "coven", target.executable), join(folder, "hello", target.executable)];
const env = { PATH: process.env["PATH"] ?? "", HOME: folder, COVEN_HOME: join(folder, "home") };

/** Milliseconds from the call to the end of one run. */
function once(argv: string[]): number {
  const start = performance.now();
  const { exitCode } = Bun.spawnSync(argv, { env, stdout: "pipe", stderr: "pipe" });
  const took = performance.now() - start;
  if (exitCode !== 0) throw new Error(`${argv.join(" ")} ended with ${exitCode}`);
  return took;
}

function median(times: number[]): number {
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;
}

try {
  const entry = join(folder, "hello.ts");
  writeFileSync(entry, 'console.log("coven 0.0.0");\n');
  await compile({ root, entry, target, outfile: hello });
  await compile({ root, entry: join(root, "src", "main.ts"), target, outfile: coven });
  once([coven, "daemon", "start"]);
  const programs: [string, string[]][] = [
    ["a compiled console.log", [hello]],
    ["coven --version", [coven, "--version"]],
    ["coven sessions --json", [coven, "sessions", "--json"]],
  ];
  const times = programs.map(() => [] as number[]);
  for (let round = -3; round < rounds; round++) {
    // In turns, so that what else the machine does falls on all alike; the first three fill the caches.
    for (const [index, [, argv]] of programs.entries()) {
      const took = once(argv);
      if (round >= 0) times[index]?.push(took);
    }
  }
  const medians = times.map(median);
  for (const [index, [name]] of programs.entries()) {
    const took = medians[index] ?? Number.NaN;
    console.log(
      `${name.padEnd(24)} ${took.toFixed(1).padStart(6)} ms  ${(took / (medians[0] ?? 1)).toFixed(2)}x`,
    );
  }
} finally {
  Bun.spawnSync([coven, "daemon", "stop"], { env });
  rmSync(folder, { recursive: true, force: true });
}
