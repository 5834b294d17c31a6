// Holds what doctor finds out by asking: agents by their own commands, another coven on the PATH, the npm package around this one.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { harnessWords } from "../../src/cli/client/harness-words.ts";
import { installOf } from "../../src/cli/commands/doctor/install.ts";
import { BUILT_IN } from "../../src/harness/adapter.ts";
import type { HarnessInfo } from "../../src/session/ports/harnesses.ts";
import { COVEN_VERSION } from "../../src/version.ts";
import { commandLine } from "../support/command-line.ts";

let dir: string;
beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), "cv-doc-")));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function script(path: string, body: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

const agent = (id: string, path: string): HarnessInfo => ({
  ...{ id, label: id, executable: id, available: true, path },
  ...{ hint: "", source: "built-in", stream: false },
  ...{ enabled: true, maturity: "launched here", version: null },
});

/** What doctor hears of these agents; each is asked as its adapter has it. */
function wordsOf(list: readonly HarnessInfo[]) {
  return harnessWords(list, (id) => {
    const adapter = BUILT_IN.find((one) => one.id === id);
    const path = list.find((one) => one.id === id)?.path;
    return adapter && path ? { command: [path], version: adapter.version, login: adapter.login } : undefined;
  });
}

test("an agent says its version, and by its own status command whether somebody is logged in", async () => {
  const codex = (login: string) =>
    script(
      join(dir, crypto.randomUUID()),
      `case "$*" in --version) echo codex-cli 9;; "login status") ${login};; *) exit 9;; esac`,
    );
  const ask = async (id: string, path: string) => (await wordsOf([agent(id, path)])).get(id);
  const start = "codex login";
  expect(await ask("codex", codex("echo Logged in using ChatGPT >&2"))).toEqual({
    version: "codex-cli 9",
    login: { in: true, start },
  });
  expect(await ask("codex", codex("echo Not logged in >&2; exit 1"))).toEqual({
    version: "codex-cli 9",
    login: { in: false, start },
  });
  // An older one without the command: nothing is claimed.
  expect(await ask("codex", codex("echo unrecognized subcommand >&2; exit 2"))).toEqual({
    version: "codex-cli 9",
  });
  const claude = script(
    join(dir, "claude"),
    `case "$*" in --version) echo '2.1 (Claude Code)';; "auth status") echo '{ "loggedIn": false }'; exit 1;; esac`,
  );
  expect(await ask("claude", claude)).toEqual({
    version: "2.1 (Claude Code)",
    login: { in: false, start: "claude auth login" },
  });
});

test("one that hangs, floods, breaks or holds its output open with a child is left out in time", async () => {
  const words = await wordsOf([
    agent("codex", script(join(dir, "codex"), "sleep 60 & exec yes")),
    agent("claude", script(join(dir, "claude"), "exec sleep 60")),
  ]);
  expect(words).toEqual(
    new Map([
      ["codex", {}],
      ["claude", {}],
    ]),
  );
  expect(await wordsOf([agent("codex", join(dir, "gone"))])).toEqual(new Map([["codex", {}]]));
}, 15_000);

test("an agent is not asked in the directory where one stands: a repository must not answer for it", async () => {
  const codex = script(join(dir, "codex"), `test "$1" = --version && pwd`);
  expect((await wordsOf([agent("codex", codex)])).get("codex")?.version).toBe("/");
});

test("the npm package around the executable, with its own version; the same executable in the launcher's place is no other", async () => {
  const scope = join(dir, "node_modules", "@opencoven");
  const binary = script(join(scope, "cli-linux-x64", "bin", "coven"), "echo coven 1.0.0");
  mkdirSync(join(scope, "cli", "bin"), { recursive: true });
  writeFileSync(join(scope, "cli", "package.json"), '{"name":"@opencoven/cli","version":"1.1.0"}');
  writeFileSync(join(scope, "cli", "bin", "coven.js"), "#!/usr/bin/env node\n");
  chmodSync(join(scope, "cli", "bin", "coven.js"), 0o755);
  const bin = join(dir, "bin");
  mkdirSync(bin);
  symlinkSync(join(scope, "cli", "bin", "coven.js"), join(bin, "coven"));
  const wrapper = { name: "@opencoven/cli", version: "1.1.0" };
  expect(await installOf(bin, binary)).toMatchObject({ self: binary, fromSource: false, wrapper });
  expect((await installOf(bin, binary)).onPath).toBeUndefined();
});

test("another coven first on the PATH is asked for its version; one that says none is told as that", async () => {
  const mine = script(join(dir, "opt", "coven"), "echo coven 1.0.0");
  const other = script(join(dir, "bin", "coven"), "echo coven 0.9.0");
  const path = `relative:${join(dir, "none")}:${join(dir, "bin")}:${join(dir, "opt")}`;
  expect(await installOf(path, mine)).toEqual({
    ...{ self: mine, fromSource: false, wrapper: undefined },
    onPath: { path: other, version: "0.9.0" },
  });
  script(other, "echo cow says moo");
  expect((await installOf(path, mine)).onPath).toEqual({ path: other, version: undefined });
  expect((await installOf(join(dir, "opt"), mine)).onPath).toBeUndefined();
  // Says where the source is, wherever the file that says so has been moved to.
  expect(await installOf("", undefined)).toMatchObject({
    self: join(import.meta.dir, "../../src"),
    fromSource: true,
  });
});

test("doctor tells of both, and --deep reads every page", async () => {
  await using line = commandLine();
  line.home.script(
    "codex",
    `case "$*" in --version) echo codex-cli 9;; *) echo Not logged in; exit 1;; esac`,
  );
  line.home.script("coven", "echo coven 0.0.1");
  await line.coven(["run", "demo", "hi"]);
  const { code, out } = await line.coven(["doctor", "--deep"]);
  expect(code).toBe(0);
  expect(out).toContain(
    `${join(line.home.bin, "coven")} on your PATH is version 0.0.1, this is ${COVEN_VERSION}`,
  );
  expect(out).toMatch(/^warning {2}codex .*\(codex-cli 9\), not logged in\n +Try: codex login$/m);
  expect(out).toContain("every page checked");
  expect(out).toMatch(/^OK {7}lock .*held by the daemon \(pid \d+\)/m);
  expect((await line.coven(["doctor"])).out).not.toContain("every page checked");
});
