// Freezes what the wire says of names: members, the route, its refusals and the event. If a test here fails, the code is wrong, not the test.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { startTestDaemon, type TestDaemon } from "../support/test-daemon.ts";
import { until } from "../support/until.ts";
import { frozen, refusal } from "./frozen.ts";

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startTestDaemon();
});
afterAll(() => daemon.close());

const rename = (id: string, body: object) => frozen(daemon, `POST /api/v1/sessions/${id}/rename`, body);
const taken = refusal(409, "name_taken", { name: "login", sessionId: "<uuid>" });
const malformed = refusal(400, "invalid_request", { field: "name", problems: expect.any(Array) });

test("a launch takes a name, and no second one takes the same while the first lives", async () => {
  const first = await daemon.launch("exec cat", { name: "login" });
  expect(first.name).toBe("login");
  const launch = { projectRoot: daemon.project, harness: "codex", prompt: "exec cat", name: "login" };
  const before = daemon.ledger.activeSessions().length;
  expect(await frozen(daemon, "POST /api/v1/sessions", launch)).toEqual(taken);
  expect(await frozen(daemon, "POST /api/v1/sessions", { ...launch, name: "cafe" })).toEqual(malformed);
  expect(daemon.ledger.activeSessions()).toHaveLength(before);
  // The same launch again is no second one.
  const key = { "Idempotency-Key": "k" };
  const again = { ...launch, name: "again" };
  expect((await frozen(daemon, "POST /api/v1/sessions", again, key)).status).toBe(201);
  expect((await frozen(daemon, "POST /api/v1/sessions", again, key)).status).toBe(200);
  daemon.coven.kill(first.id);
  await daemon.settled(first.id);
  const second = await frozen(daemon, "POST /api/v1/sessions", launch);
  expect([second.status, second.body]).toMatchObject([201, { name: "login" }]);
});

test("rename: the record, an event while it lives, and the name of nobody else", async () => {
  const { id } = await daemon.launch("exec cat");
  expect(await rename(id, { name: "login" })).toEqual(taken);
  expect(await rename(id, { name: "a b" })).toEqual(malformed);
  expect(await rename(id, { name: "other" })).toMatchObject({ status: 200, body: { name: "other" } });
  expect(await rename(id, { name: "other" })).toMatchObject({ status: 200, body: { name: "other" } });
  expect(await rename(id, { name: null })).toMatchObject({ status: 200, body: { name: null } });
  expect(await rename("nobody", { name: "x" })).toEqual(
    refusal(404, "session_not_found", { sessionId: "nobody" }),
  );
  const events = Array.from(daemon.ledger.events({ sessionId: id, limit: 100 }));
  const said = events
    .map((event) => JSON.parse(event.payload_json))
    .filter(({ event }) => event === "renamed");
  expect(said).toEqual([
    { event: "renamed", name: "other", before: null },
    { event: "renamed", name: null, before: "other" },
  ]);
  daemon.coven.kill(id);
  await until("it has ended", () => !daemon.coven.isRunning(id));
  expect(await rename(id, { name: "late" })).toMatchObject({ status: 200, body: { name: "late" } });
  expect(Array.from(daemon.ledger.events({ sessionId: id, limit: 100 })).at(-1)?.kind).toBe("exit");
});
