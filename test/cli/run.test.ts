// Holds `coven run` and `coven attach` as a script meets them: what goes in, both streams, exit codes.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Session } from "../../src/session/session.ts";
import { type CommandLine, commandLine } from "../support/command-line.ts";

let line: CommandLine;

beforeAll(() => {
  line = commandLine();
  // A codex that shows how it was called, and does what the prompt says.
  line.home.script(
    "codex",
    `case "$*" in
      *crlf*) printf 'one\\ntwo\\rTWO\\n';;
      *env*) env;;
      *pwd*) pwd;;
      *slow*) trap 'exit 7' HUP TERM; echo ready; while :; do sleep 0.05; done;;
      *bye*) kill -SEGV $$;;
      *noend*) printf 'no newline';;
      *) for word in "$@"; do printf '[%s]' "$word"; done; echo;;
    esac`,
  );
});

afterAll(() => line[Symbol.asyncDispose]());

async function record(id: string): Promise<Session> {
  return line.home.client.session(id);
}

/** The id `run` names on stderr before anything is printed. */
function idOf(err: string): string {
  return /^Session: +(\S+)$/m.exec(err)?.[1] ?? "";
}

test("the first run starts the daemon and says so once; the second says nothing of it", async () => {
  const first = await line.coven(["run", "codex", "hello"]);
  expect(first.err).toMatch(/^Started the Coven daemon \(pid \d+\)\.\n/);
  expect(first.out).toBe("[exec][--skip-git-repo-check][--color][never][hello]\n");
  const second = await line.coven(["run", "codex", "hello"]);
  expect(second.err).not.toContain("daemon");
  expect(second.code).toBe(0);
});

test("what run says of itself is on stderr, plain, and tells how to come back", async () => {
  const { err, out } = await line.coven(["run", "codex", "hello", "there"]);
  const id = idOf(err);
  expect(out).toContain("[hello there]");
  const told = err.replace(/in \d+\.\d s/, "in N s");
  expect(told).toBe(
    [
      "codex: hello there",
      `Session:       ${id}`,
      `Project root:  ${realpathSync(line.home.project)}`,
      "",
      "",
      "Completed in N s, exit code 0.",
      `See it again:  coven attach ${id.slice(0, 8)}`,
      "All sessions:  coven sessions",
      "",
    ].join("\n"),
  );
});

test("the prompt is one element, however it looks", async () => {
  const prompts = ['it\'s "quoted" $(id) `id` \\', "-x", "two\nlines", "日本語 👩‍👩‍👧"];
  for (const prompt of prompts) {
    const { out } = await line.coven(["run", "codex", "--", prompt]);
    expect(out).toEndWith(`[never]${prompt.startsWith("-") ? "[--]" : ""}[${prompt}]\n`);
  }
});

test("- reads the prompt from standard input, and an empty one is refused", async () => {
  const { out } = await line.coven(["run", "codex", "-"], { stdin: "from a\npipe\n" });
  expect(out).toContain("[from a\npipe]");
  const { code, err } = await line.coven(["run", "codex", "-"], { stdin: " \n" });
  expect([code, err.split("\n")[0]]).toEqual([125, "Error: Standard input held no prompt."]);
});

test("the terminal's CRLF becomes LF, a lone CR stays; --raw keeps every byte", async () => {
  const { out } = await line.coven(["run", "codex", "crlf"]);
  expect(out).toBe("one\ntwo\rTWO\n");
  const raw = await line.coven(["run", "codex", "crlf", "--raw"]);
  expect(raw.out).toBe("one\r\ntwo\rTWO\r\n");
  const again = await line.coven(["attach", idOf(raw.err)]);
  expect(again.out).toBe("one\ntwo\rTWO\n");
  const exact = await line.coven(["attach", idOf(raw.err).slice(0, 8), "--raw"]);
  expect(exact.out).toBe("one\r\ntwo\rTWO\r\n");
});

test("100,000 lines arrive whole", async () => {
  const { out, code } = await line.coven(["run", "demo", "lines 100000"]);
  expect(code).toBe(0);
  expect(out.match(/^line \d+$/gm)).toHaveLength(100_000);
});

test("run and attach leave with the harness's exit code, 128+n for a signal", async () => {
  const three = await line.coven(["run", "demo", "exit 3"]);
  expect(three.code).toBe(3);
  expect(three.err).toContain("Failed after");
  expect((await line.coven(["attach", idOf(three.err)])).code).toBe(3);
  const bye = await line.coven(["run", "codex", "bye"]);
  expect(bye.code).toBe(128 + 11);
  expect(bye.err).toContain("SIGSEGV");
});

test("--detach prints the id at once, --json the record; without --detach --json prints it at the end", async () => {
  const id = (await line.coven(["run", "codex", "slow", "--detach"])).out;
  expect(id).toMatch(/^[0-9a-f-]{36}\n$/);
  expect((await record(id.trim())).status).toBe("running");
  expect((await line.coven(["kill", id.slice(0, 8)])).out).toBe(`killed session ${id}`);
  const detached = JSON.parse((await line.coven(["run", "codex", "hi", "--detach", "--json"])).out);
  expect([detached.status, detached.title]).toEqual(["running", "hi"]);
  const { out, code } = await line.coven(["run", "demo", "exit 4", "--json", "--title", "four"]);
  expect(code).toBe(4);
  expect(JSON.parse(out)).toMatchObject({
    status: "failed",
    exit_code: 4,
    title: "four",
    launch_mode: "nonInteractive",
  });
});

