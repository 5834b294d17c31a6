// The gate's counting (.ci/counts.sh), shown suites that end in every way but the right one. Each runs in a real shell.
import { expect } from "bun:test";
import { join } from "node:path";
import { runs } from "./support/signal.ts";
import { notLinux, testUnless, without } from "./support/unless.ts";
import { until } from "./support/until.ts";

const counts = join(import.meta.dir, "..", ".ci", "counts.sh");
const here = testUnless(notLinux, without("timeout", "setsid"));

function gate(script: string) {
  return Bun.spawn(["bash", "-c", `source '${counts}'\n${script}`], {
    env: { PATH: process.env["PATH"] ?? "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function said(script: string): Promise<{ code: number; lines: string[] }> {
  const shell = gate(script);
  const out = await new Response(shell.stdout).text();
  return { code: await shell.exited, lines: out.trim().split("\n") };
}

/** The closing lines of `bun test`, coloured as in a terminal. */
const closing = (pass: number, fail: number, skip = 0) =>
  `printf ' \\033[32m%s pass\\033[0m\\n %s skip\\n %s fail\\nRan 9 tests across 2 files. [1s]\\n' ${pass} ${skip} ${fail}`;

here("suites and steps are added up, and only then is it green", async () => {
  const { code, lines } = await said(
    `count one bash -c "${closing(3, 0, 2)}"; count two bash -c "${closing(4, 0)}"; step three true; verdict`,
  );
  expect(lines.slice(-2)).toEqual(["2 skipped (each named above)", "8 passed, 0 failed"]);
  expect(code).toBe(0);
});

const SELF = ["kill", "-KILL", "0"].join(" ");

here.each([
  // Bun's runner ended so when a test signalled pid 0: no closing line, and the shell that counted died with it.
  ["signals its own group", SELF, /the runner's closing lines are missing \(exit \d+\)/],
  ["is killed", "kill -KILL $$", /closing lines are missing \(exit 137\)/],
  // process.exit(0) in a test.
  ["leaves early with 0", "echo '(pass) one'", /closing lines are missing \(exit 0\)/],
  [
    "says how many passed, and not that it is over",
    "echo ' 3 pass'; echo ' 0 fail'",
    /closing lines are missing/,
  ],
  ["ran nothing", closing(0, 0), /no test ran/],
  ["passed and left with 3", `${closing(3, 0)}; exit 3`, /exit 3 although no test failed/],
  ["failed", `${closing(3, 1)}; exit 1`, /1 of its tests/],
])("a suite that %s fails by name, and the next one runs", async (_, body, says) => {
  const { code, lines } = await said(
    `count doomed bash -c '${body.replaceAll("'", `'"'"'`)}'; count next bash -c "${closing(2, 0)}"; verdict`,
  );
  const named = lines.filter((line) => line.startsWith("FAILED: "));
  expect(named).toEqual([expect.stringMatching(new RegExp(`^FAILED: doomed: .*${says.source}`))]);
  expect(lines.at(-1)).toMatch(/^[1-9]\d* passed, 1 failed$/);
  expect(code).toBe(1);
});

here("a gate that ends early says a count, and is red", async () => {
  const { code, lines } = await said(`count one bash -c "${closing(3, 0)}"; exit 0`);
  expect(lines.at(-1)).toBe("3 passed, 1 failed");
  expect(code).toBe(1);
});

here("a gate that is ended takes its suite along", async () => {
  const shell = gate(`count endless bash -c 'echo "pid $$"; sleep 600'; verdict`);
  let out = "";
  for await (const chunk of shell.stdout) {
    out += new TextDecoder().decode(chunk);
    if (out.includes("pid ")) shell.kill("SIGTERM");
  }
  expect(out).toEndWith("0 passed, 1 failed\n");
  expect(await shell.exited).toBe(1);
  const pid = Number(/pid (\d+)/.exec(out)?.[1]);
  await until("the suite has ended", () => !runs(pid));
});
