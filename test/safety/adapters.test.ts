// An adapter that means harm, or is broken: the daemon and everybody else go on, whoever asked hears what became of it, and nothing of it is left.
import { afterEach, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { realWorld } from "../../src/daemon/world.ts";
import { posixPtyHost } from "../../src/pty/posix.ts";
import { stopDaemon } from "../../src/supervise/lifecycle.ts";
import { ECHO, manifestOf, putAdapter } from "../support/adapter.ts";
import { daemonHome, gone } from "../support/daemon-home.ts";
import { restartInPlace } from "../support/in-place.ts";
import { runs, signalOwn } from "../support/signal.ts";
import { startTestDaemon, type TestDaemon } from "../support/test-daemon.ts";
import { notLinux, testUnless } from "../support/unless.ts";
import { until } from "../support/until.ts";

const lack = posixPtyHost() ? undefined : "not Linux, or its C library is too old";

let daemon: TestDaemon | undefined;
afterEach(async () => {
  await daemon?.close();
  daemon = undefined;
});

const READY = `if (message.method === "initialize") say({ id: message.id, result: {} });`;

/** One whose action may take so many seconds. */
const actions = (timeoutSeconds: number) =>
  (manifestOf("test", "")["actions"] as object[]).map((one) => ({ ...one, timeoutSeconds }));

/** Ten times as fast as the real one, where something is waited for. */
const HASTY = { ...realWorld, after: (ms: number, run: () => void) => realWorld.after(ms / 10, run) };

async function open(program: string, over: object = {}, world = realWorld): Promise<TestDaemon> {
  daemon = await startTestDaemon({ world, before: (dir) => putAdapter(dir, program, { ...over }) });
  return daemon;
}

type Client = TestDaemon["client"];

async function done(client: Client, text = "x") {
  const answer = await client.actions({ action: "test.act", args: { text } });
  if (!("approval" in answer)) throw new Error("done at once");
  for await (const _ of client.approvalEvents(answer.approval.id));
  return await client.approval(answer.approval.id);
}

const stateOf = async (client: Client) => {
  const [one] = (await client.adapters()).adapters;
  if (!one) throw new Error("no adapter");
  return one;
};

/** Fails with this reason, and the daemon answers all the while. */
async function fails(at: TestDaemon, reason: string, problem: RegExp): Promise<void> {
  const slowest = { ms: 0 };
  const asking = new AbortController();
  const others = (async () => {
    while (!asking.signal.aborted) {
      const began = performance.now();
      await at.client.sessions();
      slowest.ms = Math.max(slowest.ms, performance.now() - began);
      await Bun.sleep(1);
    }
  })();
  const approval = await done(at.client);
  asking.abort();
  await others;
  expect(approval).toMatchObject({
    status: "failed",
    result: { error: { code: "runtime_unavailable", details: { reason, adapter: "test" } } },
  });
  const { problem: said, state } = await stateOf(at.client);
  expect(said).toMatch(problem);
  expect(state).not.toBe("running");
  expect(slowest.ms).toBeLessThan(2_000);
}

test("floods its output without an end of line", async () => {
  const at = await open(`${READY}
    const flood = () => { while (process.stdout.write("x".repeat(65536))) {} };
    if (message.method === "action") { process.stdout.on("drain", flood); flood(); }`);
  await fails(at, "ended", /a line longer than 262144 bytes/);
});

test("floods with messages that are right, and with its errors", async () => {
  const at = await open(`${READY}
    const line = JSON.stringify({ jsonrpc: "2.0", method: "status", params: { capabilities: {} } }) + "\\n";
    const flood = () => { while (process.stdout.write(line.repeat(1000))) {} };
    if (message.method === "action") { process.stdout.on("drain", flood); flood(); }`);
  await fails(at, "ended", /more than 4194304 bytes in a minute/);
  await at.close();
  const second = await open(`${READY}
    const flood = () => { while (process.stderr.write("x".repeat(65536))) {} };
    if (message.method === "action") { process.stderr.on("drain", flood); flood(); }`);
  await fails(second, "ended", /more than 4194304 bytes in a minute/);
});

test("never answers: not at all, not its start, and not when it is told to give up", async () => {
  const at = await open(READY, { actions: actions(10) }, HASTY);
  const approval = await done(at.client);
  expect(approval).toMatchObject({ status: "failed", result: { error: { details: { reason: "timeout" } } } });
  // It is given five seconds to say that it has given up.
  await until(
    "it was ended",
    async () => (await stateOf(at.client)).problem?.startsWith("it hangs") ?? false,
  );
  await at.close();
  const silent = await open("", { actions: actions(30) }, HASTY);
  await fails(silent, "ended", /did not answer within 10 seconds of its start/);
}, 60_000);

test("gives up when it is told to: goes on, and is not ended", async () => {
  const at = await open(
    `${READY}
     if (message.method === "action" && message.params.args.text !== "late") say({ id: message.id, result: {} });
     if (message.method === "cancel") say({ id: message.params.id, error: { code: 1, message: "given up" } });`,
    { actions: actions(10) },
    HASTY,
  );
  expect(await done(at.client, "late")).toMatchObject({
    result: { error: { details: { reason: "timeout" } } },
  });
  expect(await done(at.client)).toMatchObject({ status: "completed" });
  await Bun.sleep(700); // the time in which one that hangs would have been ended
  expect(await stateOf(at.client)).toMatchObject({ state: "running", starts: 1, problem: null });
}, 30_000);

test("answers twice: the first counts; answers what nobody asked, again and again: is ended", async () => {
  const at = await open(`${READY}
    if (message.method === "action") {
      say({ id: message.id, result: { first: true } });
      say({ id: message.id, result: { first: false } });
      if (message.params.args.text === "more") for (let i = 0; i < 40; i++) say({ id: 1000 + i, result: {} });
    }`);
  const completed = { status: "completed", result: { event: { payload: { first: true } } } };
  expect(await done(at.client)).toMatchObject(completed);
  expect(await done(at.client)).toMatchObject(completed);
  expect(await stateOf(at.client)).toMatchObject({ state: "running", starts: 1 });
  expect(await done(at.client, "more")).toMatchObject(completed);
  await until(
    "it was ended",
    async () => (await stateOf(at.client)).problem === "it answers what nobody asked",
  );
});

test.each([
  ["no JSON", 'process.stdout.write("hello\\n")', /no JSON/],
  ["no UTF-8", "process.stdout.write(Buffer.from([0x22, 0xff, 0x22, 10]))", /no JSON/],
  ["no message", 'process.stdout.write("[]\\n")', /no message of the protocol/],
  ["a request of its own", 'say({ id: 1, method: "action", params: {} })', /no message of the protocol/],
  ["a result that is no object", "say({ id: message.id, result: 7 })", /no message of the protocol/],
  [
    "both a result and an error",
    'say({ id: message.id, result: {}, error: { code: 1, message: "x" } })',
    /no message/,
  ],
  ["a million brackets", 'process.stdout.write("[".repeat(200000) + "\\n")', /no JSON/],
])("malformed: %s", async (_, saying, problem) => {
  const at = await open(`${READY}\nif (message.method === "action") { ${saying} }`);
  await fails(at, "ended", problem);
});

test("a first answer that is none", async () => {
  const at = await open('say({ id: message.id, result: { capabilities: { a: "planned" } } });');
  await fails(at, "protocol", /its first answer is none/);
});

test("an answer that is huge fails by itself, and the adapter goes on", async () => {
  const at = await open(`${READY}
    if (message.method === "action") say({ id: message.id, result: { a: "x".repeat(100000) } });`);
  expect(await done(at.client)).toMatchObject({ result: { error: { details: { reason: "too_large" } } } });
  expect(await stateOf(at.client)).toMatchObject({ state: "running" });
});

test("dies again and again: started again after a pause that grows, never while it lasts, and never is anything asked twice", async () => {
  const at = await open(`${READY}
    if (message.method === "action" && message.params.args.text === "die") process.exit(3);
    if (message.method === "action") { say({ id: message.id, result: {} }); }`);
  const times: number[] = [];
  for (let i = 0; i < 3; i++) {
    expect(await done(at.client, "die")).toMatchObject({
      status: "failed",
      result: { error: { message: "The adapter test: it ended with 3.", details: { reason: "ended" } } },
    });
    times.push(performance.now());
  }
  // 1 s behind the first end, 2 s behind the second.
  expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(950);
  expect((times[2] ?? 0) - (times[1] ?? 0)).toBeGreaterThan(1_950);
  expect(await stateOf(at.client)).toMatchObject({ state: "pausing", starts: 3 });
  const { capabilities } = await at.client.capabilities();
  expect(capabilities.find(({ id }) => id === "test.things")?.status).toBe("missingSetup");
}, 30_000);

test("its last words before it ends are heard", async () => {
  const at = await open(`${READY}
    if (message.method === "action") { say({ id: message.id, result: { last: true } }); process.exit(0); }`);
  expect(await done(at.client)).toMatchObject({ result: { event: { payload: { last: true } } } });
});

/** Starts two that outlive it: one in its group, one in a session of its own, both deaf to SIGTERM and SIGHUP; says their ids. */
const FORKS = `${READY}
  if (message.method === "action") {
    const deaf = "trap '' TERM HUP; while :; do sleep 1; done";
    const pids = [false, true].map((detached) => spawn("/bin/sh", ["-c", deaf], { detached, stdio: "ignore" }).pid);
    process.on("SIGTERM", () => {}); process.on("SIGHUP", () => {});
    say({ id: message.id, result: { pids: [process.pid, ...pids] } });
    if (message.params.args.text === "die") process.exit(1);
  }`;

const pidsIn = (result: unknown): number[] =>
  JSON.parse(/"pids":(\[[^\]]*\])/.exec(JSON.stringify(result))?.[1] ?? "[]");

