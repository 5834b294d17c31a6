// A daemon of 0.4.6 on the socket: one refusal before anything is launched, and a way out that asks before it ends anything.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { type CommandLine, commandLine } from "../support/command-line.ts";
import { runs, signalOwn } from "../support/signal.ts";
import { notLinux, testUnless } from "../support/unless.ts";
import { answering, type EarlierDaemon, notPublished, published } from "./earlier.ts";

let line: CommandLine;
let earlier: EarlierDaemon | undefined;
beforeEach(() => {
  line = commandLine();
});
afterEach(async () => {
  if (earlier && runs(earlier.pid)) signalOwn(earlier.pid, "SIGKILL");
  earlier = undefined;
  await line[Symbol.asyncDispose]();
});

const REFUSAL = "The running daemon is coven 0.4.6, an earlier one that this command can't use.";

test("every other command refuses once, before it asks for anything", async () => {
  earlier = await answering(line, 1);
  for (const words of [
    ["run", "demo", "hi"],
    ["sessions"],
    ["kill", "s1234"],
    ["send", "s1234", "x"],
    ["daemon", "start"],
  ]) {
    const { code, out, err } = await line.coven(words);
    // 1 may be the agent's own where one is run.
    expect([words[0], code, out]).toEqual([words[0], words[0] === "run" ? 125 : 1, ""]);
    expect(err).toStartWith(
      `Error: ${REFUSAL}\nTry: coven daemon restart   (asks before it ends live sessions)\n`,
    );
  }
  expect(earlier.asked()).toBe("");
  expect((await line.coven(["doctor"])).out).toContain("an earlier coven, which this one can't use");
});

test.each(["restart", "stop"])("%s lists its live sessions and, forced, ends it by SIGTERM", async (verb) => {
  earlier = await answering(line, 2);
  const { pid } = earlier;
  const asks = await line.coven(["daemon", verb]);
  expect(asks.code).toBe(1);
  expect(asks.err).toContain(
    "2 sessions are running and would be ended:\n  s1  codex  t1\n  s2  codex  t2\n",
  );
  expect(runs(pid)).toBe(true);
  const forced = await line.coven(["daemon", verb, "--force"]);
  expect([forced.code, forced.out]).toEqual([
    0,
    expect.stringContaining(verb === "stop" ? "Coven daemon: stopped" : "Coven daemon: restarted"),
  ]);
  expect(runs(pid)).toBe(false);
  if (verb === "restart") expect(await line.home.client.sessions()).toEqual([]);
});

test("without live sessions it asks for nothing; what somebody else runs is not its own", async () => {
  earlier = await answering(line, 0);
  expect((await line.coven(["daemon", "restart"])).code).toBe(0);
  expect(runs(earlier.pid)).toBe(false);
});

testUnless(notLinux)("who claims to be another process is left alone, and so is that one", async () => {
  const other = Bun.spawn(["sleep", "60"]);
  try {
    earlier = await answering(line, 0, other.pid);
    const { code, err } = await line.coven(["daemon", "restart", "--force"]);
    expect([code, err]).toEqual([
      1,
      expect.stringContaining("the system says otherwise. It was left alone."),
    ]);
    expect([runs(other.pid), runs(earlier.pid)]).toEqual([true, true]);
  } finally {
    other.kill();
  }
});

testUnless(notPublished)(
  "the published 0.4.6: from its daemon to ours and back",
  async () => {
    line.home.script("codex", 'echo "codex got $*"; sleep 600');
    expect(published(line, ["daemon", "start"]).code).toBe(0);
    const pid = JSON.parse(published(line, ["daemon", "status", "--json"]).out).pid;
    expect((await line.coven(["run", "demo", "hi"])).err).toContain(REFUSAL);
    const restarted = await line.coven(["daemon", "restart"]);
    expect([restarted.code, restarted.out]).toEqual([0, expect.stringContaining("Coven daemon: restarted")]);
    expect(runs(pid)).toBe(false);
    expect((await line.coven(["run", "demo", "say hi"])).code).toBe(0);
    // Its own words still work on our daemon.
    expect(published(line, ["daemon", "status"]).out).toContain("Coven daemon: running");
    expect(published(line, ["daemon", "start"]).out).toContain("Coven daemon: running");
    expect(published(line, ["doctor"]).out).toContain("[OK] Running (pid ");
    expect((await line.coven(["daemon", "stop"])).code).toBe(0);
    expect(published(line, ["daemon", "start"]).code).toBe(0);
    expect(published(line, ["sessions", "--json"]).code).toBe(0);
    expect((await line.coven(["daemon", "stop"])).code).toBe(0);
  },
  30_000,
);

test("a daemon.json that can't be understood is named by doctor", async () => {
  await line.home.start();
  writeFileSync(line.home.paths.identity, "{half");
  const { out } = await line.coven(["doctor"]);
  expect(out).toContain(`warning  files      ${line.home.paths.identity} can't be understood`);
});
