// Freezes every documented refusal of `coven.daemon.v1`: status, code and the details programs read; sentences may improve.
// If a test here fails, the code is wrong, not the test. To say more, ADD a code (for a case that had none) or a member of
// `details`, and add it here; never reuse a code for something else and never drop a member clients may read.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Session } from "../../src/session/session.ts";
import { ask } from "../support/raw.ts";
import { startTestDaemon, type TestDaemon } from "../support/test-daemon.ts";
import { frozen, refusal } from "./frozen.ts";

let daemon: TestDaemon;
let done: Session;
let live: Session;
beforeAll(async () => {
  daemon = await startTestDaemon();
  done = daemon.finished([]);
  live = await daemon.launch("exec cat");
});
afterAll(() => daemon.close());

const launch = (over: object) => ({
  projectRoot: daemon.project,
  harness: "codex",
  prompt: "exit 0",
  ...over,
});
const launched = (over: object) => frozen(daemon, "POST /api/v1/sessions", launch(over));

test("not_found", async () => {
  expect(await frozen(daemon, "GET /api/v1/nowhere")).toEqual(refusal(404, "not_found"));
});

test("an unknown API version", async () => {
  const { status, body } = await frozen(daemon, "GET /api/v9/health");
  const details = { apiVersion: "v9", supportedApiVersions: ["v1"] };
  expect({ status, body }).toEqual({
    status: 404,
    body: { error: { code: "invalid_request", message: expect.any(String), details } },
  });
});

test("forbidden", async () => {
  const answer = await frozen(daemon, "GET /api/v1/health", undefined, { Origin: "null" });
  expect(answer).toEqual(refusal(403, "forbidden"));
});

test("session_not_found, on every route with an id", async () => {
  const missing = refusal(404, "session_not_found", { sessionId: "nobody" });
  for (const line of ["GET ", "GET /events", "GET /output", "DELETE "]) {
    const [method, tail] = line.split(" ");
    expect(await frozen(daemon, `${method} /api/v1/sessions/nobody${tail}`)).toEqual(missing);
  }
  // Before the body is judged: it is none.
  for (const verb of ["input", "kill", "resize", "archive", "summon"]) {
    expect(await frozen(daemon, `POST /api/v1/sessions/nobody/${verb}`, "{")).toEqual(missing);
  }
  expect(await frozen(daemon, "GET /api/v1/events?sessionId=nobody")).toEqual(missing);
});

test("session_not_live, before the body is judged, and one line of evidence each", async () => {
  for (const verb of ["input", "kill", "resize"]) {
    const answer = await frozen(daemon, `POST /api/v1/sessions/${done.id}/${verb}`, "{");
    expect(answer).toEqual(refusal(409, "session_not_live", { sessionId: "<uuid>", status: "completed" }));
    expect(daemon.log.at(-1)).toEqual({
      level: "warn",
      event: "request_refused",
      fields: {
        route: `POST /sessions/:id/${verb}`,
        status: 409,
        code: "session_not_live",
        requestId: expect.stringMatching(/^[0-9a-f]{8}-\d+$/),
        sessionId: done.id,
        reason: expect.any(String),
      },
    });
  }
});

test("view_cycle: what is followed and has an end in no circle", async () => {
  const { id } = live;
  const refused = refusal(409, "view_cycle", { sessionId: "<uuid>", within: "<uuid>", path: ["<uuid>"] });
  const sse = { Accept: "text/event-stream" };
  const get = (rest: string, headers = {}) => frozen(daemon, `GET /api/v1/${rest}`, undefined, headers);
  expect(await get(`sessions/${id}/output?follow=1&within=${id}`)).toEqual(refused);
  expect(await get(`sessions/${id}/events?within=${id}`, sse)).toEqual(refused);
  expect(await get(`events?sessionId=${id}&within=${id}`, sse)).toEqual(refused);
  expect((await get(`sessions/${id}/events?within=${id}`)).status).toBe(200);
  const reply = await ask(daemon.socket, `GET /api/v1/sessions/${id}/output?within=${id}`);
  expect(reply.status).toBe(200);
  expect(await get(`sessions/${id}/output?follow=1&within=a%20b`)).toEqual(
    refusal(400, "invalid_request", { field: "within", problems: expect.any(Array) }),
  );
});

test("session_running", async () => {
  const running = refusal(409, "session_running", { sessionId: "<uuid>" });
  expect(await frozen(daemon, `POST /api/v1/sessions/${live.id}/archive`)).toEqual(running);
  expect(await frozen(daemon, `DELETE /api/v1/sessions/${live.id}`)).toEqual(running);
});

