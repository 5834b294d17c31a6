// Holds what is said to an agent beside the prompt: arguments of its own, no prompt at all, and what a run would do.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CommandLine, commandLine } from "../support/command-line.ts";
import { inTerminal } from "../support/in-terminal.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(30_000);

let line: CommandLine;

beforeAll(() => {
  line = commandLine();
  // Shows how it was called; interactive it waits for a line.
  line.home.script(
    "codex",
    'printf "[%s]" "$0" "$@"; echo; case "$1" in exec) ;; *) read answer; echo "got $answer";; esac',
  );
  line.home.script("tool", 'printf "[%s]" "$@"; echo');
  mkdirSync(line.home.paths.harnesses, { recursive: true });
  const plain = {
    id: "plain",
    label: "Plain",
    executable: "tool",
    interactive: ["-i", "{prompt}"],
    nonInteractive: ["-p", "{prompt}"],
  };
  writeFileSync(join(line.home.paths.harnesses, "plain.json"), JSON.stringify(plain));
});

afterAll(() => line[Symbol.asyncDispose]());

test("--dry-run prints argv, root, cwd and mode, and starts nothing, not even the daemon", async () => {
  const { code, out } = await line.coven([
    "run",
    "codex",
    "fix it",
    "--dry-run",
    "--model",
    "o3",
    "--arg=-x",
  ]);
  const project = realpathSync(line.home.project);
  const codex = join(line.home.bin, "codex");
  expect([code, out.split("\n")]).toEqual([
    0,
    [
      `Project root:  ${project}`,
      `Starts in:     ${project}`,
      "Mode:          headless",
      `Runs:          ${codex} exec --skip-git-repo-check --color never --model o3 -x 'fix it'`,
      "",
    ],
  ]);
  const json = await line.coven(["run", "codex", "hi", "--dry-run", "--json", "--interactive"]);
  expect(JSON.parse(json.out)).toMatchObject({ launch_mode: "interactive", argv: [codex, "hi"] });
  expect(existsSync(line.home.paths.ledger)).toBe(false);
  const unknown = await line.coven(["run", "claude", "hi", "--dry-run"]);
  expect([unknown.code, unknown.err]).toEqual([127, expect.stringContaining("is not installed")]);
});

test("--arg is given to the agent as it is, in order, behind our own and before the prompt", async () => {
  const { out } = await line.coven([
    "run",
    "codex",
    "go",
    "--arg=--config",
    "--arg",
    "a b=c",
    "--permission=full",
  ]);
  expect(out).toContain("[--sandbox][danger-full-access][--config][a b=c][go]\n");
  for (const harness of ["demo", "plain"]) {
    const refused = await line.coven(["run", harness, "go", "--arg=-x"]);
    expect([refused.code, refused.err]).toEqual([
      125,
      expect.stringContaining("can't be told arguments of its own"),
    ]);
  }
});

test("a flag that is none of ours is answered with both things it can have meant", async () => {
  const { code, err } = await line.coven(["run", "codex", "--full-auto", "go"]);
  expect([code, err]).toEqual([
    125,
    [
      "Error: coven run has no flag --full-auto.",
      "Try: coven run codex --arg=--full-auto   (a flag of the agent's own)",
      "     coven run codex -- --full-auto   (part of the prompt)",
      "     coven help run",
      "",
    ].join("\n"),
  ]);
});

test("without a prompt the agent is opened: at a terminal, and detached", async () => {
  const pane = inTerminal(line.home, ["run", "codex", "--model", "o3"]);
  await until("it waits", () => pane.shown().includes("[--model][o3]"));
  const [session] = await line.home.client.sessions();
  expect([session?.title, session?.launch_mode]).toEqual(["codex", "interactive"]);
  pane.type("hello\r");
  expect((await pane.exit).exitCode).toBe(0);
  expect(pane.shown()).toContain("got hello");
  const id = (await line.coven(["run", "codex", "--detach", "--title", "mine"])).out.trim();
  expect((await line.home.client.session(id)).title).toBe("mine");
  await line.coven(["kill", id]);
});

test("where it is headless a prompt is needed, and an agent we don't know how to open is refused", async () => {
  const before = (await line.home.client.sessions()).length;
  const headless = await line.coven(["run", "codex"]);
  expect([headless.code, headless.err]).toEqual([125, expect.stringContaining("coven run needs a prompt")]);
  expect((await line.coven(["run", "codex", " "])).err).toContain("The prompt is empty.");
  const unknown = await line.coven(["run", "plain", "--detach"]);
  expect([unknown.code, unknown.err]).toEqual([
    125,
    expect.stringContaining("Plain can't be started without a prompt"),
  ]);
  const body = {
    projectRoot: line.home.project,
    harness: "codex",
    prompt: "",
    launchMode: "nonInteractive",
  } as const;
  const refused = line.home.client.launch({ ...body, withoutPrompt: true });
  await expect(refused).rejects.toMatchObject({
    code: "invalid_request",
    details: { field: "withoutPrompt" },
  });
  await expect(line.home.client.launch(body)).rejects.toMatchObject({ code: "invalid_request" });
  await expect(line.home.client.launch({ ...body, prompt: "x", withoutPrompt: true })).rejects.toMatchObject({
    code: "invalid_request",
  });
  expect(await line.home.client.sessions()).toHaveLength(before);
});

// The table of a key with two dots was taken for its first part, and every such change was refused.
test("[harness.codex] args are given each time, before those that are typed; set by the command line, whole and one by one", async () => {
  const set = await line.coven(["config", "set", "harness.codex.args", '["--search", "a b"]']);
  expect(set).toMatchObject({ code: 0, out: 'harness.codex.args = ["--search","a b"]\n' });
  expect((await line.coven(["config", "set", "harness.codex.model", "o3"])).code).toBe(0);
  const { out } = await line.coven(["run", "codex", "go", "--arg=-x"]);
  expect(out).toContain("[--model][o3][--search][a b][-x][go]\n");
  expect((await line.coven(["run", "codex", "go", "--dry-run"])).out).toContain(
    "--model o3 --search 'a b' go\n",
  );
  expect((await line.coven(["config", "get", "harness.codex.args"])).out).toBe('["--search","a b"]\n');
  expect((await line.coven(["config", "set", "--", "harness.codex.args", "--one"])).out).toContain(
    '["--one"]',
  );
  expect((await line.coven(["config", "set", "harness.codex.args", "[1]"])).err).toContain(
    "must be a list of arguments",
  );
  expect((await line.coven(["config", "set", "harness.codex.args", "[]"])).code).toBe(0);
  expect(await Bun.file(line.home.paths.config).text()).toBe('[harness.codex]\nargs = []\nmodel = "o3"\n');
});
