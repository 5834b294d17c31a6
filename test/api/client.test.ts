// Holds the typed client: every failure is a CovenError that says which kind it is, and a call can be ended from outside.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { covenClient, isUnreachable } from "../../src/api/client.ts";
import { ROUTES } from "../../src/api/routes/table.ts";
import { readEvents } from "../../src/api/sse.ts";
import { rejectionOf } from "../support/refusal.ts";
import { startTestDaemon, type TestDaemon } from "../support/test-daemon.ts";
import { until } from "../support/until.ts";

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startTestDaemon();
});
afterAll(() => daemon.close());

/** A listener that is no daemon: says this to whoever connects once they asked, and hangs up, or stays silent. */
async function impostor(name: string, answer: string | "silence" | undefined): Promise<[string, Server]> {
  const path = join(daemon.dir, name);
  const server = createServer((peer: Socket) => {
    peer.on("error", () => {});
    peer.once("data", () => {
      if (answer === "silence") return;
      if (answer === undefined) peer.destroy();
      else peer.end(answer);
    });
  });
  await new Promise<void>((ready) => server.listen(path, ready));
  return [path, server];
}

test("one method per route", () => {
  const methods = Object.keys(covenClient("/nowhere"));
  expect(methods.filter((name) => name !== "eventStream").toSorted()).toEqual(Object.keys(ROUTES).toSorted());
});

test("the client loads no zod: the command line would pay for it at every start", async () => {
  const loaded = Bun.spawnSync([
    process.execPath,
    "-e",
    `await import("${join(import.meta.dir, "../../src/api/client.ts")}"); console.log(Object.keys(require.cache).join("\\n"))`,
  ]);
  const files = loaded.stdout.toString();
  expect(files).toContain("src/api/client.ts");
  expect(files).not.toContain("zod");
});

test("a launch, its keystrokes, its size, its events, its end", async () => {
  const { client } = daemon;
  const { id } = await client.launch(
    {
      projectRoot: daemon.project,
      harness: "codex",
      prompt: "read x; echo $x; stty size; exit 4",
      title: "all",
    },
    { idempotencyKey: "once" },
  );
  const again = { projectRoot: daemon.project, harness: "codex", prompt: "other" };
  expect((await client.launch(again, { idempotencyKey: "once" })).id).toBe(id);
  await client.resize(id, { cols: 91, rows: 31 });
  await client.input(id, "typed\n");
  const kinds: string[] = [];
  for await (const event of client.eventStream(id)) kinds.push(event.kind);
  expect(kinds[0]).toBe("resize");
  expect(await client.session(id)).toMatchObject({ title: "all", status: "failed", exit_code: 4 });
  let output = "";
  for await (const bytes of client.output(id)) output += Buffer.from(bytes).toString();
  expect(output).toContain("typed\r\n");
  expect(output).toContain("31 91\r\n");
  expect((await client.events(id, { limit: 1 })).hasMore).toBe(true);
  expect(await client.sessionEvents(id)).toEqual(await client.events(id));
});

test("the bare list and a page", async () => {
  const { client } = daemon;
  const ids = [daemon.finished([]), daemon.finished([]), daemon.finished([])]
    .map((session) => session.id)
    .reverse();
  expect((await client.sessions()).slice(0, 3).map((session) => session.id)).toEqual(ids);
  const first = await client.sessions({ limit: 2 });
  expect(first.sessions.map((session) => session.id)).toEqual(ids.slice(0, 2));
  const second = await client.sessions({ limit: 1, cursor: first.next_cursor ?? "" });
  expect(second.sessions.map((session) => session.id)).toEqual(ids.slice(2));
  await client.archive(ids[0] ?? "");
  const seen = async (includeArchived: boolean) =>
    (await client.sessions({ includeArchived })).sessions.some((session) => session.id === ids[0]);
  expect([await seen(false), await seen(true)]).toEqual([false, true]);
  expect((await client.sessions({})).sessions.length).toBe((await client.sessions()).length);
});

