// Holds what a shell is offered: from the table as values, and through the real bash, zsh and fish where they are.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SHELLS } from "../../src/cli/commands/completions/run.ts";
import { COMMANDS } from "../../src/cli/commands/table.ts";
import { candidates } from "../../src/cli/framework/complete.ts";
import { type CommandLine, commandLine } from "../support/command-line.ts";
import { MAIN } from "../support/daemon-home.ts";
import { testUnless, without } from "../support/unless.ts";
import { CONTROLS, HOSTILE, sample } from "./sample.ts";

const live = sample({ id: "aaaa1111-0000-4000-8000-000000000001", status: "running" });
const done = sample({ id: "bbbb2222-0000-4000-8000-000000000002" });
const archived = sample({
  id: "cccc3333-0000-4000-8000-000000000003",
  archived_at: "2026-03-01T11:00:00.000Z",
});
const twin = sample({ id: "bbbb2222-1111-4000-8000-000000000004" });
const SOURCES = {
  sessions: async () => [live, done, archived],
  harnesses: async () => ["codex", "claude", "demo"].map((value) => ({ value, about: "" })),
};

/** The words after `coven`, the last one being typed; and what is offered, or the word for directories. */
const CASES: readonly (readonly [words: string, offered: string])[] = [
  ["sess", "sessions"],
  ["s", "sessions send summon sacrifice status"],
  ["-", "--help --version"],
  ["zzz ", ""],
  ["run ", "codex claude demo"],
  ["run c", "codex claude"],
  ["run demo ", ""],
  ["run --cwd ", "directories"],
  ["run --title ", ""],
  ["run --title x ", "codex claude demo"],
  ["run demo -- --", ""],
  ["kill ", "aaaa1111"],
  ["send ", "aaaa1111"],
  ["archive ", "bbbb2222"],
  ["summon ", "cccc3333"],
  ["sacrifice ", "bbbb2222 cccc3333"],
  ["attach ", "aaaa1111 bbbb2222 cccc3333"],
  ["attach b", "bbbb2222"],
  ["attach bbbb2222 ", ""],
  ["sessions --", "--here --status --harness --label --group --since --limit --all --plain --json --help"],
  ["sessions --all --p", "--plain"],
  ["daemon st", "start status stop"],
  ["daemon stop --", "--force --help"],
  ["export aaaa1111 --format ", "cast text html"],
  ["export aaaa1111 --format=t", "--format=text"],
  ["export aaaa1111 --format = t", "text"],
  ["export aaaa1111 --format =", "cast text html"],
  ["config set ui", "ui.colour"],
  ["help co", "config conformance completions"],
  ["completions ", SHELLS.join(" ")],
];

describe("offered", () => {
  for (const [words, offered] of CASES) {
    test(`coven ${words}`, async () => {
      const found = await candidates(words.split(" "), COMMANDS, SOURCES);
      expect(typeof found === "string" ? found : found.map((one) => one.value).join(" ")).toBe(offered);
    });
  }

  test("a short id that two sessions share is given whole", async () => {
    const sources = { ...SOURCES, sessions: async () => [done, twin] };
    const found = await candidates(["attach", ""], COMMANDS, sources);
    expect(typeof found === "string" ? [] : found.map((one) => one.value)).toEqual([done.id, twin.id]);
  });
});

let line: CommandLine;
let running: string;

beforeAll(async () => {
  line = commandLine();
  // A `coven` on the PATH, as the scripts start it.
  line.home.script("coven", `exec '${process.execPath}' '${MAIN}' "$@"`);
  line.home.script("codex", "exec sleep 600");
  mkdirSync(join(line.home.project, "inner"));
  expect(await line.coven(["__complete", "--", "attach", ""])).toEqual({ code: 0, out: "", err: "" });
  // Never started for a completion.
  expect(existsSync(line.home.paths.home)).toBe(false);
  await line.coven(["daemon", "start"]);
  const { client, project } = line.home;
  const launched = { projectRoot: project, harness: "codex", prompt: "wait", title: HOSTILE };
  running = (await client.launch(launched)).id;
});

afterAll(() => line[Symbol.asyncDispose]());

test("what is printed is value, tab, description, and nothing in it can move a cursor", async () => {
  const { out } = await line.coven(["__complete", "--", "kill", ""]);
  expect(out).toStartWith(`${running.slice(0, 8)}\trunning  codex  a`);
  const lines = out.split("\n").filter(Boolean);
  expect(lines).toHaveLength(1);
  expect(CONTROLS.test(lines.join("").replace("\t", ""))).toBe(false);
});

/** Runs a script in a real shell; what it printed. */
async function shell(program: string, args: readonly string[], script: string): Promise<string> {
  const file = join(line.home.base, `script-${program}`);
  writeFileSync(file, script);
  chmodSync(file, 0o700);
  const child = Bun.spawn([program, ...args, file], {
    cwd: line.home.project,
    env: {
      PATH: `${line.home.bin}:/usr/bin:/bin`,
      HOME: line.home.base,
      COVEN_HOME: line.home.paths.home,
      TERM: "dumb",
    },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  expect([await child.exited, err]).toEqual([0, ""]);
  return out;
}

test("bash: commands, ids, values cut at =, directories", async () => {
  const out = await shell(
    "bash",
    ["--noprofile", "--norc"],
    `source <(coven completions bash)
     offer() { COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 )); _coven coven "\${@: -1}" "\${@: -2:1}"; echo "\${COMPREPLY[*]}"; }
     offer coven ses; offer coven kill ''; offer coven export x --format = c; offer coven run --cwd ''; offer coven zzz`,
  );
  expect(out).toBe(`sessions\n${running.slice(0, 8)}\ncast\ninner\n\n`);
});

testUnless(without("fish"))("fish: commands with their summaries, ids, directories", async () => {
  const out = await shell(
    "fish",
    ["--no-config"],
    `coven completions fish | source
     complete -C 'coven ses'; complete -C 'coven kill '; complete -C 'coven run --cwd '; complete -C 'coven export x --format=c'`,
  );
  expect(out).toContain("sessions\tShow sessions: a board at a terminal, else a list\n");
  expect(out).toContain(`${running.slice(0, 8)}\trunning`);
  expect(out).toContain("inner/");
  expect(out).toContain("--format=cast\n");
});

testUnless(without("zsh"))(
  "zsh: the script loads and hands over values with their descriptions",
  async () => {
    const out = await shell(
      "zsh",
      ["-f"],
      `autoload -U compinit; compinit -u -D
     source <(coven completions zsh)
     print "bound: $_comps[coven]"
     _describe() { print -l -- "\${(P@)3}"; }
     words=(coven kill ''); CURRENT=3; _coven
     words=(coven ses); CURRENT=2; _coven`,
    );
    expect(out).toStartWith(`bound: _coven\n${running.slice(0, 8)}:running`);
    expect(out).toEndWith("sessions:Show sessions: a board at a terminal, else a list\n");
  },
);

test("PowerShell's script asks the same command; a shell nobody knows is refused with a guess", async () => {
  expect((await line.coven(["completions", "powershell"])).out).toContain("coven __complete '--' @words");
  for (const [typed, guess] of [
    ["bsh", "bash"],
    ["pwsh", "powershell"],
    ["tcsh", "bash"],
  ] as const) {
    const { code, out, err } = await line.coven(["completions", typed]);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(`Try: coven completions ${guess}`);
  }
});
