// The figures of the local API: health one by one and 32 at once, pages of events, the first page of a huge session.
// `bun test/bench/api.ts [megabytes]`. The daemon runs in a process of its own, so two cores are at work.
import { createConnection } from "node:net";
import { covenClient } from "../../src/api/client.ts";
import { startTestDaemon } from "../support/test-daemon.ts";

const SERVE = "--serve";
const MB = 1024 * 1024;

if (process.argv[2] === SERVE) await serve(Number(process.argv[3]));
else await measure(Number(process.argv[2] ?? 100));

/** A daemon with one finished session of so many megabytes; tells where it is, and goes when stdin ends. */
async function serve(megabytes: number): Promise<void> {
  const daemon = await startTestDaemon();
  // A build log: colours, quotes, a little beyond ASCII.
  const line = `\x1b[32m✓\x1b[0m compiled "src/module/file.ts" in 12 ms, 340 lines, ${"abc def ".repeat(8)}\r\n`;
  const row = new TextEncoder().encode(line.repeat(Math.floor((16 * 1024) / Buffer.byteLength(line))));
  const { id } = daemon.finished(Array.from({ length: Math.ceil((megabytes * MB) / row.length) }, () => row));
  console.log(JSON.stringify({ socket: daemon.socket, id }));
  for await (const _ of Bun.stdin.stream());
  await daemon.close();
}

async function measure(megabytes: number): Promise<void> {
  const child = Bun.spawn([process.execPath, import.meta.path, SERVE, String(megabytes)], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const told = await child.stdout.getReader().read();
  const { socket, id } = JSON.parse(new TextDecoder().decode(told.value));
  try {
    await oneByOne(socket, 20_000);
    await atOnce(socket, 32, 200_000);
    await pages(socket, id, megabytes);
    await firstPage(socket, id);
    await raw(socket, id);
  } finally {
    child.stdin.end();
    await child.exited;
  }
}

async function oneByOne(socket: string, count: number): Promise<void> {
  const times: number[] = [];
  await conversation(socket, 1, count, (ms) => times.push(ms));
  times.sort((a, b) => a - b);
  report("health, one after the other", `p50 ${at(times, 0.5)} ms, p99 ${at(times, 0.99)} ms`);
}

async function atOnce(socket: string, connections: number, count: number): Promise<void> {
  const began = performance.now();
  await conversation(socket, connections, count, () => {});
  const perSecond = (count / (performance.now() - began)) * 1000;
  report(`health, ${connections} at once`, `${Math.round(perSecond).toLocaleString("en")} per second`);
}

/** `count` requests over kept-alive connections, the next one when the answer is whole. */
function conversation(
  socket: string,
  connections: number,
  count: number,
  took: (ms: number) => void,
): Promise<void> {
  const request = "GET /api/v1/health HTTP/1.1\r\nHost: coven\r\n\r\n";
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let asked = 0;
  let answered = 0;
  for (let i = 0; i < connections; i++) {
    const peer = createConnection(socket);
    let began = 0;
    let length = 0;
    let have = 0;
    const ask = () => {
      if (asked++ >= count) return void peer.end();
      began = performance.now();
      peer.write(request);
    };
    peer.on("connect", ask);
    peer.on("error", reject);
    peer.on("data", (chunk) => {
      if (length === 0) {
        const head = chunk.toString("latin1");
        length = head.indexOf("\r\n\r\n") + 4 + Number(/content-length: (\d+)/i.exec(head)?.[1]);
      }
      have += chunk.length;
      if (have < length) return;
      have = 0;
      took(performance.now() - began);
      if (++answered === count) resolve();
      ask();
    });
  }
  return promise;
}

async function pages(socket: string, id: string, megabytes: number): Promise<void> {
  for (const parsed of [false, true]) {
    const began = performance.now();
    let afterSeq = 0;
    let count = 0;
    let bytes = 0;
    for (let more = true; more; count++) {
      const answer = await fetch(`http://coven/api/v1/events?sessionId=${id}&afterSeq=${afterSeq}`, {
        unix: socket,
      });
      const body = await answer.text();
      bytes += body.length;
      // Only the end is looked at: what is measured is the daemon, not this reader's JSON parser.
      const tail = body.slice(-120);
      more = parsed ? JSON.parse(body).hasMore : tail.includes('"hasMore":true');
      afterSeq = Number(/"afterSeq":(\d+)/.exec(tail)?.[1]);
    }
    const seconds = (performance.now() - began) / 1000;
    report(
      `events, ${megabytes} MB in ${count} pages${parsed ? ", parsed" : ""}`,
      `${Math.round(megabytes / seconds)} MB/s of output (${Math.round(bytes / MB / seconds)} of body)`,
    );
  }
}

async function firstPage(socket: string, id: string): Promise<void> {
  const client = covenClient(socket);
  const times: number[] = [];
  for (let i = 0; i < 200; i++) {
    const began = performance.now();
    await client.events(id, { limit: 50 });
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  report("first page, 50 events of 16 KiB", `p50 ${at(times, 0.5)} ms, p99 ${at(times, 0.99)} ms`);
}

async function raw(socket: string, id: string): Promise<void> {
  const began = performance.now();
  let bytes = 0;
  for await (const chunk of covenClient(socket).output(id)) bytes += chunk.length;
  const seconds = (performance.now() - began) / 1000;
  report("output, raw", `${Math.round(bytes / MB / seconds)} MB/s`);
}

function at(sorted: readonly number[], share: number): string {
  return (sorted[Math.floor(sorted.length * share)] ?? Number.NaN).toFixed(3);
}

function report(what: string, figure: string): void {
  console.log(`${what.padEnd(40)} ${figure}`);
}
