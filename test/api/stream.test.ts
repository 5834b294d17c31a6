// Holds the answers that go on: events as SSE, output followed, how they end, and that they cost nothing when stalled.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { isUnreachable } from "../../src/api/client.ts";
import type { Event } from "../../src/session/event.ts";
import { ask, connected, exchange, request } from "../support/raw.ts";
import { rejectionOf } from "../support/refusal.ts";
import { startTestDaemon, type TestDaemon } from "../support/test-daemon.ts";
import { until } from "../support/until.ts";

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startTestDaemon();
});
afterAll(() => daemon.close());

const text = (events: readonly Event[]) =>
  events.map((event) => (event.kind === "output" ? JSON.parse(event.payload_json).data : "")).join("");

async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of stream) found.push(one);
  return found;
}

const joined = async (stream: AsyncIterable<Uint8Array>) => Buffer.concat(await all(stream)).toString();
const SSE = { Accept: "text/event-stream" };

describe("events as SSE", () => {
  test("`: ok` comes at once, from a session that is silent", async () => {
    const { id } = await daemon.launch("exec sleep 60");
    const peer = await connected(daemon.socket);
    const heard = Promise.withResolvers<string>();
    let got = "";
    peer.on("data", (chunk: Buffer) => {
      got += chunk;
      if (got.includes(": ok\n\n")) heard.resolve(got);
    });
    peer.write(request(`GET /api/v1/events?sessionId=${id}`, undefined, SSE));
    expect(await heard.promise).toContain("text/event-stream");
    peer.destroy();
    daemon.coven.kill(id);
    await daemon.settled(id);
  });

  test("what was, then what comes, each once, to the exit event", async () => {
    const { id } = await daemon.launch("echo before; read line; echo got $line; exit 3");
    await until("it printed", () => daemon.ledger.lastSeq(id) > 0);
    const seen: Event[] = [];
    for await (const event of daemon.client.eventStream(id)) {
      if (seen.push(event) === 1) await daemon.client.input(id, "this\n");
    }
    expect(text(seen)).toContain("before\r\n");
    expect(text(seen)).toContain("got this\r\n");
    expect(seen.at(-1)?.kind).toBe("exit");
    // The stream and the pages are one log.
    expect(seen).toEqual((await daemon.client.events(id)).events);
  });

  test("the frame: id is the seq, event the kind, data the event", async () => {
    const { id } = daemon.finished(["a\nb"]);
    const answer = await ask(daemon.socket, `GET /api/v1/sessions/${id}/events`, undefined, SSE);
    const { events } = await daemon.client.events(id);
    const frames = events.map(
      (event) => `id: ${event.seq}\nevent: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`,
    );
    expect(answer.body).toBe(`: ok\n\n${frames.join("")}`);
  });

  test("Last-Event-ID is afterSeq, and beats the one in the URL a client repeats", async () => {
    const { id } = daemon.finished(["one", "two", "three"]);
    const [first, second] = (await daemon.client.events(id)).events;
    const from = async (query: string, headers: Record<string, string>) => {
      const path = `GET /events?sessionId=${id}${query}`;
      return /id: (\d+)/.exec((await ask(daemon.socket, path, undefined, { ...SSE, ...headers })).body)?.[1];
    };
    expect(await from("", { "Last-Event-ID": String(first?.seq) })).toBe(String(second?.seq));
    expect(await from("&afterSeq=0", { "Last-Event-ID": String(first?.seq) })).toBe(String(second?.seq));
    expect(await from(`&afterSeq=${first?.seq}`, {})).toBe(String(second?.seq));
    expect(await from("", { "Last-Event-ID": "" })).toBe(String(first?.seq));
    const bad = await ask(daemon.socket, `GET /events?sessionId=${id}`, undefined, {
      ...SSE,
      "Last-Event-ID": "x",
    });
    expect([bad.status, JSON.parse(bad.body).error.details.field]).toEqual([400, "Last-Event-ID"]);
  });

  // A ledger that was put back from a copy is behind its clients: they heard nothing until it had caught up with their cursors.
  test("a cursor ahead of the whole ledger is answered with a gap, then with what comes", async () => {
    const { id } = await daemon.launch("stty -echo; echo one; read x; echo two");
    await until("it printed", () => daemon.ledger.lastSeq(id) > 0);
    const printed = daemon.ledger.lastSeq(id);
    const { gaps } = await daemon.client.status().then((status) => status.followers);
    const peer = await connected(daemon.socket);
    const ended = Promise.withResolvers<string>();
    let got = "";
    peer.on("data", (chunk: Buffer) => {
      got += chunk;
      if (got.includes("event: exit")) ended.resolve(got);
    });
    const ahead = { ...SSE, "Last-Event-ID": "900000000" };
    peer.write(request(`GET /events?sessionId=${id}`, undefined, ahead));
    await until("it was told", () => got.includes(`event: gap\ndata: {"afterSeq":${printed}}`));
    const tail = joined(daemon.client.output(id, { afterSeq: 900_000_000, follow: true }));
    await daemon.client.input(id, "go\n");
    expect(await ended.promise).toContain("two\\\\r");
    peer.destroy();
    expect(await tail).toBe("two\r\n");
    expect((await daemon.client.status()).followers.gaps).toBe(gaps + 1);
    // The client passes over it.
    expect(await all(daemon.client.eventStream(id, { afterSeq: 900_000_000 }))).toEqual([]);
  });

  // `beforeSeq` was ignored here: the stream went past it and on into what was live.
  test("beforeSeq ends the stream before that event, of a live session too", async () => {
    // No echo: what is typed here is no event of its own then.
    const { id } = await daemon.launch("stty -echo; echo one; read x; echo two; exec cat");
    await until("it printed", () => daemon.ledger.lastSeq(id) > 0);
    const printed = daemon.ledger.lastSeq(id);
    await daemon.client.input(id, "go\n");
    await until("it printed again", () => daemon.ledger.lastSeq(id) > printed);
    const { events } = await daemon.client.events(id);
    const [first, second] = events.map((event) => event.seq);
    const seqsOf = async (query: string, headers: Record<string, string> = {}) => {
      const path = `GET /events?sessionId=${id}&${query}`;
      const { body } = await ask(daemon.socket, path, undefined, { ...SSE, ...headers });
      return Array.from(body.matchAll(/^id: (\d+)$/gm), (match) => Number(match[1]));
    };
    expect(await seqsOf(`beforeSeq=${second}`)).toEqual([first ?? 0]);
    expect(await seqsOf(`afterSeq=${first}&beforeSeq=${second}`)).toEqual([]);
    expect(await seqsOf(`beforeSeq=${second}`, { "Last-Event-ID": String(first) })).toEqual([]);
    // It ends with what is there now, however far ahead the end lies.
    expect(await seqsOf(`afterSeq=${first}&beforeSeq=9007199254740991`)).toEqual(
      events.slice(1).map((event) => event.seq),
    );
    const bad = await ask(daemon.socket, `GET /events?sessionId=${id}&beforeSeq=x`, undefined, SSE);
    expect([bad.status, JSON.parse(bad.body).error.details.field]).toEqual([400, "beforeSeq"]);
    daemon.coven.kill(id);
    await daemon.settled(id);
  });

  test("a long history of a finished session arrives whole", async () => {
    const row = "x".repeat(16_000);
    const { id } = daemon.finished(Array.from({ length: 1_200 }, () => row));
    const events = await all(daemon.client.eventStream(id));
    expect(events).toHaveLength(1_201);
    expect(text(events).length).toBe(1_200 * row.length);
  });

  test("a session without an exit event (its daemon died) ends its stream all the same", async () => {
    const id = crypto.randomUUID();
    const now = new Date().toISOString();
    daemon.ledger.create({ ...daemon.finished([]), id, status: "created", exit_code: null });
    const orphaned = { kind: "metadata", payload: { event: "orphaned" } } as const;
    daemon.ledger.settle(id, { status: "orphaned", exitCode: null, signal: null }, [orphaned], now);
    expect((await all(daemon.client.eventStream(id))).map((event) => event.kind)).toEqual(["metadata"]);
  });

  test("an unknown session is a JSON refusal, not a stream", async () => {
    const answer = await ask(daemon.socket, "GET /events?sessionId=nobody", undefined, SSE);
    expect([answer.status, answer.headers["content-type"]]).toEqual([404, "application/json"]);
  });

  test("twenty followers of one session all get every event", async () => {
    const { id } = await daemon.launch("i=0; while [ $i -lt 200 ]; do echo line $i; i=$((i+1)); done");
    const streams = await Promise.all(Array.from({ length: 20 }, () => all(daemon.client.eventStream(id))));
    const { events } = await daemon.client.events(id);
    for (const stream of streams) expect(stream).toEqual(events);
  });

  test("a session sacrificed under a stalled follower ends its stream", async () => {
    const { id } = daemon.finished(Array.from({ length: 2_000 }, () => "y".repeat(16_384)));
    const stream = daemon.client.eventStream(id)[Symbol.asyncIterator]();
    const first = await stream.next();
    await daemon.client.sacrifice(id);
    let count = first.done ? 0 : 1;
    while (!(await stream.next()).done) count += 1;
    expect(count).toBeGreaterThan(0);
    expect(count).toBeLessThan(2_001);
    expect(daemon.log.filter((line) => line.level === "error")).toEqual([]);
  });
});

