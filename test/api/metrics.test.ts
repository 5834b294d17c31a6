// Holds what the daemon tells of itself: Prometheus text that its own tool accepts, and figures that follow what happens.

import { afterEach, expect, test } from "bun:test";
import type { Attached } from "../../src/api/client.ts";
import { ask, connected, request } from "../support/raw.ts";
import { startTestDaemon, type TestDaemon } from "../support/test-daemon.ts";
import { testUnless, without } from "../support/unless.ts";
import { until } from "../support/until.ts";

let daemons: TestDaemon[] = [];
afterEach(async () => {
  for (const daemon of daemons) await daemon.close();
  daemons = [];
});
const open = async (): Promise<TestDaemon> => {
  const daemon = await startTestDaemon();
  daemons.push(daemon);
  return daemon;
};

/** A client that is attached: its snapshot has come. */
async function viewing(daemon: TestDaemon, id: string): Promise<Attached> {
  const shown = Promise.withResolvers<void>();
  const client = daemon.client.attach(id, {
    frame() {},
    bytes: () => shown.resolve(),
    closed: () => shown.reject(new Error("hung up on")),
  });
  await shown.promise;
  return client;
}

/** The value of one sample, named as it stands. */
async function sample(daemon: TestDaemon, name: string): Promise<number> {
  const line = (await daemon.client.metrics()).split("\n").find((one) => one.startsWith(`${name} `));
  return line === undefined ? Number.NaN : Number(line.slice(name.length + 1));
}

testUnless(without("promtool"))("promtool finds nothing to say", async () => {
  const daemon = await open();
  const { id } = await daemon.launch("exec cat");
  const client = await viewing(daemon, id);
  await ask(daemon.socket, "GET /nowhere");
  const stdin = new Blob([await daemon.client.metrics()]);
  const tool = Bun.spawnSync(["promtool", "check", "metrics"], { stdin });
  expect({ code: tool.exitCode, says: `${tool.stdout}${tool.stderr}` }).toEqual({ code: 0, says: "" });
  client.close();
});

test("it is text of the exposition format, every family once, with help and type before its samples", async () => {
  const daemon = await open();
  const answer = await ask(daemon.socket, "GET /api/v1/metrics");
  expect(answer.headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
  const families: string[] = [];
  for (const line of answer.body.trimEnd().split("\n")) {
    const [, kind, name] = /^# (HELP|TYPE) (\S+) .+$/.exec(line) ?? [];
    if (kind === "HELP") families.push(String(name));
    else if (kind === "TYPE") expect(name).toBe(families.at(-1));
    else {
      const [, sampled] = /^([a-z_]+)(?:\{[^{}]*\})? (?:\d|\.|e[+-])+$/.exec(line) ?? [];
      expect({ line, family: String(sampled).replace(/_(bucket|sum|count)$/, "") }).toEqual({
        line,
        family: String(families.at(-1)),
      });
    }
  }
  expect(new Set(families).size).toBe(families.length);
  for (const name of [
    "coven_sessions",
    "coven_events_total",
    "coven_ledger_wal_bytes",
    "process_resident_memory_bytes",
  ])
    expect(families).toContain(name);
});

test("sessions by status, live ones, events and bytes follow what happens", async () => {
  const daemon = await open();
  const { id } = await daemon.launch("printf 12345; exec cat");
  await until("it printed", () => daemon.ledger.lastSeq(id) > 0);
  expect(await sample(daemon, 'coven_sessions{status="running"}')).toBe(1);
  expect(await sample(daemon, "coven_live_sessions")).toBe(1);
  expect(await sample(daemon, "coven_output_bytes_total")).toBe(5);
  expect(await sample(daemon, "coven_launch_duration_seconds_count")).toBe(1);
  daemon.coven.kill(id);
  await daemon.settled(id);
  const { sessions, events } = await daemon.client.status();
  expect(sessions).toMatchObject({ live: 0, byStatus: { running: 0, killed: 1 } });
  // The output, the kill, what was stopped, the exit.
  expect(events.total).toBe(4);
  daemon.coven.sacrifice(id);
  expect(await sample(daemon, 'coven_sessions{status="killed"}')).toBe(0);
});

test("refusals count by code, requests by route", async () => {
  const daemon = await open();
  for (let i = 0; i < 3; i++) await ask(daemon.socket, "GET /sessions/none");
  await ask(daemon.socket, "POST /actions", '{"action":"no"}');
  expect(await sample(daemon, 'coven_refusals_total{code="session_not_found"}')).toBe(3);
  expect(await sample(daemon, 'coven_refusals_total{code="invalid_request"}')).toBe(1);
  expect(await sample(daemon, 'coven_request_duration_seconds_count{route="GET /sessions/:id"}')).toBe(3);
});

test("followers of each kind are counted while they are there, and how far behind the last one is", async () => {
  const daemon = await open();
  const { id } = await daemon.launch("exec cat");
  const viewer = await viewing(daemon, id);
  const stalled = await connected(daemon.socket);
  stalled.pause();
  stalled.write(request(`GET /sessions/${id}/events`, undefined, { Accept: "text/event-stream" }));
  const output = await connected(daemon.socket);
  output.write(request(`GET /sessions/${id}/output?follow=1`));
  const feed = await connected(daemon.socket);
  feed.write(request("GET /feed"));
  const asked = await daemon.client.actions({
    action: "coven.session.kill",
    origin: "bridge",
    args: { sessionId: id },
  });
  const approval = await connected(daemon.socket);
  const pending = "approval" in asked ? asked.approval.id : "";
  approval.write(request(`GET /approvals/${pending}/events`, undefined, { Accept: "text/event-stream" }));
  const kinds = async () => (await daemon.client.status()).followers.byKind;
  const each = { attach: 1, events: 1, output: 1, feed: 1, approval: 1 };
  for (const deadline = Date.now() + 5_000; Date.now() < deadline; await Bun.sleep(5)) {
    if (Bun.deepEquals(await kinds(), each)) break;
  }
  expect(await kinds()).toEqual(each);
  expect(await sample(daemon, "coven_attach_duration_seconds_count")).toBe(1);
  // Of a follower that reads nothing some megabytes fit into buffers on the way; the rest it is behind.
  const flood = Array.from(
    { length: 1_000 },
    () => ({ kind: "output", data: new Uint8Array(16_384).fill(120) }) as const,
  );
  daemon.ledger.append(id, flood, new Date().toISOString());
  await until("it is behind", () => {
    const behind = daemon.monitor.behind(id, 0);
    return behind >= 1_000;
  });
  expect((await daemon.client.status()).followers.lagEvents).toBeGreaterThan(100);
  viewer.close();
  for (const peer of [stalled, output, feed, approval]) peer.destroy();
  for (const deadline = Date.now() + 5_000; Date.now() < deadline; await Bun.sleep(5)) {
    // What wakes a follower that hung up is the next event, or its going.
    if ((await daemon.client.status()).followers.count === 0) break;
  }
  expect((await daemon.client.status()).followers.count).toBe(0);
});

test("a line of the log and the answer it belongs to have the same request id; what leaves no trace has none", async () => {
  const daemon = await open();
  const body = JSON.stringify({ projectRoot: `${daemon.dir}/missing`, harness: "codex", prompt: "x" });
  const refused = await ask(daemon.socket, "POST /sessions", body);
  expect(daemon.log.at(-1)?.fields).toMatchObject({
    code: "invalid_request",
    route: "POST /sessions",
    requestId: refused.headers["x-request-id"],
  });
  expect((await ask(daemon.socket, "GET /health")).headers["x-request-id"]).toBeUndefined();
});
