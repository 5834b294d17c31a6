// The client's end of attach against a daemon that breaks off where the test wants: each key once, in order, or refused aloud.
import { afterAll, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ServerWebSocket } from "bun";
import { type AttachFrame, covenClient } from "../../src/api/client.ts";
import { until } from "../support/until.ts";

const dir = mkdtempSync(join(tmpdir(), "cv-at-"));
const path = join(dir, "s.sock");
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Each connection in turn: what it was sent, and what it asked for. */
interface Connection {
  readonly socket: ServerWebSocket<{ readonly query: URLSearchParams }>;
  readonly query: URLSearchParams;
  readonly keys: string[];
  readonly texts: string[];
  say(frame: Record<string, unknown>): void;
}
let connections: Connection[] = [];
let server: Bun.Server<{ query: URLSearchParams }> | undefined;

function listen(): void {
  rmSync(path, { force: true });
  server = Bun.serve<{ query: URLSearchParams }>({
    unix: path,
    fetch(request, self) {
      const query = new URL(request.url, "http://coven").searchParams;
      return self.upgrade(request, { data: { query } }) ? undefined : new Response("", { status: 400 });
    },
    websocket: {
      open(socket) {
        const say = (frame: Record<string, unknown>) => void socket.sendText(JSON.stringify(frame));
        connections.push({ socket, query: socket.data.query, keys: [], texts: [], say });
      },
      message(socket, message) {
        const at = connections.find((one) => one.socket === socket);
        if (typeof message === "string") at?.texts.push(message);
        else at?.keys.push(Buffer.from(message).toString());
      },
    },
  });
}
beforeEach(async () => {
  await server?.stop(true);
  connections = [];
  listen();
});
afterAll(() => server?.stop(true));

const shown = (typed?: number | null, status = "running") => ({
  type: "attached",
  session: { status },
  asOfSeq: 1,
  cols: 80,
  rows: 24,
  ...(typed === undefined ? {} : { typed }),
});

function attach(size = { cols: 80, rows: 24 }) {
  const said: string[] = [];
  const client = covenClient(path).attach("x", {
    size,
    frame: (frame: Exclude<AttachFrame, { type: "screen" | "typed" }>) => void said.push(frame.type),
    bytes: () => {},
    away: () => void said.push("away"),
    refused: (bytes, lost) => void said.push(`${lost ? "lost" : "refused"} ${bytes}`),
    closed: () => void said.push("closed"),
  });
  return { client, said, type: (text: string) => client.type(Buffer.from(text)) };
}
const connection = (number: number) =>
  until(`connection ${number}`, () => connections[number - 1]) as Promise<Connection>;
const has = (at: Connection, ...keys: string[]) =>
  until(`it has ${keys}`, () => at.keys.length >= keys.length).then(() => expect(at.keys).toEqual(keys));

test("what was not taken is sent again, what was is not, and what is typed meanwhile follows", async () => {
  const { client, said, type } = attach();
  const one = await connection(1);
  one.say(shown(null));
  for (const key of ["a", "b", "c"]) type(key);
  await has(one, "a", "b", "c");
  one.say({ type: "typed", count: 1 });
  one.say({ type: "restarting" });
  await until("it looks for its daemon", () => said.includes("away"));
  type("d");
  const two = await connection(2);
  expect(two.query.get("client")).toBe(one.query.get("client"));
  // Nothing is sent before it is known what was taken.
  type("e");
  two.say(shown(2));
  await has(two, "c", "d", "e");
  two.say({ type: "typed", count: 5 });
  two.socket.close(1012);
  const three = await connection(3);
  three.say(shown(5));
  type("f");
  await has(three, "f");
  expect(said).toEqual(["attached", "restarting", "away", "attached", "away", "attached"]);
  client.close();
});

test("a daemon that crashed knows nothing of it: what was on its way is not sent again, and said to be lost", async () => {
  const { client, said, type } = attach();
  const one = await connection(1);
  one.say(shown(null));
  type("taken");
  type("on its way");
  await has(one, "taken", "on its way");
  one.say({ type: "typed", count: 1 });
  one.socket.terminate();
  await until("it looks for its daemon", () => said.includes("away"));
  type("later");
  const two = await connection(2);
  two.say(shown(null));
  await has(two, "later");
  // It counts from one again.
  two.say({ type: "typed", count: 1 });
  two.socket.close(1012);
  const three = await connection(3);
  three.say(shown(1));
  type("last");
  await has(three, "last");
  expect(said.filter((word) => word.startsWith("lost"))).toEqual(["lost 10"]);
  client.close();
});

