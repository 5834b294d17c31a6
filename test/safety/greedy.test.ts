// Clients that hold what they can of the daemon's memory: together they get so much and no more, and nobody else feels it.
import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { type DaemonHome, daemonHome, logLines } from "../support/daemon-home.ts";
import { connected, request } from "../support/raw.ts";
import { notLinux, testUnless } from "../support/unless.ts";
import { until } from "../support/until.ts";

const MB = 1_000_000;
const OUTPUT_BYTES = 8_000_000;
const LIMIT = 4 * 1024 * 1024;
const upgrade = {
  Connection: "Upgrade",
  Upgrade: "websocket",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version": "13",
};

const residentBytes = (pid: number) =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;

/** A session that has printed eight megabytes and ended. */
async function printed(home: DaemonHome): Promise<string> {
  home.script("codex", `read -r go; head -c ${OUTPUT_BYTES} /dev/zero | tr '\\0' y`);
  const { id } = await home.client.launch({ projectRoot: home.project, harness: "codex", prompt: "x" });
  await home.client.input(id, "\r");
  while ((await home.client.session(id)).status === "running") await Bun.sleep(20);
  return id;
}

/** A connection that says this and reads nothing. */
async function deaf(home: DaemonHome, ...parts: readonly (string | Uint8Array)[]): Promise<Socket> {
  const peer = await connected(home.paths.socket);
  peer.pause();
  peer.on("error", () => {});
  for (const part of parts) peer.write(part);
  if (peer.writableNeedDrain) await new Promise((taken) => peer.once("drain", taken).once("close", taken));
  return peer;
}

/** How many requests of a route have been answered, or were begun to be. */
async function counted(home: DaemonHome, what: string): Promise<number> {
  const name = `coven_request_duration_seconds_count{route="GET /sessions/:id/${what}"}`;
  const line = (await home.client.metrics()).split("\n").find((one) => one.startsWith(name));
  return Number(line?.slice(name.length) ?? 0);
}

const ways: [string, (id: string) => readonly (string | Uint8Array)[]][] = [
  ["answers that nobody reads", (id) => [request(`GET /sessions/${id}/output`)]],
  ["pages that nobody reads", (id) => [request(`GET /sessions/${id}/events`)]],
  [
    "streams that nobody reads",
    (id) => [request(`GET /sessions/${id}/events`, undefined, { Accept: "text/event-stream" })],
  ],
  [
    "bodies that are never whole",
    () => [
      request("POST /sessions", undefined, { "Content-Length": String(LIMIT) }),
      Buffer.alloc(LIMIT - 1, 32),
    ],
  ],
];

// Regression: sixty unread outputs took 528 MB, sixty unfinished bodies 311 MB, for as long as they liked.
testUnless(notLinux).each(ways)(
  "%s: a hundred and fifty of them take what all clients may, and others are answered",
  async (_, asks) => {
    await using home = daemonHome();
    const pid = await home.start();
    const id = await printed(home);
    home.script("claude", "exec cat");
    const echo = await home.client.launch({ projectRoot: home.project, harness: "claude", prompt: "x" });
    const before = residentBytes(pid);
    const greedy: Socket[] = [];
    let most = 0;
    while (greedy.length < 150) {
      greedy.push(await deaf(home, ...asks(id)));
      most = Math.max(most, residentBytes(pid) - before);
    }
    // All of them have been heard.
    for (const answered of ["output", "events"]) {
      const asked = asks(id)[0]?.toString().includes(`/${answered} `) ?? false;
      while (asked && (await counted(home, answered)) < greedy.length) await Bun.sleep(10);
    }
    await home.client.input(echo.id, "still here");
    for (;;) {
      most = Math.max(most, residentBytes(pid) - before);
      if ((await home.client.screen(echo.id)).lines.some((line) => line.includes("still here"))) break;
      await Bun.sleep(10);
    }
    expect(most).toBeLessThan(220 * MB);
    const all: Uint8Array[] = [];
    for await (const bytes of home.client.output(id)) all.push(bytes);
    expect(Buffer.concat(all).length).toBeGreaterThanOrEqual(OUTPUT_BYTES);
    for (const peer of greedy) peer.destroy();
  },
  60_000,
);

testUnless(notLinux)(
  "who reads nothing is hung up on when there is no room; who reads slowly gets all of it",
  async () => {
    await using home = daemonHome();
    await home.start();
    const id = await printed(home);
    const slow = await connected(home.paths.socket);
    let got = 0;
    slow.on("data", (chunk: Buffer) => {
      got += chunk.length;
      slow.pause();
      setTimeout(() => slow.resume(), 20);
    });
    slow.write(request(`GET /sessions/${id}/output`));
    const greedy = await Promise.all(
      Array.from({ length: 20 }, () => deaf(home, request(`GET /sessions/${id}/output`))),
    );
    await until("somebody is hung up on", () =>
      logLines(home.paths).some((line) => line["event"] === "clients_hung_up_on"),
    );
    await until("the slow one has it all", () => got > OUTPUT_BYTES, 20_000);
    // There is room again: the whole answer comes in one piece.
    const answer = await fetch(`http://x/sessions/${id}/output`, { unix: home.paths.socket });
    expect(answer.headers.get("content-length")).not.toBeNull();
    for (const peer of [slow, ...greedy]) peer.destroy();
  },
  60_000,
);

testUnless(notLinux)(
  "attached, sends nonsense and does not read the refusals: its connection ends",
  async () => {
    await using home = daemonHome();
    await home.start();
    home.script("codex", "exec cat");
    const { id } = await home.client.launch({ projectRoot: home.project, harness: "codex", prompt: "x" });
    const nonsense = Buffer.concat([Buffer.from([0x81, 0x82, 0, 0, 0, 0]), Buffer.from("{}")]);
    const peer = await deaf(home, request(`GET /sessions/${id}/attach`, undefined, upgrade));
    const attached = async () => (await home.client.status()).followers.byKind.attach;
    while ((await attached()) === 0) await Bun.sleep(5);
    peer.write(Buffer.concat(Array.from({ length: 30_000 }, () => nonsense)));
    while ((await attached()) === 1) await Bun.sleep(5);
    peer.destroy();
  },
);
