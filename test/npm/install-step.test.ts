// The install step as a package manager runs it: when the executable takes the launcher's place, and when it must not.

import { afterEach, expect, test } from "bun:test";
import { existsSync, linkSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeUnless, windows, without } from "../support/unless.ts";
import { ran, type Staged, staged, VERSION } from "./staged.ts";

const undo: (() => void)[] = [];
afterEach(() => {
  for (const each of undo.splice(0)) each();
});

function install(options?: Parameters<typeof staged>[0]): Staged {
  const made = staged(options);
  undo.push(made.remove);
  return made;
}

/** Runs the step as the given manager would; it must never fail nor say anything. */
async function step(
  at: Staged,
  manager: string | undefined,
  env: Record<string, string> = {},
): Promise<void> {
  const result = await ran(["node", "install.js"], {
    cwd: at.wrapper,
    env: { COVEN_BINARY: undefined, npm_config_user_agent: manager, ...env },
  });
  expect(result).toEqual({ code: 0, signal: null, out: "", err: "" });
}

const isLauncher = (at: Staged) => readFileSync(at.launcher, "utf8").startsWith("#!/usr/bin/env node");

describeUnless(windows, without("node"))("the install step", () => {
  for (const manager of ["npm/11.19.1 node/v20 linux x64", "bun/1.4.5 npm/? node/v24 linux x64"]) {
    test(`${manager.split(" ")[0]}: the executable lies where the launcher lay, and takes no room of its own`, async () => {
      const at = install();
      await step(at, manager);
      expect(readFileSync(at.launcher, "utf8")).toBe(readFileSync(at.binary, "utf8"));
      expect(statSync(at.launcher).ino).toBe(statSync(at.binary).ino);
      expect(await ran([at.launcher])).toMatchObject({ code: 0, out: `coven ${VERSION}\n` });
      expect(readdirSync(join(at.wrapper, "bin"))).toEqual(["coven.js"]);
    });
  }

  for (const manager of ["pnpm/12.21.0 npm/? node/v20", "yarn/1.22.22 npm/? node/v20", undefined]) {
    test(`${manager?.split(" ")[0] ?? "no package manager"}: the launcher stays, since it is started as node <launcher>`, async () => {
      const at = install();
      await step(at, manager);
      expect(isLauncher(at)).toBe(true);
      expect(await ran(["node", at.launcher])).toMatchObject({ code: 0, out: `coven ${VERSION}\n` });
    });
  }

  test("a second run changes nothing", async () => {
    const at = install();
    await step(at, "npm/11");
    const before = statSync(at.launcher).ino;
    await step(at, "npm/11");
    expect(statSync(at.launcher).ino).toBe(before);
  });

  test("a package manager's cache that shares the launcher's file is not written into", async () => {
    const at = install();
    const cached = join(at.folder, "cached.js");
    linkSync(at.launcher, cached);
    await step(at, "bun/1.4.5");
    expect(isLauncher(at)).toBe(false);
    expect(readFileSync(cached, "utf8")).toStartWith("#!/usr/bin/env node");
  });

  test("an executable that does not start here, or is of another version, stays behind the launcher", async () => {
    for (const body of ["exit 1", "kill -KILL $$", 'echo "coven 9.9.9"']) {
      const at = install();
      at.script(body);
      await step(at, "npm/11");
      expect(isLauncher(at)).toBe(true);
    }
  });

  test("no platform package, a wrong one, a launcher that is gone: never a failed install", async () => {
    for (const at of [install({ platform: false }), install({ version: "0.0.1" })]) {
      await step(at, "npm/11");
      expect(isLauncher(at)).toBe(true);
    }
    const broken = install();
    writeFileSync(join(broken.wrapper, "platforms.json"), "{");
    await step(broken, "npm/11");
    expect(existsSync(broken.launcher)).toBe(true);
  });

  test("COVEN_BINARY at install time keeps the launcher, which obeys it later", async () => {
    const at = install();
    await step(at, "npm/11", { COVEN_BINARY: at.binary });
    expect(isLauncher(at)).toBe(true);
  });
});