testUnless(notLinux)(
  "forks children that leave its session and hear no signal: gone with it, and with the daemon",
  async () => {
    const at = await open(FORKS);
    const first = pidsIn((await done(at.client, "die")).result);
    expect(first).toHaveLength(3);
    await until("they are gone", () => !first.some(runs));
    const second = pidsIn((await done(at.client)).result);
    expect(second.every(runs)).toBe(true);
    await at.close();
    expect(second.some(runs)).toBe(false);
  },
  30_000,
);

testUnless(notLinux)(
  "what a daemon that was killed has left of it is ended by the next, before it is needed again",
  async () => {
    await using home = daemonHome();
    putAdapter(home.paths.home, FORKS);
    const pid = await home.start();
    const left = pidsIn((await done(home.client)).result);
    expect(left).toHaveLength(3);
    signalOwn(pid, "SIGKILL");
    await gone(home.paths);
    await home.start();
    await until("they are gone", () => !left.some(runs), 15_000);
    expect(await stateOf(home.client)).toMatchObject({ starts: 0 });
    await stopDaemon(home.paths);
  },
  60_000,
);

testUnless(lack)(
  "a daemon that is replaced in place starts it anew when it is needed",
  async () => {
    await using home = daemonHome();
    putAdapter(home.paths.home, FORKS);
    await home.start();
    const left = pidsIn((await done(home.client)).result);
    expect(await restartInPlace(home)).toMatchObject({ refused: null });
    await until("they are gone", () => !left.some(runs), 15_000);
    const again = pidsIn((await done(home.client)).result);
    expect(again.every(runs)).toBe(true);
    await stopDaemon(home.paths);
    expect(again.some(runs)).toBe(false);
  },
  60_000,
);