test("--model, --permission and --add-dir are said in the agent's own words; settings say them where nobody types them", async () => {
  const { base, paths } = line.home;
  const beside = realpathSync(base);
  const typed = await line.coven(
    ["run", "codex", "hi", "--model", "openai/o3", "--permission", "read-only", "--add-dir", "."],
    { cwd: base },
  );
  const words = `[--model][o3][--sandbox][read-only][--config][approval_policy="never"][--add-dir][${beside}][hi]`;
  expect(typed.out).toContain(`${words}\n`);
  writeFileSync(paths.config, '[harness.codex]\nmodel = "set"\n[launch]\npermission = "full"\n');
  const set = await line.coven(["run", "codex", "hi", "--model", "typed"]);
  expect(set.out).toContain("[--model][typed][--sandbox][danger-full-access][hi]\n");
  writeFileSync(paths.config, "");
  const wrong = await line.coven(["run", "codex", "hi", "--permission", "half"]);
  expect([wrong.code, wrong.err]).toEqual([125, expect.stringContaining("--permission read-only")]);
  const demo = await line.coven(["run", "demo", "hi", "--model", "m"]);
  expect([demo.code, demo.err]).toEqual([
    125,
    expect.stringContaining("The demo can't be told which model to use."),
  ]);
});

test("the project root is the nearest .git upwards, a directory or a file, and the run starts where one stands", async () => {
  const repository = join(line.home.base, "repo");
  const deep = join(repository, "a", "b");
  mkdirSync(deep, { recursive: true });
  writeFileSync(join(repository, ".git"), "gitdir: elsewhere\n");
  const { out, err } = await line.coven(["run", "codex", "pwd"], { cwd: deep });
  expect(out).toBe(`${realpathSync(deep)}\n`);
  expect(err).toContain(`Project root:  ${realpathSync(repository)}\nStarts in:     ${realpathSync(deep)}\n`);
  const lower = await line.coven(["run", "codex", "pwd", "--cwd", "b"], { cwd: join(repository, "a") });
  expect(lower.out).toBe(`${realpathSync(deep)}\n`);
  const outside = await line.coven(["run", "codex", "pwd", "--cwd", line.home.base], { cwd: deep });
  expect(outside.code).toBe(125);
  expect(outside.err).toContain("is outside the project root");
  expect(outside.err).toContain("Try: --cwd with a directory inside the project root");
});

test("the environment of this command is the harness's, not the daemon's; and the session is marked", async () => {
  const { out } = await line.coven(["run", "codex", "env"], { env: { FROM_HERE: "yes" } });
  expect(out).toContain("FROM_HERE=yes\n");
  expect(out).toMatch(/^COVEN_SESSION_ID=[0-9a-f-]{36}$/m);
  const { out: next } = await line.coven(["run", "codex", "env"]);
  expect(next).not.toContain("FROM_HERE");
});

test("an unknown harness and one that isn't installed say what to do, and leave no session", async () => {
  const before = (await line.home.client.sessions()).length;
  const unknown = await line.coven(["run", "codx", "hi"]);
  expect(unknown.code).toBe(127);
  expect(unknown.err).toBe(
    "Error: There is no harness called \"codx\".\nTry: coven run codex 'your task'   (known: codex, claude, demo)\n",
  );
  const missing = await line.coven(["run", "claude", "hi"]);
  expect(missing.code).toBe(127);
  expect(missing.err).toContain("Try: npm install -g @anthropic-ai/claude-code\n");
  expect(await line.home.client.sessions()).toHaveLength(before);
});

test("a reader that goes away (| head) ends run quietly, and says that the session goes on if it does", async () => {
  const shell = `"$0" "$1" run demo 'lines 100000' 2>"$2" | head -n 3; echo "\${PIPESTATUS[0]}"`;
  const errors = join(line.home.base, "head.err");
  const main = join(import.meta.dir, "../../src/main.ts");
  const child = Bun.spawn(["/bin/bash", "-c", shell, process.execPath, main, errors], {
    cwd: line.home.project,
    env: { HOME: line.home.base, COVEN_HOME: line.home.paths.home, PATH: "/usr/bin:/bin" },
    stdout: "pipe",
  });
  const lines = (await new Response(child.stdout).text()).trim().split("\n");
  expect(lines.at(-1)).toBe("141");
  expect(await Bun.file(errors).text()).not.toMatch(/Error|EPIPE|at /);
});

test("output without a last newline is followed by our words on a line of their own", async () => {
  const { out, err } = await line.coven(["run", "codex", "noend"]);
  expect(out).toBe("no newline");
  expect(err).toContain("\n\n\nCompleted in");
});
