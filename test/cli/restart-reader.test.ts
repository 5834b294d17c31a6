// A reader that takes nothing while the daemon is replaced, as a pager does, gets every byte afterwards, and the harness's own exit code.
import { expect } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commandLine } from "../support/command-line.ts";
import { MAIN } from "../support/daemon-home.ts";
import { restartInPlace } from "../support/in-place.ts";
import { notLinux, testUnless, without } from "../support/unless.ts";
import { until } from "../support/until.ts";

const LINES = 600_000;

// Regression: its stream was cut, and attach left with "The daemon went away" while the session went on.
testUnless(notLinux, without("bash"))(
  "nothing is missing, and nothing comes twice",
  async () => {
    await using line = commandLine();
    const { home } = line;
    home.script("codex", `seq ${LINES}; echo over; read -r word; echo got $word; exit 5`);
    await home.start();
    const { id } = await home.client.launch({ projectRoot: home.project, harness: "codex", prompt: "go" });
    await until("it has printed all", async () => (await home.client.screen(id)).lines.includes("over"));

    const env = { HOME: home.base, COVEN_HOME: home.paths.home, PATH: "/usr/bin:/bin" };
    // As a pager that nobody scrolls: it takes nothing until it may.
    const pager =
      // biome-ignore lint/suspicious/noTemplateCurlyInString: bash's own
      '"$@" 2>err | { while [ ! -e go ]; do sleep 0.05; done; cat >out; }; exit "${PIPESTATUS[0]}"';
    const argv = ["bash", "-c", pager, "bash", process.execPath, MAIN, "attach", id];
    const reader = Bun.spawn(argv, { env, cwd: home.base, stdout: "ignore", stderr: "inherit" });
    // It has begun: its pipe is full, and nobody reads it.
    await until("it follows", async () => (await home.client.status()).followers.byKind["output"] === 1);
    expect((await restartInPlace(home)).refused).toBeNull();
    await home.client.input(id, "word\r");
    writeFileSync(join(home.base, "go"), "");
    expect(await reader.exited).toBe(5);
    const out = readFileSync(join(home.base, "out"), "utf8");
    expect(readFileSync(join(home.base, "err"), "utf8")).not.toContain("went away");
    const expected = `${Array.from({ length: LINES }, (_, n) => `${n + 1}\n`).join("")}over\n`;
    expect(out.startsWith(expected)).toBe(true);
    expect(out.slice(expected.length)).toBe("word\ngot word\n");
  },
  30_000,
);
