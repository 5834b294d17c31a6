// Freezes the refusals of `POST /actions` and `POST /shutdown`.
// If a test here fails, the code is wrong, not the test: add a member, never change one (see errors.test.ts).
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ECHO, putAdapter } from "../support/adapter.ts";
import { startTestDaemon, type TestDaemon } from "../support/test-daemon.ts";
import { until } from "../support/until.ts";
import { frozen, refusal } from "./frozen.ts";

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startTestDaemon();
});
afterAll(() => daemon.close());

describe("POST /actions refuses in its own shape, with the envelope beside it", () => {
  const rejected = (action: string) => ({
    status: 400,
    body: {
      ok: false,
      accepted: false,
      action,
      status: "rejected",
      reason: expect.any(String),
      error: { code: "invalid_request", message: expect.any(String), details: { action } },
    },
  });
  test.each([
    [{ action: "desktop.click" }, "desktop.click"],
    [{ action: "" }, ""],
    [{ action: "  " }, ""],
    [{ action: 7 }, ""],
    [{ action: null }, ""],
    [{}, ""],
    ["", ""],
    ["{", "(unknown)"],
    ["[]", "(unknown)"],
    ["null", "(unknown)"],
    ['"coven.capabilities.refresh"', "(unknown)"],
    [{ action: "coven.capabilities.refresh", origin: 3 }, "coven.capabilities.refresh"],
    [{ action: "coven.capabilities.refresh", intentId: {} }, "coven.capabilities.refresh"],
    [{ action: "constructor" }, "constructor"],
  ])("%j", async (body, action) => {
    expect(await frozen(daemon, "POST /api/v1/actions", body)).toEqual(rejected(action));
  });
});

const done = (action: string, kind: string, payload: object, asker: object = {}) => ({
  status: 200,
  body: {
    ok: true,
    accepted: true,
    action,
    status: "completed",
    event: { kind, action, ...asker, payload },
  },
});

describe("what the daemon's own adapter does, where the settings allow it", () => {
  const ids = "launch input kill sacrifice".split(" ").map((one) => `coven.session.${one}`);
  let open: TestDaemon;
  beforeAll(async () => {
    open = await startTestDaemon({ policies: ids.map((action) => ({ action, policy: "allow" })) });
  });
  afterAll(() => open.close());

  test("a session from its launch to its end, where the settings allow it", async () => {
    const act = (action: string, args: object) =>
      frozen(open, "POST /api/v1/actions", { action, args, origin: "bridge", intentId: "i-7" });
    const asker = { origin: "bridge", intentId: "i-7" };
    const launched = await act("coven.session.launch", {
      projectRoot: open.project,
      harness: "codex",
      prompt: "read line; echo got:$line; exec cat",
      title: null,
    });
    expect(launched).toMatchObject({
      status: 200,
      body: { event: { kind: "session.launched", ...asker, payload: { session: { status: "running" } } } },
    });
    const [session] = open.coven.running();
    const sessionId = session?.id ?? "";
    expect(await act("coven.session.input", { sessionId, data: "hello\n" })).toEqual(
      done("coven.session.input", "session.input", { sessionId: "<uuid>", seq: "<seq>" }, asker),
    );
    await until("it was typed", () =>
      open.coven
        .output(sessionId, 0, 1e6)
        .some(({ data }) => new TextDecoder().decode(data).includes("got:hello")),
    );
    expect(await act("coven.session.archive", { sessionId })).toEqual(
      refused(409, "coven.session.archive", "session_running"),
    );
    expect(await act("coven.session.kill", { sessionId })).toEqual(
      done("coven.session.kill", "session.kill", { sessionId: "<uuid>" }, asker),
    );
    expect((await open.settled(sessionId)).status).toBe("killed");
    const { events } = await open.client.events(sessionId);
    const said = events
      .filter(({ kind }) => kind === "metadata")
      .map(({ payload_json }) => JSON.parse(payload_json))
      .filter(({ event }) => event === "action" || event === "stopped");
    const note = (action: string) => ({ event: "action", action, ...asker, approval: null });
    expect(said).toEqual([
      note("coven.session.launch"),
      note("coven.session.input"),
      note("coven.session.kill"),
      expect.objectContaining({ event: "stopped", by: "an action of bridge" }),
    ]);
    expect(await act("coven.session.kill", { sessionId })).toEqual(
      refused(409, "coven.session.kill", "session_not_live"),
    );
    expect(await act("coven.session.archive", { sessionId })).toMatchObject({
      body: { event: { kind: "session.archived", payload: { session: { archived_at: "<time>" } } } },
    });
    expect(await act("coven.session.summon", { sessionId })).toMatchObject({
      body: { event: { kind: "session.summoned", payload: { session: { archived_at: null } } } },
    });
    expect(await act("coven.session.sacrifice", { sessionId })).toEqual(
      done(
        "coven.session.sacrifice",
        "session.sacrificed",
        { sessionId: "<uuid>", deletedEvents: expect.any(Number) },
        asker,
      ),
    );
    expect(await act("coven.session.sacrifice", { sessionId })).toEqual(
      refused(404, "coven.session.sacrifice", "session_not_found"),
    );
  });

  test("wrong args do nothing", async () => {
    const good = { projectRoot: open.project, harness: "codex", prompt: "true" };
    const wrong: [string, unknown, string][] = [
      ["launch", undefined, "projectRoot"],
      ["launch", [], ""],
      ["launch", "x", ""],
      ["launch", { ...good, prompt: " " }, "prompt"],
      ["launch", { ...good, cwdd: "/" }, "cwdd"],
      ["launch", { ...good, env: { PATH: "/tmp" } }, "env"],
      ["launch", { ...good, sessionPolicy: {} }, "sessionPolicy"],
      ["kill", {}, "sessionId"],
      ["kill", { sessionId: 7 }, "sessionId"],
      ["kill", { sessionId: "x", force: true }, "force"],
      ["input", { sessionId: "x" }, "data"],
      ["archive", { sessionId: "" }, "sessionId"],
    ];
    for (const [name, args, field] of wrong) {
      const action = `coven.session.${name}`;
      expect([name, args, await frozen(open, "POST /api/v1/actions", { action, args })]).toEqual([
        name,
        args,
        refused(400, action, "invalid_request", { field }),
      ]);
    }
    expect(open.coven.running()).toEqual([]);
  });
});

