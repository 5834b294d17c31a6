// The executable as build.ts makes it for this machine, started where somebody laid a trap.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile, runtimeOf } from "../../npm/compile.ts";
import { targetOf } from "../../npm/targets.ts";
import { version } from "../../package.json";
import { asNeighbour } from "../support/neighbour.ts";
import { notLinux, notRoot, testUnless, windows, without } from "../support/unless.ts";
import { here, ran } from "./staged.ts";

const root = join(import.meta.dir, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "cv-bin-"));
const hostile = join(folder, "hostile");
const sprung = join(folder, "sprung");
const binary = join(folder, here().executable);

beforeAll(async () => {
  await compile({ root, entry: join(root, "src", "main.ts"), target: here(), outfile: binary });
  mkdirSync(hostile);
  // Bun reads the first two by default, in compiled programs too: the preload is code of the directory's owner.
  writeFileSync(join(hostile, "bunfig.toml"), 'preload = ["./trap.ts"]\n');
  writeFileSync(join(hostile, ".env"), "COVEN_HOME=not/absolute\nCOVEN_TRAP=sprung\n");
  writeFileSync(
    join(hostile, "trap.ts"),
    `require("node:fs").writeFileSync(${JSON.stringify(sprung)}, ""); console.log("trapped");\n`,
  );
  writeFileSync(join(hostile, "tsconfig.json"), "{ this is no JSON");
  writeFileSync(join(hostile, "package.json"), "{ nor is this");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a directory with a bunfig.toml and a .env", () => {
  test("decides nothing for the executable, neither on the fast path nor in a command", async () => {
    const env = { COVEN_HOME: undefined, HOME: folder };
    const fast = await ran([binary, "--version"], { cwd: hostile, env });
    expect(fast).toMatchObject({ code: 0, out: `coven ${version}\n`, err: "" });
    // Had the .env been read, this would have refused the home it names.
    const status = await ran([binary, "daemon", "status", "--json"], { cwd: hostile, env });
    expect(status.code).toBe(0);
    expect(JSON.parse(status.out)).toMatchObject({ status: "stopped" });
    expect(existsSync(sprung)).toBe(false);
  });

  test("is a trap indeed: a program compiled with Bun's defaults steps into it", async () => {
    const entry = join(folder, "plain.ts");
    writeFileSync(entry, "console.log(process.env.COVEN_TRAP);\n");
    const plain = join(folder, process.platform === "win32" ? "plain.exe" : "plain");
    const made = await Bun.build({
      entrypoints: [entry],
      compile: { outfile: plain, executablePath: runtimeOf(root, here()) },
    });
    expect(made.success).toBe(true);
    expect((await ran([plain], { cwd: hostile })).out).toBe("trapped\nsprung\n");
    expect(existsSync(sprung)).toBe(true);
  });
});

// Regression: where no thread was to be had, the runtime's crash report told people to report a bug in it.
testUnless(notLinux, notRoot, without("setpriv", "prlimit")).each([4, 5])(
  "a user who may have %d processes reads that in a sentence, and the version all the same",
  async (limit) => {
    chmodSync(folder, 0o755);
    const limited = (...words: string[]) =>
      asNeighbour([
        "prlimit",
        `--nproc=${limit}:${limit}`,
        "env",
        `COVEN_HOME=${folder}/none`,
        binary,
        ...words,
      ]);
    expect(await limited("--version")).toEqual({ code: 0, out: `coven ${version}\n`, err: "" });
    for (const words of [
      ["daemon", "start"],
      ["run", "demo", "hi"],
      ["daemon", "serve"],
    ]) {
      const { code, out, err } = await limited(...words);
      expect({ words, code, out }).toEqual({ words, code: 1, out: "" });
      expect(err).toMatch(
        new RegExp(
          `^Error: Coven can't run here: of ${limit} processes and threads .+ \\(runtime_unavailable\\)\\.\nTry: .+\n$`,
        ),
      );
    }
  },
);

test("the executable carries no path of the machine that built it", () => {
  expect(readFileSync(binary).includes(root)).toBe(false);
});

test("a build over a running executable leaves it running", async () => {
  const running = Bun.spawn([binary, "__demo", "nonInteractive", "sleep 600"], {
    env: { ...process.env, COVEN_HOME: folder },
    stdin: "pipe",
    stdout: "ignore",
    stderr: "ignore",
  });
  const before = readFileSync(binary);
  await compile({ root, entry: join(root, "src", "main.ts"), target: here(), outfile: binary });
  expect(readFileSync(binary).equals(before)).toBe(true);
  expect(running.exitCode).toBeNull();
  running.kill();
  await running.exited;
});

test("a target whose runtime is not installed is named, with the command that installs it", async () => {
  const nowhere = join(folder, "empty");
  mkdirSync(nowhere);
  expect(() => runtimeOf(nowhere, targetOf("windows-x64"))).toThrow(
    "@oven/bun-windows-x64) is not installed.\nTry: bun install --frozen-lockfile --os='*' --cpu='*' --libc='*'",
  );
});

// The runtime refused to start there, before our first line: even `coven --version`, and `coven sessions`, which needs no directory.
testUnless(windows)(
  "from a directory that was deleted what needs none works, as with git, and what needs one says so",
  async () => {
    const gone = join(folder, "gone");
    const env = { COVEN_HOME: join(folder, "h"), HOME: folder };
    /** In a directory that is deleted once the shell stands in it. */
    const from = (...words: string[]) => {
      mkdirSync(gone);
      return ran(["/bin/sh", "-c", 'cd "$0" && rmdir "$0" && exec "$@"', gone, binary, ...words], { env });
    };
    expect(await from("--version")).toMatchObject({ code: 0, out: `coven ${version}\n`, err: "" });
    expect((await from("help")).out).toStartWith("coven runs coding agents");
    try {
      expect(await from("sessions", "--json")).toMatchObject({ code: 0, out: '{"sessions":[]}\n' });
      expect(await from("-C", folder, "sessions", "--here", "--json")).toMatchObject({ code: 0 });
      expect((await from("daemon", "status", "--json")).code).toBe(0);
      for (const words of [["run", "demo", "hi"], ["sessions", "--here"], []]) {
        const { code, out, err } = await from(...words);
        expect([words[0], code, out]).toEqual([words[0], words[0] === "run" ? 125 : 1, ""]);
        expect(err).toContain("Error: The directory you are in is gone: it was deleted or moved.\nTry: cd ~");
      }
    } finally {
      expect((await from("daemon", "stop", "--force")).code).toBe(0);
    }
  },
);