describe("invalid_request", () => {
  const named = (field: string) => refusal(400, "invalid_request", { field });

  test("of a live session's input and resize", async () => {
    const path = `POST /api/v1/sessions/${live.id}`;
    for (const body of ["{", "[]"]) expect((await frozen(daemon, `${path}/input`, body)).status).toBe(400);
    for (const body of [{}, { data: 3 }, { data: null }]) {
      expect(await frozen(daemon, `${path}/input`, body)).toEqual(named("data"));
    }
    for (const cols of [0, 1_001, -1, 1.5, "80", null]) {
      expect(await frozen(daemon, `${path}/resize`, { cols, rows: 24 })).toEqual(named("cols"));
    }
    expect(await frozen(daemon, `${path}/resize`, { cols: 80 })).toEqual(named("rows"));
    expect((await frozen(daemon, `${path}/kill`, "{")).status).toBe(400);
  });

  test("of a launch: members, paths, harness", async () => {
    for (const field of ["projectRoot", "harness", "prompt"]) {
      expect(await launched({ [field]: undefined })).toEqual(named(field));
      expect(await launched({ [field]: 7 })).toEqual(named(field));
    }
    const invalid = refusal(400, "invalid_request");
    const code = { code: "invalid_request" };
    for (const over of [
      { projectRoot: join(daemon.dir, "missing") },
      { projectRoot: join(daemon.dir, "coven.db") },
      { projectRoot: "relative" },
      { cwd: ".." },
      { cwd: "missing" },
      { cwd: "/" },
    ]) {
      const answer = await launched(over);
      expect({ over, ...answer }).toEqual({
        over,
        status: invalid.status,
        body: { error: expect.objectContaining(code) },
      });
    }
    expect(await launched({ harness: "emacs" })).toEqual(
      refusal(400, "invalid_request", {
        known: expect.arrayContaining(["codex", "claude"]),
        hint: expect.any(String),
      }),
    );
    expect(daemon.ledger.activeSessions()).toHaveLength(2);
  });

  test("of a list, a page, an output", async () => {
    for (const [query, field] of [
      ["limit=0", "limit"],
      ["limit=1001", "limit"],
      ["limit=x", "limit"],
      ["limit=", "limit"],
      ["includeArchived=maybe", "includeArchived"],
      ["cursor=", "cursor"],
    ] as const) {
      expect(await frozen(daemon, `GET /api/v1/sessions?${query}`)).toEqual(named(field));
    }
    expect((await frozen(daemon, "GET /api/v1/sessions?cursor=tampered")).status).toBe(400);
    for (const field of ["afterSeq", "limit", "beforeSeq"]) {
      expect(await frozen(daemon, `GET /api/v1/events?sessionId=${done.id}&${field}=x`)).toEqual(
        named(field),
      );
    }
    expect(await frozen(daemon, "GET /api/v1/events")).toEqual(named("sessionId"));
    expect(await frozen(daemon, `GET /api/v1/sessions/${done.id}/output?afterSeq=x`)).toEqual(
      named("afterSeq"),
    );
  });
});

test("harness_not_found, and no row is made", async () => {
  const before = daemon.ledger.activeSessions().length;
  expect(await launched({ env: { PATH: "/nowhere" } })).toEqual(
    refusal(400, "harness_not_found", { executable: "codex", hint: expect.any(String) }),
  );
  expect(daemon.ledger.activeSessions()).toHaveLength(before);
});

test("launch_failed: the row is failed and an event says why", async () => {
  // Executable by its mode, and no program by its content: exec refuses its interpreter.
  const bin = join(daemon.dir, "broken");
  await Bun.write(join(bin, "codex"), "#!/nowhere/interpreter\n");
  await Bun.$`chmod 755 ${join(bin, "codex")}`.quiet();
  const answer = await launched({ env: { PATH: bin } });
  rmSync(bin, { recursive: true });
  expect(answer).toEqual(refusal(500, "launch_failed", { sessionId: "<uuid>" }));
  const [failed] = daemon.ledger.activeSessions();
  expect(failed).toMatchObject({ status: "failed", exit_code: null });
  const { events } = await daemon.client.events(failed?.id ?? "");
  expect(events.map((event) => event.kind)).toEqual(["metadata", "exit"]);
});

// These two leave the daemon unfit for others: they come last.
test("runtime_unavailable once the daemon is stopping; what is kept can still be read", async () => {
  await daemon.coven.close();
  expect(await launched({})).toEqual(refusal(503, "runtime_unavailable"));
  expect((await frozen(daemon, "GET /api/v1/health")).status).toBe(200);
  expect((await frozen(daemon, `GET /api/v1/sessions/${done.id}`)).status).toBe(200);
});

test("internal_error: a fixed message, the cause in the log under the same request id", async () => {
  daemon.coven.withActivity = () => {
    throw new TypeError("secret: the cause");
  };
  const answer = await frozen(daemon, "GET /api/v1/sessions?limit=1");
  expect(answer).toEqual({
    status: 500,
    body: {
      error: {
        code: "internal_error",
        message: "Something went wrong in the daemon. Its log has the cause under this request id.",
        details: { requestId: "<requestId>" },
      },
    },
  });
  expect(daemon.log.at(-1)).toMatchObject({
    level: "error",
    event: "request_failed",
    fields: { cause: expect.stringContaining("secret: the cause"), requestId: expect.any(String) },
  });
});
