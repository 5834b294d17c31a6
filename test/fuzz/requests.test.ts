// Requests made of valid ones and chance, against the real server: each gets an answer of the contract or a closed
// connection, nothing is an internal error, and the next client is served.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { ROUTES } from "../../src/api/routes/table.ts";
import { ERROR_CODES } from "../../src/errors.ts";
import { ask, connected, request } from "../support/raw.ts";
import { startTestDaemon, type TestDaemon } from "../support/test-daemon.ts";
import { type Chance, rounds, TIMEOUT_MS } from "./random.ts";

let daemon: TestDaemon;
let live: string;
let done: string;
beforeAll(async () => {
  daemon = await startTestDaemon();
  live = (await daemon.launch("exec cat > /dev/null")).id;
  done = daemon.finished(["one\r\n", "two\r\n"]).id;
});
afterAll(() => daemon.close());

test(
  "requests",
  async () => {
    const count = await rounds(async (chance) => {
      const wires = Array.from({ length: 10 }, () => wire(chance));
      await Promise.all(wires.map((bytes) => converse(bytes, chance)));
      expect((await ask(daemon.socket, "GET /api/v1/health")).status).toBe(200);
      const failed = daemon.log.filter(
        ({ event }) => event === "request_failed" || event === "uncaught_exception",
      );
      expect(failed).toEqual([]);
    });
    expect(count).toBeGreaterThan(0);
  },
  TIMEOUT_MS,
);

/** One request, more or less. */
function wire(chance: Chance): Buffer {
  const routes = Object.values(ROUTES);
  const route = routes[chance.below(routes.length)] ?? ROUTES.health;
  const id = chance.one([live, done, "none", chance.text(10)]);
  const prefix = chance.one(["/api/v1", "", "/api/v1", "/api/v2", `/${chance.text(3)}`]);
  const method = chance.maybe(0.9) ? route.method : chance.one(["PUT", "HEAD", "OPTIONS", "TRACE", "PATCH"]);
  const names = [
    "sessionId",
    "afterSeq",
    "beforeSeq",
    "limit",
    "cursor",
    "follow",
    "mode",
    "cols",
    "afterEventId",
  ] as const;
  const query = Array.from({ length: chance.below(4) }, () => {
    const value = chance.one([live, done, "0", "-1", "1e9", "99999999999999999999", chance.text(6)]);
    return `${chance.one<string>([...names])}=${encodeURIComponent(value.toWellFormed())}`;
  });
  const target = `${prefix}${route.path.replace(":id", encodeURIComponent(id.toWellFormed()))}?${query.join("&")}`;
  const body = route.method === "POST" ? bodyFor(chance) : undefined;
  const headers = {
    ...(chance.maybe(0.2) ? { Accept: "text/event-stream" } : {}),
    ...(chance.maybe(0.1) ? { "Last-Event-ID": chance.one(["1", "-5", "x"]) } : {}),
    ...(chance.maybe(0.1) ? { "Content-Length": chance.one(["0", "-1", "99999999999", "x"]) } : {}),
    ...(chance.maybe(0.1)
      ? { "Transfer-Encoding": chance.one(["chunked", "gzip", "chunked, chunked"]) }
      : {}),
    Connection: "close",
  };
  const whole = Buffer.from(request(`${method} ${target}`, body, headers), "latin1");
  return chance.maybe(0.5) ? chance.mutated(whole) : whole;
}

/** Mostly what could be meant; `claude` of this daemon prints its arguments and ends, so a launch that succeeds is harmless. */
function bodyFor(chance: Chance): string {
  const plain: Record<string, unknown> = {
    projectRoot: daemon.project,
    harness: chance.one(["claude", "claude", "nobody"]),
    prompt: chance.text(20),
    action: "coven.capabilities.refresh",
    data: chance.text(20),
    cols: chance.below(1_200),
    rows: chance.below(1_200),
    pid: 1,
  };
  const over = Object.fromEntries(
    Object.keys(plain)
      .filter(() => chance.maybe(0.2))
      .map((name) => [name, chance.json(3)]),
  );
  const value = chance.maybe(0.9) ? { ...plain, ...over, [chance.text(5)]: chance.json(3) } : chance.json(4);
  return Buffer.from(JSON.stringify(value) ?? "").toString("latin1");
}

/** Sends it, whole or in pieces, and reads what comes for a while; a client that stays silent hangs up. */
async function converse(bytes: Buffer, chance: Chance): Promise<void> {
  const peer = await connected(daemon.socket);
  const heard: Buffer[] = [];
  const over = new Promise<void>((resolve) => {
    for (const event of ["end", "error", "close"]) peer.once(event, () => resolve());
    peer.on("data", (chunk: Buffer) => heard.push(chunk));
  });
  const cut = chance.below(bytes.length + 1);
  peer.write(bytes.subarray(0, cut));
  peer.write(bytes.subarray(cut));
  if (chance.maybe(0.8)) peer.end();
  // Streams stay, and half a request is waited for: then it is this client that goes.
  await Promise.race([over, Bun.sleep(20)]);
  peer.destroy();
  const text = Buffer.concat(heard).toString("latin1");
  const [head = ""] = text.split("\r\n\r\n", 1);
  const status = Number(/^HTTP\/1\.[01] (\d+)/.exec(head)?.[1] ?? 0);
  const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
  const body = Buffer.concat(heard).subarray(head.length + 4, head.length + 4 + length);
  // What Bun's own parser refuses has no body of ours; of what was still coming when this client went there is no whole one.
  if (status < 400 || !/content-type: application\/json/i.test(head) || body.length < length) return;
  const answer: { error?: { code?: string } } = JSON.parse(body.toString());
  const codes: readonly string[] = ERROR_CODES;
  if (!codes.includes(answer.error?.code ?? "") || answer.error?.code === "internal_error") {
    throw new Error(`${JSON.stringify(bytes.toString("latin1"))} was answered ${JSON.stringify(text)}`);
  }
}
