// A program of the user's as an adapter of the control plane: registered by its manifest, started when it is needed, ended with the daemon.
import { afterEach, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readOwnerKey } from "../../src/owner-key.ts";
import { ECHO, manifestOf, putAdapter } from "../support/adapter.ts";
import { runs } from "../support/signal.ts";
import { startTestDaemon, type TestDaemon, type TestDaemonOptions } from "../support/test-daemon.ts";
import { until } from "../support/until.ts";

let daemon: TestDaemon;
afterEach(() => daemon.close());
const open = async (before: (dir: string) => void, options: TestDaemonOptions = {}) => {
  daemon = await startTestDaemon({ ...options, before });
};

const capability = async (id: string) =>
  (await daemon.client.capabilities()).capabilities.find((one) => one.id === id);
const adapters = async () => (await daemon.client.adapters()).adapters;
const problems = async () => (await daemon.client.adapters()).problems.map(({ reason }) => reason);

/** Asks for an action that takes its time, and waits for what becomes of it. */
async function done(action: string, args: object, origin?: string) {
  const answer = await daemon.client.actions({ action, args, ...(origin ? { origin } : {}) });
  if (!("approval" in answer)) throw new Error(`done at once: ${JSON.stringify(answer)}`);
  const { id } = answer.approval;
  for await (const _ of daemon.client.approvalEvents(id));
  return await daemon.client.approval(id);
}

test("registered, started when it is needed, asked, and shown; ended with the daemon", async () => {
  await open((dir) => putAdapter(dir, ECHO), { env: { SECRET: "x", DISPLAY: ":9" } });
  expect(await capability("test.things")).toEqual({
    ...{ id: "test.things", label: "Things", adapter: "test" },
    ...{ status: "available", policy: "allow", actions: ["test.act"] },
  });
  expect(await adapters()).toMatchObject([
    { id: "test", state: "idle", pid: null, starts: 0, missing: null },
  ]);
  const action = (await daemon.client.actionList()).actions.find(({ id }) => id === "test.act");
  expect(action).toMatchObject({
    adapter: "test",
    policy: "allow",
    timeoutMs: 5_000,
    args: { required: ["text"] },
  });
  expect(await done("test.act", { text: "hello" }, "bridge")).toMatchObject({
    status: "completed",
    decidedBy: "policy",
    result: {
      event: {
        kind: "action.completed",
        origin: "bridge",
        payload: {
          echo: { action: "test.act", args: { text: "hello" }, origin: "bridge", intentId: null },
        },
      },
    },
  });
  await done("test.act", { text: "again" });
  const [running] = await adapters();
  expect(running).toMatchObject({ state: "running", starts: 1, problem: null });
  const pid = running?.pid ?? 0;
  expect(runs(pid)).toBe(true);
  await daemon.close();
  expect(runs(pid)).toBe(false);
});

test("wrong args never reach it, and it isn't started for them", async () => {
  await open((dir) => putAdapter(dir, ECHO));
  const wrong: [unknown, string][] = [
    [undefined, "text"],
    [{}, "text"],
    [{ text: 7 }, "text"],
    [{ text: "x".repeat(21) }, "text"],
    [{ text: "x", more: 1 }, "more"],
    ["x", ""],
  ];
  for (const [args, field] of wrong) {
    const error = await daemon.client.actions({ action: "test.act", args }).catch((one: unknown) => one);
    expect([args, error]).toEqual([
      args,
      expect.objectContaining({ code: "invalid_request", details: expect.objectContaining({ field }) }),
    ]);
  }
  expect(await adapters()).toMatchObject([{ starts: 0 }]);
});

test("a manifest says requiresApproval where it says nothing, and the settings change it", async () => {
  await open(
    (dir) => {
      const [action] = manifestOf("test", "")["actions"] as [Record<string, unknown>];
      const { policy: _, ...silent } = action;
      putAdapter(dir, ECHO, { actions: [silent, { ...action, id: "test.never" }] });
    },
    { policies: [{ action: "test.never", policy: "deny" }] },
  );
  expect(await capability("test.things")).toMatchObject({
    policy: "requiresApproval",
    actions: ["test.act"],
  });
  const denied = daemon.client.actions({ action: "test.never", args: { text: "x" } });
  expect(await denied.catch((error: unknown) => error)).toMatchObject({ code: "forbidden" });
  const answer = await daemon.client.actions({ action: "test.act", args: { text: "x" } });
  const id = "approval" in answer ? answer.approval.id : "";
  expect(answer).toMatchObject({ status: "pending" });
  const ownerKey = readOwnerKey(join(daemon.dir, "owner.key")) ?? "";
  // It takes its time: approved at once, and done a little later.
  expect((await daemon.client.approveAction(id, { ownerKey })).status).toBe("approved");
  const kinds: string[] = [];
  for await (const { kind } of daemon.client.approvalEvents(id)) kinds.push(kind);
  expect(kinds).toEqual(["requested", "approved", "completed"]);
});

