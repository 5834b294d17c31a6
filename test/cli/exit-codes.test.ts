// Holds whose exit code it is: an agent's own as it is, ours 125 to 127 where the agent's could be meant.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CommandLine, commandLine } from "../support/command-line.ts";

setDefaultTimeout(60_000);

let line: CommandLine;
let ended: string;

beforeAll(async () => {
  line = commandLine();
  const { home } = line;
  home.script("codex", 'for prompt; do :; done\nexec sh -c "$prompt"');
  await home.start();
  const manifests = join(home.paths.home, "harnesses");
  mkdirSync(manifests, { recursive: true });
  writeFileSync(join(manifests, "bad.json"), "{ this is no JSON", { mode: 0o600 });
  // Executable by its mode, and no program by its content.
  writeFileSync(join(home.bin, "claude"), "#!/nowhere/interpreter\n", { mode: 0o755 });
  ended = (await line.coven(["run", "codex", "exit 3", "--detach"])).out.trim();
});

afterAll(() => line[Symbol.asyncDispose]());

const code = async (...words: readonly string[]) => (await line.coven(words)).code;

test("the agent's own code is as it is, whatever it is", async () => {
  for (const own of [0, 1, 2, 3, 125, 255]) expect(await code("run", "codex", `exit ${own}`)).toBe(own);
  expect(await code("attach", ended)).toBe(3);
  expect(await code("run", "codex", "kill -TERM $$")).toBe(128 + 15);
});

test("127: an agent that nobody knows, or that is not installed", async () => {
  expect(await code("run", "nosuch", "hi")).toBe(127);
  expect(await code("run", "nosuch", "hi", "--detach")).toBe(127);
  expect((await line.coven(["run", "codex", "hi"], { env: { PATH: "/nowhere" } })).code).toBe(127);
  expect(await code("run", "nosuch", "hi", "--stream-json")).toBe(127);
});

test("126: an agent that is switched off, has a broken manifest, or is no program; also of the session, later", async () => {
  expect(await code("run", "gemini", "hi")).toBe(126);
  expect(await code("run", "bad", "hi")).toBe(126);
  expect(await code("run", "claude", "hi")).toBe(126);
  const failed = (await line.home.client.sessions()).find(({ harness }) => harness === "claude");
  expect(await code("attach", failed?.id ?? "")).toBe(126);
});

test("125: whatever else is ours, words that make no sense among it", async () => {
  const wrong: readonly (readonly string[])[] = [
    ["run", "codex", "hi", "--bogus"],
    ["run", "codex", "hi", "--permission", "some"],
    ["run", "codex", "hi", "--cwd", "/nowhere"],
    ["run", "codex", "hi", "--timeout", "soon"],
    ["run", "codex", "hi", "--name", "cafe"],
    ["-C", "/nowhere", "run", "codex", "hi"],
    ["run", "codex", "hi", "--bogus", "--stream-json"],
    ["run", "--continue", "ffffffff"],
    ["resume", "ffffffff"],
    ["attach", "ffffffff"],
    ["attach", ended, "--detach-key", "ctrl-c"],
    ["attach", ended, "--bogus"],
  ];
  for (const words of wrong) expect([words, await code(...words)]).toEqual([words, 125]);
});

test("2: no agent and no session is named; and every other command has 1 and 2 as ever", async () => {
  for (const words of [["run"], ["run", "--json"], ["attach"], ["resume"], ["attach", "--bogus"]]) {
    expect([words, await code(...words)]).toEqual([words, 2]);
  }
  expect(await code("sessions", "--bogus")).toBe(2);
  expect(await code("logs", "ffffffff")).toBe(1);
  expect(await code("kill", ended)).toBe(1);
});