test("the daemon's refusal arrives as it was sent", async () => {
  const { id } = daemon.finished([]);
  const error = await rejectionOf(daemon.client.input(id, "x"));
  expect(error).toMatchObject({ code: "session_not_live", details: { sessionId: id, status: "completed" } });
  expect(isUnreachable(error)).toBe(false);
  const odd = await rejectionOf(daemon.client.session("a/../b?c#d"));
  expect(odd).toMatchObject({ code: "session_not_found", details: { sessionId: "a/../b?c#d" } });
});

describe("when no daemon answers", () => {
  test("nobody there, nobody listening, hung up, no answer in time: unreachable, with the cause", async () => {
    const plain = join(daemon.dir, "plain");
    await Bun.write(plain, "");
    const [rude, one] = await impostor("rude.sock", undefined);
    const [silent, two] = await impostor("silent.sock", "silence");
    const causes = {
      [join(daemon.dir, "none.sock")]: "ENOENT",
      [plain]: "ECONNREFUSED",
      [rude]: "ECONNRESET",
    };
    for (const [path, cause] of Object.entries({ ...causes, [silent]: "timeout" })) {
      const error = await rejectionOf(covenClient(path, { timeoutMs: 100 }).health());
      expect(error).toMatchObject({
        code: "runtime_unavailable",
        details: { reason: "unreachable", cause, socket: path },
      });
      expect(isUnreachable(error)).toBe(true);
    }
    const stream = covenClient(join(daemon.dir, "none.sock")).eventStream("x")[Symbol.asyncIterator]();
    expect(isUnreachable(await rejectionOf(stream.next()))).toBe(true);
    for (const server of [one, two]) server.close();
  });

  test("somebody else answers: it says so", async () => {
    const page = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>";
    const [path, server] = await impostor("html.sock", page);
    const error = await rejectionOf(covenClient(path).health());
    expect(error).toMatchObject({ code: "internal_error", details: { reason: "unintelligible" } });
    server.close();
  });

  test("a newer daemon's code keeps its word", async () => {
    const body = '{"error":{"code":"brand_new","message":"Something new.","details":{"a":1}}}';
    const head = `HTTP/1.1 418 Teapot\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
    const [path, server] = await impostor("new.sock", head + body);
    const error = await rejectionOf(covenClient(path).health());
    expect(error).toMatchObject({
      code: "internal_error",
      message: "Something new.",
      details: { code: "brand_new", a: 1 },
    });
    server.close();
  });
});

describe("ended from outside", () => {
  test("leaving the loop, and aborting it, hang up on the daemon", async () => {
    const { id } = await daemon.launch("echo hello; exec sleep 60");
    for await (const event of daemon.client.eventStream(id)) {
      expect(event.kind).toBe("output");
      break;
    }
    await until("the daemon noticed", () => daemon.watchers() === 0);
    const stop = new AbortController();
    const stream = daemon.client.output(id, { follow: true, signal: stop.signal })[Symbol.asyncIterator]();
    expect(Buffer.from((await stream.next()).value ?? []).toString()).toBe("hello\r\n");
    const next = stream.next();
    await until("it waits", () => daemon.watchers() === 1);
    stop.abort(new Error("enough"));
    expect(await next.then(() => "went on", String)).toBe("Error: enough");
    await until("the daemon noticed again", () => daemon.watchers() === 0);
    daemon.coven.kill(id);
    await daemon.settled(id);
  });
});

test("the SSE reader puts frames together however they are cut", async () => {
  const { id } = daemon.finished(["é\n\n€ data: x", "two"]);
  const answer = await fetch(`http://coven/events?sessionId=${id}`, {
    unix: daemon.socket,
    headers: { accept: "text/event-stream" },
  });
  const bytes = await answer.bytes();
  const { events } = await daemon.client.events(id);
  for (const size of [1, 2, 7, 100, bytes.length]) {
    async function* cut() {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    }
    expect(await Array.fromAsync(readEvents(cut()))).toEqual(events);
  }
});
