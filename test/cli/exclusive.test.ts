// Holds what a launch says of others at work in the same checkout, and that --exclusive refuses then.
import { afterEach, beforeEach, expect, setDefaultTimeout } from "bun:test";
import { mkdirSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type CommandLine, commandLine } from "../support/command-line.ts";
import { git, repository } from "../support/repository.ts";
import { testUnless, without } from "../support/unless.ts";

setDefaultTimeout(60_000);
const test = testUnless(without("git"));

let line: CommandLine;
let project: string;
beforeEach(() => {
  line = commandLine();
  project = realpathSync(line.home.project);
  line.home.script("codex", 'case "$*" in *stay*) exec sleep 600;; esac');
});
afterEach(() => line[Symbol.asyncDispose]());

const stay = async (...flags: string[]): Promise<string> =>
  (await line.coven(["run", "codex", "stay there", "--detach", ...flags])).out.trim();
const run = (flags: string[] = [], cwd = project) => line.coven(["run", "codex", "once", ...flags], { cwd });

test("who works in the same checkout is named on standard error, and --exclusive refuses; elsewhere nothing is said", async () => {
  repository(project, { "sub/a.txt": "a\n" });
  const alone = await run(["--exclusive"]);
  expect([alone.code, alone.err]).toEqual([0, expect.not.stringContaining("Note:")]);
  const first = await stay();
  const short = first.slice(0, 8);
  // From below it too, and through a root of its own that lies in it.
  for (const cwd of [project, join(project, "sub")]) {
    const { code, err, out } = await run(["--json"], cwd);
    expect(code).toBe(0);
    expect(err).toContain(`Note: session ${short} (codex: stay there) works in this checkout too.`);
    expect(JSON.parse(out)).not.toHaveProperty("alongside");
  }
  const refused = await run(["--exclusive"]);
  expect(refused).toMatchObject({ code: 125, out: "" });
  expect(refused.err).toContain(`Another live session works in "${project}".`);
  expect(refused.err).toContain("--worktree");
  expect(refused.err).toContain(`coven attach ${first}`);
  const { client } = line.home;
  const before = (await client.sessions()).length;
  const launch = { harness: "codex", prompt: "once", exclusive: true };
  await expect(client.launch({ ...launch, projectRoot: join(project, "sub") })).rejects.toMatchObject({
    code: "checkout_in_use",
    details: { checkout: project, sessions: [first] },
  });
  expect(await client.sessions()).toHaveLength(before);
  expect(await client.launch({ ...launch, exclusive: false, projectRoot: project })).toMatchObject({
    alongside: [first],
  });

  // A checkout of its own: a worktree, a submodule, another directory.
  for (const flags of [["--worktree", "--exclusive"], ["--worktree=side"]]) {
    expect(await run(flags)).toMatchObject({ code: 0, err: expect.not.stringContaining("Note:") });
  }
  repository(join(line.home.base, "inner"));
  git(project, "submodule", "--quiet", "add", join(line.home.base, "inner"), "module");
  expect((await run(["--exclusive"], join(project, "module"))).code).toBe(0);

  const second = await stay();
  const { err } = await run();
  expect(err).toMatch(
    new RegExp(`session (${short}|${second.slice(0, 8)}) .* and 1 other work in this checkout too`),
  );
  for (const id of [first, second]) await line.coven(["kill", id]);
  const after = await run(["--exclusive"]);
  expect([after.code, after.err]).toEqual([0, expect.not.stringContaining("Note:")]);
});

test("outside of git it is the same root; a restart of the daemon forgets nobody", async () => {
  const other = join(line.home.base, "other");
  mkdirSync(other);
  const first = await stay();
  expect((await run(["--exclusive"], other)).code).toBe(0);
  expect((await run(["--exclusive"])).code).toBe(125);
  expect((await line.coven(["daemon", "restart"])).code).toBe(0);
  if ((await line.home.client.session(first)).status === "running") {
    expect((await run(["--exclusive"])).code).toBe(125);
    await line.coven(["kill", first]);
  }
  expect((await run(["--exclusive"])).code).toBe(0);
  rmSync(other, { recursive: true });
});