test("a daemon that counts nothing is sent each key once", async () => {
  const { client, said, type } = attach();
  const one = await connection(1);
  type("early");
  one.say(shown());
  await has(one, "early");
  type("a");
  await has(one, "early", "a");
  one.say({ type: "restarting" });
  await until("it looks for its daemon", () => said.includes("away"));
  type("b");
  const two = await connection(2);
  two.say(shown());
  await has(two, "b");
  expect(said.filter((word) => /lost|refused/.test(word))).toEqual([]);
  client.close();
});

test("more than may wait is refused aloud, from the first piece that does not fit, and the size is the last one", async () => {
  const { client, said, type } = attach();
  const one = await connection(1);
  one.say(shown(null));
  await until("it is attached", () => said.includes("attached"));
  await server?.stop(true);
  await until("it looks for its daemon", () => said.includes("away"));
  const piece = "p".repeat(400_000);
  for (let i = 0; i < 3; i++) type(piece);
  type("small");
  client.resize({ cols: 100, rows: 30 });
  expect(said.filter((word) => word.startsWith("refused"))).toEqual(["refused 400000", "refused 5"]);
  listen();
  const two = await connection(2);
  expect([two.query.get("cols"), two.query.get("rows")]).toEqual(["100", "30"]);
  two.say(shown(0));
  await until("it is attached again", () => said.filter((word) => word === "attached").length === 2);
  type("after");
  await until("all of it", () => two.keys.join("").endsWith("after"));
  expect(two.keys.join("")).toBe(`${piece}${piece}after`);
  client.close();
});

// Regression: whoever attached for the first time while the daemon was being replaced was told that it had gone.
test("a first attach while nobody listens waits for who does, and what was typed arrives", async () => {
  await server?.stop(true);
  const { client, said, type } = attach();
  type("early");
  await until("it looks for its daemon", () => said.includes("away"));
  listen();
  const one = await connection(1);
  one.say(shown(null));
  await has(one, "early");
  expect(said).toEqual(["away", "attached"]);
  client.close();
});

// Regression: such keys were neither sent again nor given up, and those typed later were taken for them.
test("a first connection that breaks off before anything is shown: keys that were sent are asked for, not guessed", async () => {
  const { client, said, type } = attach();
  for (const key of ["a", "b"]) type(key);
  const one = await connection(1);
  await has(one, "a", "b");
  one.socket.terminate();
  const two = await connection(2);
  type("c");
  two.say(shown(1));
  await has(two, "b", "c");
  two.say({ type: "typed", count: 3 });
  two.socket.close(1012);
  (await connection(3)).say(shown(3));
  type("d");
  await has(await connection(3), "d");
  expect(said.filter((word) => /lost|refused/.test(word))).toEqual([]);
  client.close();

  const other = attach();
  other.type("unknown");
  const four = await connection(4);
  await has(four, "unknown");
  four.socket.terminate();
  const five = await connection(5);
  other.type("known");
  five.say(shown(null));
  await has(five, "known");
  expect(other.said.toSorted()).toEqual(["attached", "away", "lost 7"]);
  other.client.close();
});

test("closed by what the daemon means, and by nobody who answers in time; hung up meanwhile, what waits is refused", async () => {
  for (const code of [1000, 1008, 1011]) {
    const { said } = attach();
    const one = await connection(connections.length + 1);
    one.say(shown(null));
    one.socket.close(code);
    await until("it is over", () => said.includes("closed"));
    expect(said).toEqual(["attached", "closed"]);
  }
  const left = attach();
  const at = await connection(connections.length + 1);
  at.say(shown(null));
  await until("it is attached", () => left.said.includes("attached"));
  const alone = attach();
  await server?.stop(true);
  await until("it looks for its daemon", () => left.said.includes("away"));
  left.type("never sent");
  left.client.close();
  expect(left.said.at(-1)).toBe("refused 10");
  await until("nobody came", () => alone.said.includes("closed"), 10_000);
  expect(alone.said.filter((word) => word === "closed")).toHaveLength(1);
}, 20_000);
