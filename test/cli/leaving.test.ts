// Holds how `coven run` and `coven attach` are left before the end: Ctrl-C, SIGTERM, SIGHUP, and a daemon that dies.
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Session } from "../../src/session/session.ts";
import { type CommandLine, commandLine, type Running } from "../support/command-line.ts";
import { runs, signalOwn } from "../support/signal.ts";
import { until } from "../support/until.ts";

let line: CommandLine;

beforeAll(() => {
  line = commandLine();
  line.home.script("codex", "trap 'exit 7' HUP TERM; echo ready; while :; do sleep 0.05; done");
});

afterAll(() => line[Symbol.asyncDispose]());

async function record(id: string): Promise<Session> {
  return line.home.client.session(id);
}

async function ready(running: Running): Promise<Session> {
  await until("the harness is ready", () => running.out().includes("ready"));
  const session = (await line.home.client.sessions()).find((one) => one.status === "running");
  if (!session) throw new Error("nothing is running");
  return session;
}

test("Ctrl-C ends the session and leaves with 130, once the session has really ended", async () => {
  const running = line.begin(["run", "codex", "slow"]);
  const session = await ready(running);
  running.kill("SIGINT");
  const { code, err } = await running.left;
  expect(code).toBe(130);
  expect(err).toContain("Ending session");
  expect((await record(session.id)).status).toBe("killed");
});

for (const [signal, expected] of [
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const) {
  test(`${signal} to run leaves the session alone and says how to come back`, async () => {
    const running = line.begin(["run", "codex", "slow"]);
    const session = await ready(running);
    running.kill(signal);
    const { code, err } = await running.left;
    expect(code).toBe(expected);
    expect(err).toContain(`Come back:  coven attach ${session.id.slice(0, 8)}\n`);
    expect((await record(session.id)).status).toBe("running");
    // Attach shows it from the beginning, and Ctrl-C there only stops watching.
    const watching = line.begin(["attach", session.id]);
    await ready(watching);
    watching.kill("SIGINT");
    expect((await watching.left).code).toBe(130);
    expect((await record(session.id)).status).toBe("running");
    await line.coven(["kill", session.id]);
  });
}

test("attach to a live session follows it to its end and leaves with its code", async () => {
  const id = (await line.coven(["run", "codex", "slow", "--detach"])).out.trim();
  const watching = line.begin(["attach", id]);
  await ready(watching);
  await line.coven(["kill", id]);
  const { code, err, out } = await watching.left;
  // The trap ends it with 7; the shell may say "Hangup" of the sleep it waited for.
  expect([code, out.split("\n")[0]]).toEqual([7, "ready"]);
  expect(err).toContain("Killed after");
});

test("a daemon killed under a run is told plainly; the next command starts another and shows what was kept", async () => {
  const running = line.begin(["run", "codex", "slow"]);
  const session = await ready(running);
  const { daemon } = await line.home.client.health();
  if (!daemon) throw new Error("no daemon");
  signalOwn(daemon.pid, "SIGKILL");
  const { code, err } = await running.left;
  expect(code).toBe(125);
  expect(err).toContain("Error: The daemon went away while the session was running.\nTry: coven attach ");
  expect(err).not.toMatch(/^\s+at /m);
  const after = await line.coven(["attach", session.id]);
  expect(after.err).toContain("Started the Coven daemon");
  expect(after.err).toContain("Orphaned: the daemon ended while this session was running.");
  expect([after.code, after.out]).toEqual([125, "ready\n"]);
  if (session.pid !== null) {
    const pid = session.pid;
    await until("what was left of it is gone", () => !runs(pid));
  }
});