const refused = (status: number, action: string, code: string, details: object = {}) => ({
  status,
  body: {
    ok: false,
    accepted: false,
    action,
    status: "rejected",
    reason: expect.any(String),
    error: { code, message: expect.any(String), details: expect.objectContaining({ action, ...details }) },
  },
});

test("GET /actions", async () => {
  const { status, body } = await frozen(daemon, "GET /api/v1/actions");
  const { actions } = body as {
    actions: { id: string; args: { properties?: object; required?: string[] } }[];
  };
  expect(status).toBe(200);
  expect(actions.map(({ id }) => id)).toEqual([
    "coven.capabilities.refresh",
    "coven.session.launch",
    "coven.session.input",
    "coven.session.kill",
    "coven.session.sacrifice",
    "coven.session.archive",
    "coven.session.summon",
    "coven.session.wait",
    "coven.attention.approve",
    "coven.attention.deny",
  ]);
  expect(actions.find(({ id }) => id === "coven.session.kill")).toEqual({
    id: "coven.session.kill",
    capability: "coven.sessions.control",
    adapter: "coven-daemon",
    summary: "End a running session and all its processes",
    policy: "requiresApproval",
    timeoutMs: 0,
    args: {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      type: "object",
      properties: { sessionId: { type: "string", minLength: 1, maxLength: 128 } },
      required: ["sessionId"],
      additionalProperties: false,
    },
  } as never);
  expect(actions[1]?.args.required).toEqual(["projectRoot", "harness", "prompt"]);
  expect(Object.keys(actions[1]?.args.properties ?? {})).not.toContain("env");
});

test("GET /adapters", async () => {
  expect(await frozen(daemon, "GET /api/v1/adapters")).toEqual({
    status: 200,
    body: { adapters: [], problems: [] },
  });
  await using open = await disposable(
    startTestDaemon({
      before: (dir) => {
        putAdapter(dir, ECHO, { requires: ["no-such-program-here"] });
        writeFileSync(join(dir, "control-adapters", "bad.json"), "{");
      },
    }),
  );
  expect(await frozen(open.daemon, "GET /api/v1/adapters")).toEqual({
    status: 200,
    body: {
      adapters: [
        {
          ...{ id: "test", label: "Test", file: "<dir>/control-adapters/test.json", state: "idle" },
          ...{ pid: null, starts: 0, problem: null, missing: "no-such-program-here" },
        },
      ],
      problems: [{ file: "<dir>/control-adapters/bad.json", reason: "is not valid JSON" }],
    },
  });
});

