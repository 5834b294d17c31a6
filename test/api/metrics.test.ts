// Holds what the daemon tells of itself: Prometheus text that its own tool accepts, and figures that follow what happens.

import { afterEach, expect, test } from "bun:test";
import type { Attached } from "../../src/api/client.ts";
import { type House, startHouse } from "../support/house.ts";
import { ask, connected, request } from "../support/raw.ts";
import { testUnless, without } from "../support/unless.ts";
import { until } from "../support/until.ts";

let houses: House[] = [];
afterEach(async () => {
  for (const house of houses) await house.close();
  houses = [];
});
const open = async (): Promise<House> => {
  const house = await startHouse();
  houses.push(house);
  return house;
};

/** A client that is attached: its snapshot has come. */
async function viewing(house: House, id: string): Promise<Attached> {
  const shown = Promise.withResolvers<void>();
  const client = house.client.attach(id, {
    frame() {},
    bytes: () => shown.resolve(),
    closed: () => shown.reject(new Error("hung up on")),
  });
  await shown.promise;
  return client;
}

/** The value of one sample, named as it stands. */
async function sample(house: House, name: string): Promise<number> {
  const line = (await house.client.metrics()).split("\n").find((one) => one.startsWith(`${name} `));
  return line === undefined ? Number.NaN : Number(line.slice(name.length + 1));
}

testUnless(without("promtool"))("promtool finds nothing to say", async () => {
  const house = await open();
  const { id } = await house.launch("exec cat");
  const client = await viewing(house, id);
  await ask(house.socket, "GET /nowhere");
  const stdin = new Blob([await house.client.metrics()]);
  const tool = Bun.spawnSync(["promtool", "check", "metrics"], { stdin });
  expect({ code: tool.exitCode, says: `${tool.stdout}${tool.stderr}` }).toEqual({ code: 0, says: "" });
  client.close();
});

test("it is text of the exposition format, every family once, with help and type before its samples", async () => {
  const house = await open();
  const answer = await ask(house.socket, "GET /api/v1/metrics");
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
  const house = await open();
  const { id } = await house.launch("printf 12345; exec cat");
  await until("it printed", () => house.ledger.lastSeq(id) > 0);
  expect(await sample(house, 'coven_sessions{status="running"}')).toBe(1);
  expect(await sample(house, "coven_live_sessions")).toBe(1);
  expect(await sample(house, "coven_output_bytes_total")).toBe(5);
  expect(await sample(house, "coven_launch_duration_seconds_count")).toBe(1);
  house.coven.kill(id);
  await house.settled(id);
  const { sessions, events } = await house.client.status();
  expect(sessions).toMatchObject({ live: 0, byStatus: { running: 0, killed: 1 } });
  // The output, the kill, what was stopped, the exit.
  expect(events.total).toBe(4);
  house.coven.sacrifice(id);
  expect(await sample(house, 'coven_sessions{status="killed"}')).toBe(0);
});

test("refusals count by code, requests by route", async () => {
  const house = await open();
  for (let i = 0; i < 3; i++) await ask(house.socket, "GET /sessions/none");
  await ask(house.socket, "POST /actions", '{"action":"no"}');
  expect(await sample(house, 'coven_refusals_total{code="session_not_found"}')).toBe(3);
  expect(await sample(house, 'coven_refusals_total{code="invalid_request"}')).toBe(1);
  expect(await sample(house, 'coven_request_duration_seconds_count{route="GET /sessions/:id"}')).toBe(3);
});

test("followers of each kind are counted while they are there, and how far behind the last one is", async () => {
  const house = await open();
  const { id } = await house.launch("exec cat");
  const viewer = await viewing(house, id);
  const stalled = await connected(house.socket);
  stalled.pause();
  stalled.write(request(`GET /sessions/${id}/events`, undefined, { Accept: "text/event-stream" }));
  const output = await connected(house.socket);
  output.write(request(`GET /sessions/${id}/output?follow=1`));
  const kinds = async () => (await house.client.status()).followers.byKind;
  const each = { attach: 1, events: 1, output: 1 };
  for (const deadline = Date.now() + 5_000; Date.now() < deadline; await Bun.sleep(5)) {
    if (Bun.deepEquals(await kinds(), each)) break;
  }
  expect(await kinds()).toEqual(each);
  expect(await sample(house, "coven_attach_duration_seconds_count")).toBe(1);
  // Of a follower that reads nothing some megabytes fit into buffers on the way; the rest it is behind.
  const flood = Array.from(
    { length: 1_000 },
    () => ({ kind: "output", data: new Uint8Array(16_384).fill(120) }) as const,
  );
  house.ledger.append(id, flood, new Date().toISOString());
  await until("it is behind", () => {
    const behind = house.vitals.behind(id, 0);
    return behind >= 1_000;
  });
  expect((await house.client.status()).followers.lagEvents).toBeGreaterThan(100);
  viewer.close();
  for (const peer of [stalled, output]) peer.destroy();
  for (const deadline = Date.now() + 5_000; Date.now() < deadline; await Bun.sleep(5)) {
    // What wakes a follower that hung up is the next event, or its going.
    if ((await house.client.status()).followers.count === 0) break;
  }
  expect((await house.client.status()).followers.count).toBe(0);
});

test("a line of the log and the answer it belongs to have the same request id; what leaves no trace has none", async () => {
  const house = await open();
  const body = JSON.stringify({ projectRoot: `${house.dir}/missing`, harness: "codex", prompt: "x" });
  const refused = await ask(house.socket, "POST /sessions", body);
  expect(house.log.at(-1)?.fields).toMatchObject({
    code: "invalid_request",
    route: "POST /sessions",
    requestId: refused.headers["x-request-id"],
  });
  expect((await ask(house.socket, "GET /health")).headers["x-request-id"]).toBeUndefined();
});
