// A repository somebody else wrote, and a person who starts coven in it: its files decide nothing for us, neither from source nor
// compiled.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile } from "../../npm/compile.ts";
import { here } from "../npm/staged.ts";
import { commandLine } from "../support/command-line.ts";

const root = join(import.meta.dir, "..", "..");

/** Lays every trap that Bun, or a program built with it, could step into; each leaves `sprung` behind. */
function layTraps(at: string): string {
  const sprung = join(at, "sprung");
  const trap = `require("node:fs").writeFileSync(${JSON.stringify(sprung)}, "");`;
  const files: Record<string, string> = {
    "bunfig.toml": 'preload = ["./trap.js"]\n[test]\npreload = ["./trap.js"]\n',
    ".env": "COVEN_HOME=relative/and/wrong\nBUN_OPTIONS=--preload=./trap.js\nCOVEN_PTY=nonsense\n",
    ".env.local": "COVEN_HOME=relative/and/wrong\n",
    ".env.production": "COVEN_HOME=relative/and/wrong\n",
    "package.json":
      '{"name":"coven","scripts":{"coven":"node trap.js","preinstall":"node trap.js"},"imports":{"#*":"./trap.js"}}',
    "tsconfig.json": '{"compilerOptions":{"paths":{"*":["./trap.js"]},"jsxImportSource":"./trap.js"}}',
    "jsconfig.json": '{"compilerOptions":{"paths":{"*":["./trap.js"]}}}',
    "trap.js": trap,
    "node_modules/zod/package.json": '{"name":"zod","main":"index.js"}',
    "node_modules/zod/index.js": trap,
    "node_modules/picocolors/index.js": trap,
    ".npmrc": "script-shell=/nowhere\n",
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(at, name, ".."), { recursive: true });
    writeFileSync(join(at, name), text);
  }
  return sprung;
}

test("a run in a hostile repository starts the harness and nothing of the repository's", async () => {
  await using line = commandLine();
  const sprung = layTraps(line.home.project);
  // The command itself stands elsewhere: what Bun does in a directory before our first line is not ours to prevent. The demo
  // is this very program, started in the repository by the daemon.
  const { code, out } = await line.coven(["run", "demo", "lines 2", "--cwd", line.home.project], {
    cwd: line.home.base,
  });
  expect({ code, ran: out.includes("line 2"), sprung: existsSync(sprung) }).toEqual({
    code: 0,
    ran: true,
    sprung: false,
  });
});

// It ran only where somebody had built dist/coven: never in a fresh clone, and so never in the gate.
test("the executable steps into none of it, started in the repository", async () => {
  await using line = commandLine();
  const executable = join(line.home.base, here().executable);
  await compile({ root, entry: join(root, "src", "main.ts"), target: here(), outfile: executable });
  const sprung = layTraps(line.home.project);
  const env = { HOME: line.home.base, COVEN_HOME: line.home.paths.home, PATH: "/usr/bin:/bin" };
  for (const words of [
    ["--version"],
    ["run", "demo", "lines 2"],
    ["sessions", "--plain"],
    ["doctor"],
    ["daemon", "stop"],
  ]) {
    const { exitCode, stderr } = Bun.spawnSync([executable, ...words], {
      cwd: line.home.project,
      env,
      stdin: "ignore",
    });
    expect({ words, exitCode, err: exitCode === 0 ? "" : stderr.toString() }).toEqual({
      words,
      exitCode: 0,
      err: "",
    });
  }
  expect(existsSync(sprung)).toBe(false);
});

let top: string;
beforeEach(() => {
  top = realpathSync(mkdtempSync(join(tmpdir(), "cv-repo-")));
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

test("links that lead out, FIFOs and devices are no place to work in, and looking at them waits for nobody", async () => {
  await using line = commandLine();
  const root = join(top, "root");
  mkdirSync(root);
  mkdirSync(join(top, "outside"));
  symlinkSync("../outside", join(root, "out"));
  symlinkSync("/dev/zero", join(root, "device"));
  symlinkSync("/dev/tty", join(root, "tty"));
  execFileSync("mkfifo", [join(root, "fifo")]);
  await line.home.start();
  for (const cwd of ["out", "device", "tty", "fifo", "fifo/.", "/dev/stdin"]) {
    const launch = line.home.client.launch({ projectRoot: root, harness: "demo", prompt: "x", cwd });
    await expect(launch).rejects.toMatchObject({ code: "invalid_request", details: { field: "cwd" } });
  }
  expect(await line.home.client.sessions()).toEqual([]);
});

test("a directory whose name holds a newline and escape sequences is worked in, and shown as one harmless line", async () => {
  await using line = commandLine();
  const root = join(top, "a\n\u001b[2J\u001b]0;owned\u0007\u202eb");
  mkdirSync(root);
  await line.home.start();
  line.home.script("codex", "pwd -P");
  const { id } = await line.home.client.launch({ projectRoot: root, harness: "codex", prompt: "x" });
  for (const words of [["sessions"], ["sessions", "--plain"], ["attach", id], ["doctor"], ["logs"]]) {
    const { out, err } = await line.coven(words, { cwd: root });
    const own = words[0] === "attach" ? err : out + err;
    expect({ words, bad: own.match(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/) }).toEqual({
      words,
      bad: null,
    });
  }
  const { out } = await line.coven(["sessions", "--plain"]);
  expect(out.trimEnd().split("\n")).toHaveLength(2);
});