describe("output", () => {
  test("the exact bytes, no UTF-8 needed, with a Content-Length when it is small and finished", async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const { id } = daemon.finished([bytes, bytes]);
    const found = Buffer.concat(await all(daemon.client.output(id)));
    expect(found.equals(Buffer.concat([bytes, bytes]))).toBe(true);
    expect((await ask(daemon.socket, `GET /sessions/${id}/output`)).headers["content-length"]).toBe("512");
  });

  // Past 1 MiB it went out in chunks, which Bun cuts off at the half-close: 200, and a piece that looked like the whole.
  test("a client that half-closes gets all of 6 MB, and every one of 2,000 events", async () => {
    const { id } = daemon.finished(Array.from({ length: 380 }, () => "h".repeat(16_384)));
    const output = await exchange(daemon.socket, request(`GET /sessions/${id}/output`), { halfClose: true });
    expect(output.answers[0]?.body.length).toBe(380 * 16_384);
    const many = daemon.finished(Array.from({ length: 2_000 }, (_, i) => `${i} `));
    const wire = request(`GET /events?sessionId=${many.id}`, undefined, SSE);
    const stream = await exchange(daemon.socket, wire, { halfClose: true });
    expect(stream.answers[0]?.body.match(/^id: /gm)?.length).toBe(2_001);
  });

  test("afterSeq leaves out what was read before", async () => {
    const { id } = daemon.finished(["one ", "two ", "three"]);
    const [first] = (await daemon.client.events(id)).events;
    expect(await joined(daemon.client.output(id, { afterSeq: first?.seq ?? 0 }))).toBe("two three");
  });

  test("20 MB arrive byte for byte", async () => {
    const row = new Uint8Array(16_384).map((_, i) => (i * 7) % 251);
    const { id } = daemon.finished(Array.from({ length: 1_280 }, () => row));
    let at = 0;
    let wrong = 0;
    for await (const chunk of daemon.client.output(id))
      for (const byte of chunk) if (byte !== row[at++ % row.length]) wrong++;
    expect({ at, wrong }).toEqual({ at: 1_280 * row.length, wrong: 0 });
  });

  test.each([
    ["as terminals begin", "", "x\r\n"],
    ["without echo", "stty -echo; ", ""],
  ])("follow stays until the session ends, and gets the tail, %s", async (_, mode, echo) => {
    const { id } = await daemon.launch(`${mode}echo begin; read x; printf tail; exit 1`);
    const chunks: string[] = [];
    for await (const chunk of daemon.client.output(id, { follow: true })) {
      chunks.push(Buffer.from(chunk).toString());
      if (chunks.join("") === "begin\r\n") await daemon.client.input(id, "x\n");
    }
    expect(chunks.join("")).toBe(`begin\r\n${echo}tail`);
  });

  test("without follow it ends where the session is now", async () => {
    const { id } = await daemon.launch("echo so far; exec sleep 60");
    await until("it printed", () => daemon.ledger.lastSeq(id) > 0);
    expect(await joined(daemon.client.output(id))).toBe("so far\r\n");
    daemon.coven.kill(id);
    await daemon.settled(id);
  });

  test("follow of a finished session, and of a silent one that is killed, ends", async () => {
    expect(await joined(daemon.client.output(daemon.finished(["done"]).id, { follow: true }))).toBe("done");
    const { id } = await daemon.launch("exec sleep 60");
    const following = joined(daemon.client.output(id, { follow: true }));
    await until("it is followed", () => daemon.watchers() === 1);
    daemon.coven.kill(id);
    expect(await following).toBe("");
  });

  test("a malformed follow is named", async () => {
    const { id } = daemon.finished([]);
    const answer = await ask(daemon.socket, `GET /sessions/${id}/output?follow=maybe`);
    expect([answer.status, JSON.parse(answer.body).error.details.field]).toEqual([400, "follow"]);
  });
});

