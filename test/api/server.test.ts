// Holds what the server does over its life: keys that repeat, shutting down, what it writes down and what it never does.
import { afterEach, expect, test } from "bun:test";
import { connect } from "node:net";
import { startServer } from "../../src/api/server.ts";
import { ControlPlane } from "../../src/control/plane.ts";
import { realWorld } from "../../src/daemon/world.ts";
import { ask, connected, request } from "../support/raw.ts";
import { rejectionOf } from "../support/refusal.ts";
import { startTestDaemon, type TestDaemon } from "../support/test-daemon.ts";
import { until } from "../support/until.ts";

const daemons: TestDaemon[] = [];
async function open(): Promise<TestDaemon> {
  const daemon = await startTestDaemon();
  daemons.push(daemon);
  return daemon;
}
afterEach(async () => {
  for (const daemon of daemons.splice(0)) await daemon.close();
});

test("one Idempotency-Key is one session, however many ask at once; another key is another", async () => {
  const daemon = await open();
  const body = { projectRoot: daemon.project, harness: "codex", prompt: "exec cat" };
  const launch = (idempotencyKey: string) => daemon.client.launch(body, { idempotencyKey });
  const same = await Promise.all(Array.from({ length: 20 }, () => launch("a")));
  expect(new Set(same.map((session) => session.id)).size).toBe(1);
  expect((await launch("b")).id).not.toBe(same[0]?.id);
  expect(daemon.coven.running()).toHaveLength(2);
  // Blank is no key.
  const blank = () => ask(daemon.socket, "POST /sessions", JSON.stringify(body), { "Idempotency-Key": " " });
  expect([(await blank()).status, (await blank()).status]).toEqual([201, 201]);
  const long = await rejectionOf(launch("x".repeat(256)));
  expect(long).toMatchObject({ code: "invalid_request", details: { field: "Idempotency-Key" } });
});

test("a key whose launch was refused is free again", async () => {
  const daemon = await open();
  const body = { projectRoot: daemon.project, harness: "codex", prompt: "exit 0" };
  await rejectionOf(daemon.client.launch({ ...body, cwd: "missing" }, { idempotencyKey: "k" }));
  expect((await daemon.client.launch(body, { idempotencyKey: "k" })).status).toBe("running");
});

test("the environment of a launch: laid over, or the whole of it", async () => {
  const daemon = await open();
  const script = 'echo "[$A][$HOME][$COVEN_SESSION_ID]"';
  const printed = async (over: object) => {
    const { id } = await daemon.launch(script, over);
    await daemon.settled(id);
    const text = (await daemon.client.events(id)).events.map(
      (event) => JSON.parse(event.payload_json).data ?? "",
    );
    return text.join("").replace(id, "<id>");
  };
  expect(await printed({ env: { A: "1", COVEN_SESSION_ID: "forged" } })).toBe(`[1][${daemon.dir}][<id>]\r\n`);
  const PATH = `${daemon.dir}/bin:/usr/bin:/bin`;
  expect(await printed({ env: { A: "1", PATH }, inheritEnv: false })).toBe("[1][][<id>]\r\n");
});

test("successes are not logged, refusals are, and neither prompt, input, output nor environment ever is", async () => {
  const daemon = await open();
  const secrets = { prompt: "echo PROMPTSECRET", env: { TOKEN: "ENVSECRET" } };
  const { id } = await daemon.client.launch({ projectRoot: daemon.project, harness: "codex", ...secrets });
  await daemon.settled(id);
  await daemon.client.events(id);
  await daemon.client.health();
  expect(daemon.log.map((line) => line.event)).toEqual(["session_started", "session_settled"]);
  await rejectionOf(daemon.client.input(id, "INPUTSECRET"));
  await ask(daemon.socket, "POST /sessions", '{"prompt":"BROKENSECRET');
  await ask(
    daemon.socket,
    "POST /sessions",
    '{"projectRoot":{"a":"BROKENSECRET"},"env":{"K":["ENVSECRET"]}}',
  );
  await ask(daemon.socket, "GET /nowhere?token=QUERYSECRET");
  expect(daemon.log.slice(2).map((line) => line.event)).toEqual(Array(4).fill("request_refused"));
  expect(JSON.stringify(daemon.log)).not.toContain("SECRET");
});

test("every refusal carries its request id in a header, and the log has it", async () => {
  const daemon = await open();
  const answers = await Promise.all([1, 2, 3].map((i) => ask(daemon.socket, `GET /nowhere/${i}`)));
  const ids = answers.map((answer) => answer.headers["x-request-id"]);
  expect(new Set(ids).size).toBe(3);
  expect(daemon.log.map((line) => line.fields["requestId"]).toSorted()).toEqual(ids.toSorted());
});

test("stop: what is under way is finished, nobody new comes in, and idle connections do not hold it up", async () => {
  const daemon = await open();
  const unix = `${daemon.dir}/other.sock`;
  const { coven, ledger, approvals, identity, monitor } = daemon;
  const harnesses = () => [];
  const log = { info() {}, warn() {}, error() {} };
  const world = realWorld;
  const server = startServer({
    unix,
    coven,
    ledger,
    harnesses,
    control: new ControlPlane({ policies: [], log, world, store: approvals }),
    isOwner: () => false,
    familiars: () => [],
    earlier: {
      waiting: () => undefined,
      importSome: () => ({ sessions: 0, events: 0, present: 0, more: false, skipped: [] }),
    },
    identity,
    version: "0",
    log,
    world,
    monitor,
    shutdown() {},
    notifications: { test() {}, last: () => null },
    restart: { inPlace: false, request() {}, state: () => null },
  });
  const idle = await connected(unix);
  idle.write(request("GET /health"));
  await new Promise((answered) => idle.once("data", answered));
  const body = '{"action":"coven.capabilities.refresh"}';
  const slow = await connected(unix);
  let answer = "";
  const ended = new Promise((over) =>
    slow.on("data", (chunk: Buffer) => (answer += chunk)).once("end", over),
  );
  // The 100 says that the head has arrived: from here on this request is under way.
  slow.write(request("POST /actions", body, { Expect: "100-continue" }).slice(0, -5));
  await until("it is under way", () => answer.includes("100 Continue"));
  const began = performance.now();
  const stopped = server.stop();
  slow.write(body.slice(-5));
  await stopped;
  await until("it was answered", () => answer.includes(" 200 OK"));
  expect(performance.now() - began).toBeLessThan(1_000);
  const refused = await new Promise<string>((resolve) => {
    connect(unix)
      .once("error", (error) => resolve(error.message))
      .once("connect", () => resolve("connected"));
  });
  expect(refused).toMatch(/ENOENT|ECONNREFUSED/);
  await server.stop(true);
  await ended;
  idle.destroy();
});

test("the 202 of a shutdown is out before anything stops", async () => {
  const daemon = await open();
  const { id } = await daemon.launch("exec sleep 60");
  const following = daemon.client.eventStream(id)[Symbol.asyncIterator]();
  const kinds: string[] = [];
  const followed = (async () => {
    for (let next = await following.next(); !next.done; next = await following.next())
      kinds.push(next.value.kind);
  })();
  expect(await daemon.client.shutdown({ pid: daemon.identity.pid, force: true })).toEqual({
    ok: true,
    accepted: true,
  });
  await daemon.coven.close();
  await followed;
  expect(kinds.at(-1)).toBe("exit");
  expect(kinds).toContain("kill");
});
