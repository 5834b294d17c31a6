// A hostile client on the socket (of our own user: nobody else gets there). It may waste its own time and memory, never that
// of others; what it sends is an answer with a code or a closed connection, never a crash, a hang or an internal error.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Socket } from "node:net";
import { ask, connected, exchange, request } from "../support/raw.ts";
import { startTestDaemon, type TestDaemon } from "../support/test-daemon.ts";
import { until } from "../support/until.ts";

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startTestDaemon();
});
afterAll(() => daemon.close());

const MB = 1024 * 1024;
const healthy = async () => (await ask(daemon.socket, "GET /health")).status === 200;
const failures = () => daemon.log.filter((line) => line.event === "request_failed");

/** Connections in turns: the kernel's queue of those not yet accepted is short. */
async function many(count: number): Promise<Socket[]> {
  const all: Socket[] = [];
  while (all.length < count) {
    all.push(...(await Promise.all(Array.from({ length: 100 }, () => connected(daemon.socket)))));
  }
  return all;
}

test("two thousand connections that say nothing, or one byte a while, cost little and delay nobody", async () => {
  const before = process.memoryUsage.rss();
  const silent = await many(2_000);
  for (const [n, peer] of silent.entries()) peer.write("GET /health HTTP/1.1\r\nX: ".slice(0, 1 + (n % 24)));
  const began = performance.now();
  for (let i = 0; i < 50; i++) expect(await healthy()).toBe(true);
  expect(performance.now() - began).toBeLessThan(2_000);
  // Both ends of each are in this process.
  expect(process.memoryUsage.rss() - before).toBeLessThan(200 * MB);
  for (const peer of silent) peer.destroy();
  expect(await healthy()).toBe(true);
}, 30_000);

describe("bodies", () => {
  const bodies: [string, () => string | Uint8Array][] = [
    ["arrays a million deep", () => "[".repeat(1_000_000)],
    ["objects a hundred thousand deep", () => '{"a":'.repeat(100_000)],
    ["deep where a member is expected", () => `{"projectRoot":${"[".repeat(50_000)}${"]".repeat(50_000)}}`],
    [
      "a hundred thousand members",
      () => `{${Array.from({ length: 100_000 }, (_, i) => `"m${i}":1`).join(",")}}`,
    ],
    [
      // The answer named every one of them: eight megabytes for one.
      "a hundred thousand variables that are no strings",
      () =>
        `{"projectRoot":"/","harness":"codex","prompt":"x","env":{${Array.from({ length: 100_000 }, (_, i) => `"m${i}":1`).join(",")}}}`,
    ],
    ["a number no number can hold", () => `{"projectRoot":"/","harness":"codex","prompt":"x","cols":1e999}`],
    [
      "members that are everybody's prototype",
      () => '{"__proto__":{"projectRoot":"/"},"constructor":{"prototype":{}}}',
    ],
    ["half a surrogate", () => '{"projectRoot":"\\ud800","harness":"codex","prompt":"\\udc00"}'],
    ["no UTF-8", () => new Uint8Array([0x22, 0xff, 0xfe, 0x22])],
    ["NUL everywhere", () => '{"projectRoot":"/\\u0000","harness":"\\u0000","prompt":"\\u0000"}'],
    [
      "a prompt of four megabytes for no harness",
      () => JSON.stringify({ projectRoot: "/", harness: "none", prompt: "x".repeat(4 * MB - 100) }),
    ],
    ["one byte too many", () => " ".repeat(4 * MB + 1)],
  ];
  test.each(bodies)("%s", async (_name, make) => {
    const body = Buffer.from(make());
    const head = request("POST /api/v1/sessions", undefined, { "Content-Length": String(body.length) });
    const { answers } = await exchange(daemon.socket, [head, body], { halfClose: true });
    const [answer] = answers;
    expect([400, 413]).toContain(Number(answer?.status));
    expect(Object.keys(JSON.parse(answer?.body ?? "").error)).toContain("code");
    // What was sent is not sent back at length.
    expect(Number(answer?.body.length)).toBeLessThan(64 * 1024);
    expect({ failed: failures(), healthy: await healthy() }).toEqual({ failed: [], healthy: true });
  });
});