describe("what it costs and how it breaks", () => {
  // Answers are pulled: pushing them had buffered all 100 MB for a client that did not read.
  test("a client that stops reading is not read for", async () => {
    const { id } = daemon.finished(Array.from({ length: 4_000 }, () => new Uint8Array(16_384).fill(120)));
    const { coven } = daemon;
    const output = coven.output.bind(coven);
    let reads = 0;
    coven.output = (...of) => {
      reads += 1;
      return output(...of);
    };
    const stalled = await Promise.all(Array.from({ length: 5 }, () => connected(daemon.socket)));
    for (const peer of stalled) {
      peer.pause();
      peer.write(request(`GET /sessions/${id}/output`));
    }
    await until("all five are being answered", () => reads >= 10);
    const before = reads;
    let bytes = 0;
    for await (const chunk of daemon.client.output(id)) bytes += chunk.length;
    coven.output = output;
    // One reader takes all 64 MB in batches of 256 KiB; in the same time the five that stall take next to nothing.
    expect(bytes).toBe(4_000 * 16_384);
    expect(reads - before).toBeLessThan(300);
    for (const peer of stalled) peer.destroy();
  });

  test("a ledger that fails in the middle cuts the answer off, so that nobody takes it for whole", async () => {
    const { id } = daemon.finished(Array.from({ length: 1_000 }, () => "z".repeat(16_384)));
    const { coven } = daemon;
    const output = coven.output.bind(coven);
    let reads = 0;
    coven.output = (...of) => {
      if (++reads > 3) throw new Error("disk");
      return output(...of);
    };
    const error = await rejectionOf(all(daemon.client.output(id)));
    coven.output = output;
    expect(isUnreachable(error)).toBe(true);
    expect(daemon.log.at(-1)).toMatchObject({
      level: "error",
      event: "stream_failed",
      fields: { sessionId: id },
    });
  });
});
