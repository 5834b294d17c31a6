// Holds that the commands of the published 0.4.6 which people still have in scripts find our daemon, and leave it as it is.
import { afterAll, beforeAll, expect } from "bun:test";
import { type CommandLine, commandLine } from "../support/command-line.ts";
import { testUnless } from "../support/unless.ts";
import { notPublished, PUBLISHED } from "./earlier.ts";

const published = testUnless(notPublished);
let line: CommandLine;
beforeAll(() => {
  line = commandLine();
});
afterAll(() => line[Symbol.asyncDispose]());

/** `coven …` of 0.4.6 in the same home. */
async function theirs(...words: string[]): Promise<{ code: number; out: string }> {
  const child = Bun.spawn([PUBLISHED, ...words], {
    cwd: line.home.project,
    env: { HOME: line.home.base, COVEN_HOME: line.home.paths.home, PATH: `${line.home.bin}:/usr/bin:/bin` },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, code] = await Promise.all([new Response(child.stdout).text(), child.exited]);
  return { code, out };
}

published("daemon status, daemon start and doctor of 0.4.6: our daemon runs, and goes on", async () => {
  line.home.script("codex", "exec sleep 600");
  const ours = await line.coven(["daemon", "start"]);
  const [first = ""] = ours.out.split("\n");
  const session = (await line.coven(["run", "codex", "hi", "--detach"])).out.trim();
  for (const words of [
    ["daemon", "status"],
    ["daemon", "start"],
  ]) {
    expect(await theirs(...words)).toEqual({ code: 0, out: `${first}\n` });
  }
  const { daemon } = await line.home.client.health();
  const { code, out } = await theirs("daemon", "status", "--json");
  expect(code).toBe(0);
  expect(JSON.parse(out)).toEqual({
    ...{ ok: true, status: "running", pid: daemon?.pid, socket: daemon?.socket },
    started_at: daemon?.startedAt,
  });
  expect((await theirs("doctor")).out).toContain(
    `[OK] Running (pid ${daemon?.pid}, socket ${daemon?.socket})`,
  );
  expect((await line.coven(["daemon", "status"])).out).toStartWith(first);
  expect((await line.home.client.session(session)).status).toBe("running");
});