test("desktop.automation is planned until somebody registers for it, then available or missingSetup, as it says itself", async () => {
  await open(() => {});
  const planned = {
    ...{ id: "desktop.automation", label: "Desktop automation", adapter: "desktop-use" },
    ...{ status: "planned", policy: "requiresApproval", actions: [] },
  };
  expect((await daemon.client.capabilities()).capabilities[2]).toEqual(planned as never);
  const over = {
    id: "hands",
    capabilities: [{ id: "desktop.automation", label: "Hands" }],
    actions: (manifestOf("hands", "")["actions"] as object[]).map((one) => ({
      ...one,
      capability: "desktop.automation",
    })),
  };
  const says = (status: string) =>
    `if (message.method === "initialize") say({ id: message.id, result: { capabilities: { "desktop.automation": "${status}" } } });
     if (message.method === "action") {
       say({ method: "status", params: { capabilities: { "desktop.automation": message.params.args.text, "coven.sessions": "missingSetup" } } });
       say({ id: message.id, result: {} });
     }`;
  putAdapter(daemon.dir, says("missingSetup"), over);
  // It counts at once. What is installed is all that is known of it before its start.
  const status = async () => (await daemon.client.capabilities()).capabilities[2]?.status;
  expect((await daemon.client.capabilities()).capabilities[2]).toMatchObject({
    ...{ id: "desktop.automation", label: "Hands", adapter: "hands" },
    ...{ status: "available", actions: ["hands.act"] },
  });
  await done("hands.act", { text: "missingSetup" });
  expect(await status()).toBe("missingSetup");
  await done("hands.act", { text: "available" });
  expect(await status()).toBe("available");
  expect((await daemon.client.capabilities()).capabilities[0]?.status).toBe("available");
  putAdapter(daemon.dir, says("available"), { ...over, requires: ["no-such-program-here"] });
  expect(await status()).toBe("missingSetup");
  expect(await adapters()).toMatchObject([{ missing: "no-such-program-here" }]);
  rmSync(join(daemon.dir, "control-adapters", "hands.json"));
  expect((await daemon.client.capabilities()).capabilities[2]).toEqual(planned as never);
  expect(await adapters()).toEqual([]);
});

test("a manifest that changes is another adapter: the program of the old one ends", async () => {
  await open((dir) => putAdapter(dir, ECHO));
  await done("test.act", { text: "x" });
  const before = (await adapters())[0]?.pid ?? 0;
  putAdapter(daemon.dir, ECHO, { label: "Other" });
  expect(await adapters()).toMatchObject([{ label: "Other", state: "idle" }]);
  expect(await done("test.act", { text: "x" })).toMatchObject({ status: "completed" });
  expect(runs(before)).toBe(false);
});

test("what it is given: the usual environment, what its manifest names, and nothing of coven's but the mark", async () => {
  await open(
    (dir) =>
      putAdapter(
        dir,
        `if (message.method === "initialize") say({ id: message.id, result: {} });
         if (message.method === "action") say({ id: message.id, result: { env: process.env, cwd: process.cwd() } });`,
        { environment: ["DISPLAY", "ABSENT"] },
      ),
    { env: { SECRET: "x", DISPLAY: ":9", NODE_OPTIONS: "--inspect" } },
  );
  const { result } = await done("test.act", { text: "x" });
  const event = result?.["event"] as { payload: { env: Record<string, string>; cwd: string } };
  const { payload } = event;
  expect(payload.cwd).toBe("/");
  const { COVEN_SESSION_ID: mark, ...env } = payload.env;
  expect(mark).toMatch(/^adapter-test-[0-9a-f]{12}$/);
  expect(Object.keys(env).toSorted()).toEqual(["DISPLAY", "HOME", "LANG", "PATH"]);
});