test("what was under way when the daemon stopped has failed, and is not done again", async () => {
  await using home = daemonHome();
  putAdapter(home.paths.home, READY);
  await home.start();
  const answer = await home.client.actions({ action: "test.act", args: { text: "x" } });
  const id = "approval" in answer ? answer.approval.id : "";
  await until("it runs", async () => (await stateOf(home.client)).state === "running");
  await stopDaemon(home.paths);
  await home.start();
  expect(await home.client.approval(id)).toMatchObject({
    status: "failed",
    result: { error: { code: "runtime_unavailable", details: { reason: "interrupted" } } },
  });
  expect(await stateOf(home.client)).toMatchObject({ starts: 0 });
});

test("what it writes to standard error is kept in a private file, and only so much of it", async () => {
  await using home = daemonHome();
  putAdapter(
    home.paths.home,
    `${READY}
     if (message.method === "action") process.stderr.write("e".repeat(300000), () => say({ id: message.id, result: {} }));`,
  );
  await home.start();
  await done(home.client);
  const log = join(home.paths.logs, "adapter-test.log");
  await until("all of it came", () => statSync(log).size === 256 * 1024);
  expect(statSync(log).mode & 0o777).toBe(0o600);
  expect(readFileSync(home.paths.log, "utf8")).not.toContain("eee");
});

test("more at once than it may have to do, and a program that others may write", async () => {
  const at = await open(READY, { actions: actions(20) }, HASTY);
  const all = await Promise.all(Array.from({ length: 18 }, () => done(at.client)));
  const reasons = all
    .map((one) => JSON.stringify(one.result))
    .map((text) => /"reason":"(\w+)"/.exec(text)?.[1]);
  expect(reasons.filter((one) => one === "busy")).toHaveLength(2);
  expect(reasons.filter((one) => one === "timeout")).toHaveLength(16);
  await at.close();
  daemon = await startTestDaemon({
    before: (dir) => {
      putAdapter(dir, ECHO);
      const script = join(dir, "control-adapters", "test.mjs");
      expect(existsSync(script)).toBe(true);
      Bun.spawnSync(["chmod", "o+w", script]);
    },
  });
  expect(await done(daemon.client)).toMatchObject({
    result: {
      error: {
        message: expect.stringContaining("may be written by others"),
        details: { reason: "not_started" },
      },
    },
  });
  expect(readdirSync(daemon.dir)).toContain("control-adapters");
}, 30_000);
