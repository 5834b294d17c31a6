// Regression: `yarn dlx @opencoven/cli daemon start` deletes the executable when the command ends, and the daemon goes on
// without its file. Every `run demo` after that failed: "the program does not exist", on a machine that had it yesterday.

import { expect } from "bun:test";
import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { compile } from "../../npm/compile.ts";
import { hostTarget } from "../../npm/targets.ts";
import { daemonHome } from "../support/daemon-home.ts";
import { testUnless } from "../support/unless.ts";

const root = join(import.meta.dir, "..", "..");
const target = process.platform === "linux" ? hostTarget() : undefined;

testUnless(target === undefined ? "an executable loses its file on Linux only" : undefined)(
  "a daemon whose executable was deleted still starts the demo",
  async () => {
    if (target === undefined) return;
    await using home = daemonHome();
    const outfile = join(home.base, "coven");
    await compile({ root, entry: join(root, "src", "main.ts"), target, outfile });
    const started = Bun.spawnSync([outfile, "daemon", "start"], {
      env: { HOME: home.base, COVEN_HOME: home.paths.home, PATH: "/usr/bin:/bin" },
    });
    expect(started.exitCode).toBe(0);

    const demo = async (): Promise<string> => {
      const launch = { projectRoot: home.project, harness: "demo", prompt: "lines 2" } as const;
      const { id } = await home.client.launch({ ...launch, launchMode: "nonInteractive" });
      const chunks: Uint8Array[] = [];
      for await (const chunk of home.client.output(id, { follow: true })) chunks.push(chunk);
      const { status, exit_code } = await home.client.session(id);
      return `${status} ${exit_code} ${Buffer.concat(chunks).includes("line 1\r\nline 2\r\n")}`;
    };
    const path = async () => (await home.client.harnesses()).find(({ id }) => id === "demo")?.path;

    expect(await path()).toBe(outfile);
    const away = `${outfile}.away`;
    renameSync(outfile, away);
    expect(existsSync(outfile)).toBe(false);
    expect(await demo()).toBe("completed 0 true");
    rmSync(away);
    expect(await demo()).toBe("completed 0 true");
    expect(await path()).toMatch(/^\/proc\/\d+\/exe$/);
  },
  60_000,
);
