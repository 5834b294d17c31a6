// Freezes the refusals of `POST /actions` and `POST /shutdown`.
// If a test here fails, the code is wrong, not the test: add a member, never change one (see errors.test.ts).
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startTestDaemon, type TestDaemon } from "../support/test-daemon.ts";
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