test("a policy of the settings: for all, and for one origin before that", async () => {
  await using open = await disposable(
    startTestDaemon({
      policies: [
        { action: "coven.session.archive", policy: "deny" },
        { action: "coven.session.archive", origin: "trusted", policy: "allow" },
        { action: "coven.session.summon", origin: "bad", policy: "deny" },
        { action: "coven.capabilities.refresh", origin: "bad", policy: "deny" },
      ],
    }),
  );
  const { id: sessionId } = open.daemon.finished(["x"]);
  const act = async (name: string, origin?: string) => {
    const body = { action: `coven.session.${name}`, args: { sessionId }, origin };
    return (await frozen(open.daemon, "POST /api/v1/actions", body)).status;
  };
  expect(await act("archive")).toBe(403);
  expect(await act("archive", "bad")).toBe(403);
  expect(await act("archive", "trusted")).toBe(200);
  expect(await act("summon", "bad")).toBe(403);
  expect(await act("summon")).toBe(200);
  const refresh = { action: "coven.capabilities.refresh", origin: "bad" };
  expect(await frozen(open.daemon, "POST /api/v1/actions", refresh)).toEqual(
    refused(403, refresh.action, "forbidden", { policy: "deny" }),
  );
  const policies = async (query: string) => {
    const { body } = await frozen(open.daemon, `GET /api/v1/actions${query}`);
    const { actions } = body as { actions: { id: string; policy: string }[] };
    return Object.fromEntries(
      actions
        .filter(({ id }) => id !== "coven.attention.deny")
        .map((one) => [one.id.split(".").at(-1), one.policy]),
    );
  };
  const usual = { refresh: "allow", launch: "requiresApproval", input: "requiresApproval" };
  const ends = {
    ...{ kill: "requiresApproval", sacrifice: "requiresApproval", wait: "allow" },
    ...{ approve: "requiresApproval" },
  };
  expect(await policies("")).toEqual({ ...usual, ...ends, archive: "deny", summon: "allow" });
  expect(await policies("?origin=bad")).toEqual({
    ...{ ...usual, ...ends, refresh: "deny" },
    ...{ archive: "deny", summon: "deny" },
  });
  // The catalogue leaves out what is denied to who has no name.
  const { body } = await frozen(open.daemon, "GET /api/v1/capabilities");
  expect(body).toMatchObject({
    capabilities: expect.arrayContaining([
      expect.objectContaining({
        id: "coven.sessions.archive",
        status: "available",
        actions: ["coven.session.summon"],
      }),
    ]),
  });
});

async function disposable(started: Promise<TestDaemon>): Promise<AsyncDisposable & { daemon: TestDaemon }> {
  const daemon = await started;
  return { daemon, [Symbol.asyncDispose]: () => daemon.close() };
}

test("shutdown: pid missing, another pid, live sessions", async () => {
  await daemon.launch("exec cat");
  const path = "POST /api/v1/shutdown";
  const { pid } = daemon.identity;
  for (const body of [undefined, {}, { force: true }, { pid: "1" }, { pid: null }]) {
    expect(await frozen(daemon, path, body)).toEqual(refusal(400, "invalid_request", { field: "pid" }));
  }
  expect(await frozen(daemon, path, { pid: pid + 1, force: true })).toEqual(
    refusal(409, "daemon_identity_mismatch", { pid: "<pid>" }),
  );
  expect(await frozen(daemon, path, { pid })).toEqual(
    refusal(409, "session_running", { sessions: ["<uuid>"] }),
  );
  expect(await frozen(daemon, path, { pid, force: false })).toEqual(
    refusal(409, "session_running", { sessions: ["<uuid>"] }),
  );
  expect(daemon.shutdowns).toEqual([]);
});

test("restart: pid missing, another pid, a daemon that can't be replaced in place", async () => {
  const path = "POST /api/v1/restart";
  const { pid } = daemon.identity;
  for (const body of [undefined, {}, { pid: "1" }, { pid: null }]) {
    expect(await frozen(daemon, path, body)).toEqual(refusal(400, "invalid_request", { field: "pid" }));
  }
  for (const command of [[], "/bin/true", [""], [1]]) {
    const said = await frozen(daemon, path, { pid, command });
    expect(said.status).toBe(400);
  }
  expect(await frozen(daemon, path, { pid: pid + 1 })).toEqual(
    refusal(409, "daemon_identity_mismatch", { pid: "<pid>" }),
  );
  expect(await frozen(daemon, path, { pid })).toEqual(
    refusal(503, "runtime_unavailable", { reason: "not_in_place" }),
  );
  expect(await frozen(daemon, "GET /api/v1/restart")).toEqual({ status: 200, body: { restart: null } });
});