describe("ids and cursors", () => {
  const id = "00000000-0000-4000-8000-000000000000";
  const targets = [
    ...[
      "..",
      "%2e%2e",
      "%2e%2e%2fhealth",
      "%00",
      "%0a",
      "%ff",
      "%",
      "a%2fb",
      "' OR 1=1 --",
      "x".repeat(129),
    ].map((odd) => `/sessions/${encodeURI(odd).replaceAll("%25", "%")}`),
    `/sessions/${id}/events?afterSeq=1e3`,
    ...[
      "9007199254740993",
      "-9223372036854775809",
      "0x10",
      "1.5",
      "NaN",
      "%00",
      "1;DROP TABLE event_rows",
      "",
    ].map((seq) => `/events?sessionId=REAL&afterSeq=${encodeURIComponent(seq)}`),
    ...["", "%00", "e30=", "eyJuIjotMX0=", "AAAA", "..", "x".repeat(5_000), "eyJuIjoxZTk5OX0="].map(
      (cursor) => `/sessions?limit=5&cursor=${cursor}`,
    ),
    "/sessions?limit=0&limit=5",
    "/events?sessionId=REAL&afterEventId='%20OR%201=1%20--&limit=99999999999999999999",
    "/events?sessionId=REAL&beforeSeq=-1&afterSeq=-1",
    "/sessions/REAL/output?afterSeq=99999999999999999999999",
  ];
  test.each(targets)("%s", async (target) => {
    const real = daemon.finished(["mine"]).id;
    const { answers } = await exchange(daemon.socket, request(`GET ${target.replace("REAL", real)}`), {
      halfClose: true,
    });
    for (const { status, body } of answers) {
      expect([200, 400, 404]).toContain(status);
      if (status !== 200)
        expect(JSON.parse(body).error.code).toMatch(/^(invalid_request|session_not_found|not_found)$/);
    }
    expect({ failed: failures(), healthy: await healthy() }).toEqual({ failed: [], healthy: true });
  });
});

test("a client that sends its body byte by byte, and ten that never finish, keep nobody waiting", async () => {
  const slow = await many(100);
  for (const peer of slow) peer.write(request("POST /sessions", undefined, { "Content-Length": "4000000" }));
  const sending = setInterval(() => {
    for (const peer of slow) peer.write("x");
  }, 5);
  const began = performance.now();
  const session = await daemon.launch("exit 0");
  await daemon.settled(session.id);
  expect(performance.now() - began).toBeLessThan(3_000);
  clearInterval(sending);
  for (const peer of slow) peer.destroy();
  expect(await healthy()).toBe(true);
});

test("attach: what is no frame, no message, or too large ends that one connection and no other", async () => {
  const { id } = await daemon.launch("exec cat");
  const upgrade = request(`GET /sessions/${id}/attach`, undefined, {
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
  });
  const frames = [
    Buffer.from([0x81, 0x05, 1, 2, 3, 4, 5]), // not masked
    Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), // reserved bits, a length beyond all
    Buffer.from([0x82, 0xfe, 0xff, 0xff, 0, 0, 0, 0]), // 64 KiB announced, none sent
    Buffer.from([0x89, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]), // a ping larger than a control frame may be
    Buffer.from([0x83, 0x80, 0, 0, 0, 0]), // an opcode nobody has defined
    Buffer.from([0x88, 0x81, 0, 0, 0, 0, 1]), // a close with half a code
    Buffer.from([0x01, 0x81, 0, 0, 0, 0, 0xff, 0x80, 0x81, 0, 0, 0, 0, 0xfe]), // fragments that are no UTF-8 together
  ];
  for (const frame of frames) {
    const peer = await connected(daemon.socket);
    peer.on("error", () => {});
    peer.write(upgrade);
    await new Promise((upgraded) => peer.once("data", upgraded));
    peer.write(frame);
    peer.write(Buffer.alloc(1_000, 0x55));
    expect(await healthy()).toBe(true);
    peer.destroy();
  }
  expect(daemon.coven.isLive(id)).toBe(true);
  daemon.coven.kill(id);
  await daemon.settled(id);
  await until("nobody watches", () => daemon.watchers() === 0);
  expect(failures()).toEqual([]);
});
