// The launcher as npm installs it, run by Node, with a shell script in the executable's place.

import { afterEach, expect, test } from "bun:test";
import { chmodSync, existsSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeUnless, windows, without } from "../support/unless.ts";
import { here, ran, type Staged, staged, VERSION } from "./staged.ts";

const undo: (() => void)[] = [];
afterEach(() => {
  for (const each of undo.splice(0)) each();
});

function install(options?: Parameters<typeof staged>[0]): Staged {
  const made = staged(options);
  undo.push(made.remove);
  return made;
}

const NO_OVERRIDE = { COVEN_BINARY: undefined };

describeUnless(windows, without("node"))("the launcher", () => {
  test("hands over arguments, standard input, both outputs and the exit code", async () => {
    const { launcher, script } = install();
    script('for a in "$@"; do echo "[$a]"; done; cat; echo "to stderr" >&2; exit 7');
    const result = await ran(["node", launcher, "run", "two words", "--flag", ""], {
      env: NO_OVERRIDE,
      stdin: "typed\n",
    });
    expect(result).toEqual({
      code: 7,
      signal: null,
      out: "[run]\n[two words]\n[--flag]\n[]\ntyped\n",
      err: "to stderr\n",
    });
  });

  test("dies of the signal its executable died of", async () => {
    const { launcher, script } = install();
    for (const signal of ["TERM", "KILL", "INT"]) {
      script(`kill -${signal} $$`);
      expect((await ran(["node", launcher], { env: NO_OVERRIDE })).signal).toBe(`SIG${signal}`);
    }
  });

  test("passes on the signals it gets, and ends with what the executable makes of them", async () => {
    const { launcher, script, folder } = install();
    for (const [signal, code] of [
      ["SIGTERM", 41],
      ["SIGHUP", 42],
      ["SIGINT", 43],
    ] as const) {
      const ready = join(folder, signal);
      script(
        `trap 'exit 41' TERM; trap 'exit 42' HUP; trap 'exit 43' INT; : > ${ready}; for i in $(seq 400); do sleep 0.05; done`,
      );
      const child = Bun.spawn(["node", launcher], { env: process.env, stdout: "ignore", stderr: "ignore" });
      const deadline = performance.now() + 10_000;
      while (!existsSync(ready) && performance.now() < deadline) await Bun.sleep(5);
      child.kill(signal);
      expect(await child.exited).toBe(code);
    }
  });

  test("prints the path of its executable, and starts nothing for it", async () => {
    const { launcher, binary, script } = install();
    script("echo started");
    const result = await ran(["node", launcher, "--print-native-binary-path"], { env: NO_OVERRIDE });
    expect(result).toEqual({ code: 0, signal: null, out: `${binary}\n`, err: "" });
  });

  test("COVEN_BINARY names another executable, of any version; a wrong one is said", async () => {
    const { launcher, folder } = install({ platform: false });
    const other = join(folder, "other");
    writeFileSync(other, "#!/bin/sh\necho other\n");
    chmodSync(other, 0o755);
    expect(await ran(["node", launcher], { env: { COVEN_BINARY: other } })).toMatchObject({
      code: 0,
      out: "other\n",
    });
    rmSync(other);
    const wrong = await ran(["node", launcher], { env: { COVEN_BINARY: other } });
    expect(wrong).toMatchObject({ code: 1, out: "" });
    expect(wrong.err).toBe(
      `Error: COVEN_BINARY is ${other}, and there is no such file.\nTry: unset it, or set it to a coven executable.\n`,
    );
  });

  test("a missing platform package is named, with --omit=optional and what to do, and no stack", async () => {
    const { launcher } = install({ platform: false });
    const { code, out, err } = await ran(["node", launcher, "doctor"], { env: NO_OVERRIDE });
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toStartWith(`Error: ${here().package} is not installed`);
    expect(err).toContain("--omit=optional");
    expect(err).toContain(`Try: npm install --global --include=optional @opencoven/cli@${VERSION}`);
    expect(err).not.toContain("    at ");
  });

  test("an executable of another version is refused, both versions named", async () => {
    const { launcher } = install({ version: "1.2.2" });
    const { code, err } = await ran(["node", launcher, "--version"], { env: NO_OVERRIDE });
    expect(code).toBe(1);
    expect(err).toContain(`@opencoven/cli is version ${VERSION}, but ${here().package} is 1.2.2`);
  });

  test("a platform nothing is built for is named, and so is what there is", async () => {
    const { launcher } = install();
    const asked = await ran([
      "node",
      "-p",
      `require(${JSON.stringify(launcher)}).find({}, "sunos", "x64").problem.join("\\n")`,
    ]);
    expect(asked.out).toContain("@opencoven/cli has no executable for sunos-x64");
    expect(asked.out).toContain("linux-arm64 (musl)");
    expect(asked.out).toContain("COVEN_BINARY");
  });

  test("on Linux the C library decides which package is asked for", async () => {
    const { launcher } = install({ platform: false });
    for (const [libc, name] of [
      ["glibc", "@opencoven/cli-linux-arm64"],
      ["musl", "@opencoven/cli-linux-arm64-musl"],
    ]) {
      const call = `require(${JSON.stringify(launcher)}).find({}, "linux", "arm64", "${libc}").problem[0]`;
      expect((await ran(["node", "-p", call])).out).toStartWith(`${name} is not installed`);
    }
    const own = await ran(["node", "-p", `String(require(${JSON.stringify(launcher)}).libc())`]);
    expect(own.out.trim()).toBe(here().libc ?? "undefined");
  });

  test("an executable that lost its executable bit gets it back", async () => {
    const { launcher, binary } = install();
    chmodSync(binary, 0o644);
    expect(await ran(["node", launcher], { env: NO_OVERRIDE })).toMatchObject({
      code: 0,
      out: `coven ${VERSION}\n`,
    });
    expect(statSync(binary).mode & 0o111).toBe(0o111);
  });

  test("an executable whose loader is missing is explained", async () => {
    const { launcher, binary } = install();
    writeFileSync(binary, "#!/no/such/loader\n");
    const { code, err } = await ran(["node", launcher], { env: NO_OVERRIDE });
    expect(code).toBe(1);
    expect(err).toContain(`could not start ${binary}`);
  });
});