test("what it refuses and what it can't do stands in the approval; what it writes to standard error in a file", async () => {
  await open((dir) => {
    mkdirSync(join(dir, "logs"));
    putAdapter(
      dir,
      `if (message.method === "initialize") say({ id: message.id, result: {} });
       if (message.method !== "action") return;
       process.stderr.write("about to fail\\n");
       const code = message.params.args.text === "args" ? -32602 : 7;
       say({ id: message.id, error: { code, message: "no \\u001b[2J display" } });`,
    );
  });
  expect(await done("test.act", { text: "x" })).toMatchObject({
    status: "failed",
    result: {
      error: {
        code: "runtime_unavailable",
        message: "no \u001b[2J display",
        details: { reason: "adapter", adapter: "test", adapterCode: 7 },
      },
    },
  });
  expect(await done("test.act", { text: "args" })).toMatchObject({
    result: { error: { code: "invalid_request", details: { adapter: "test" } } },
  });
  const log = join(daemon.dir, "logs", "adapter-test.log");
  await until("it was written", () => readFileSync(log, "utf8") === "about to fail\nabout to fail\n");
  expect(JSON.stringify(daemon.log)).not.toContain("about to fail");
});

test("manifests that are not taken, each with its reason, and none takes another away", async () => {
  await open((dir) => {
    putAdapter(dir, ECHO);
    const directory = join(dir, "control-adapters");
    const actionOf = (name: string) => (manifestOf(name, "")["actions"] as [Record<string, unknown>])[0];
    const put = (name: string, over: object, text?: string) =>
      writeFileSync(
        join(directory, `${name}.json`),
        text ?? JSON.stringify({ ...manifestOf(name, "/x"), ...over }),
      );
    const args = (name: string, schema: object) =>
      put(name, { actions: [{ ...actionOf(name), args: schema }] });
    const closed = { type: "object", additionalProperties: false };
    put("u-json", {}, "{");
    put("u-schema", { schema: 2 });
    put("u-unknown", { shell: true });
    put("u-relative", { command: ["./x"] });
    put("u-own", { capabilities: [{ id: "coven.sessions", label: "x" }] });
    put("u-twice", {
      capabilities: [{ id: "test.things", label: "x" }],
      actions: [{ ...actionOf("u-twice"), capability: "test.things" }],
    });
    put("u-env", { environment: ["COVEN_HOME"] });
    put("u-control", { label: "a\u001b[2J" });
    args("u-open-args", { type: "object" });
    args("u-args-word", { ...closed, patternProperties: {} });
    args("u-args-deep", { ...closed, properties: { a: { minLength: 1 } } });
    args("u-args-enum", { ...closed, properties: { a: { type: "string", enum: ["a"], maxLength: 1 } } });
    args("u-args-required", { ...closed, required: ["b"] });
    put("u-mode", {});
    chmodSync(join(directory, "u-mode.json"), 0o666);
    mkdirSync(join(directory, "u-dir.json"));
  });
  // The home takes from others what a file of ours grants them: it is opened again.
  chmodSync(join(daemon.dir, "control-adapters", "u-mode.json"), 0o666);
  const found = (await daemon.client.adapters()).problems.map(({ file, reason }) => [
    file.slice(file.lastIndexOf("/") + 1, -".json".length),
    reason,
  ]);
  expect(Object.fromEntries(found)).toEqual({
    "u-json": "is not valid JSON",
    "u-schema": "schema: must be 1",
    "u-unknown": expect.stringContaining("shell: is no member of a manifest"),
    "u-relative": expect.stringContaining("command.0: must be a name"),
    "u-own": expect.stringContaining("capabilities.0.id: must not begin with coven."),
    "u-twice": expect.stringContaining("test.things is there already"),
    "u-env": expect.stringContaining("environment.0: must be the name of a variable"),
    "u-control": expect.stringContaining("label: must not hold control characters"),
    "u-open-args": expect.stringContaining("actions.0.args.additionalProperties: must be false"),
    "u-args-word": expect.stringContaining("actions.0.args.patternProperties: is not understood here"),
    "u-args-deep": expect.stringContaining("actions.0.args.properties.a.type: must be one of string,"),
    "u-args-enum": expect.stringContaining(
      "actions.0.args.properties.a.enum: must not stand beside maxLength",
    ),
    "u-args-required": expect.stringContaining(
      "actions.0.args.required: must be a list of names in properties",
    ),
    "u-mode": expect.stringContaining("may be written by others"),
    "u-dir": "is not a regular file",
  });
  expect(await adapters()).toHaveLength(1);
  expect(await done("test.act", { text: "x" })).toMatchObject({ status: "completed" });
  expect(await problems()).toHaveLength(found.length);
});
