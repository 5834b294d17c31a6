// Walks the OpenAPI document as a stranger would who has nothing else: every operation is sent to a real daemon, every status and code
// that it documents is had, and each answer is held against the document's own schema for it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import { InvalidRequest } from "../../src/api/respond.ts";
import type { AnyRoute } from "../../src/api/route.ts";
import { ROUTES, type RouteName } from "../../src/api/routes/table.ts";
import { CovenError, ERROR_CODES, type ErrorCode } from "../../src/errors.ts";
import { attached } from "../support/attached.ts";
import { daemonHome } from "../support/daemon-home.ts";
import { ask } from "../support/raw.ts";
import { git } from "../support/repository.ts";
import { startTestDaemon, type TestDaemon } from "../support/test-daemon.ts";
import { notLinux, testUnless } from "../support/unless.ts";
import { until } from "../support/until.ts";
import { OPENAPI_FILE } from "../support/write-openapi.ts";

interface Media {
  readonly schema: unknown;
  readonly "x-event-data"?: unknown;
}
interface Answer {
  readonly $ref?: string;
  readonly content?: Readonly<Record<string, Media>>;
}
interface Operation {
  readonly operationId: RouteName;
  readonly requestBody?: unknown;
  readonly parameters?: readonly {
    readonly in?: string;
    readonly name?: string;
    readonly required?: boolean;
  }[];
  readonly responses: Readonly<Record<string, Answer>>;
}

const file = readFileSync(OPENAPI_FILE, "utf8");
const document: {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: object; readonly responses: Readonly<Record<string, Answer>> };
} = JSON.parse(file);

const ajv = new Ajv2020({ strict: false, allErrors: true, formats: { binary: true } });
ajv.addSchema(document, "openapi");

/** What is wrong with a value by the schema at a place in the document; empty where nothing is. */
function faults(place: readonly (string | number)[], value: unknown): readonly unknown[] {
  const pointer = place.map((part) => String(part).replaceAll("~", "~0").replaceAll("/", "~1")).join("/");
  const check = ajv.compile({ $ref: `openapi#/${encodeURI(pointer)}` });
  return check(value) ? [] : (check.errors ?? []);
}

interface Place {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}
const OPERATIONS: readonly Place[] = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
);
const placeOf = (name: RouteName): Place => {
  const found = OPERATIONS.find(({ operation }) => operation.operationId === name);
  if (!found) throw new Error(`the document has no operation ${name}`);
  return found;
};

/** The place of an answer in the document, and what stands there. */
function answerAt({ method, path, operation }: Place, status: number) {
  const answer = operation.responses[status];
  if (!answer) throw new Error(`${operation.operationId} documents no ${status}`);
  if (!answer.$ref) return { at: ["paths", path, method, "responses", status], answer };
  const name = answer.$ref.slice("#/components/responses/".length);
  return { at: ["components", "responses", name], answer: document.components.responses[name] ?? {} };
}

/** The codes that may stand in an answer, by what its schema refers to. */
function codesOf(place: Place, status: number): ErrorCode[] {
  const text = JSON.stringify(answerAt(place, status).answer);
  const names = Array.from(text.matchAll(/#\/components\/schemas\/(\w+)Error"/g), ([, name]) => name);
  return ERROR_CODES.filter((code) => names.includes(typeName(code)));
}
const typeName = (code: string) =>
  code.replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase()).replace(/Error$/, "");

/** One request by the document. */
interface Call {
  readonly id?: string;
  readonly query?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

let daemon: TestDaemon;
/** Finished, live, and of somebody else. */
let done: string;
let live: string;
let other: string;
beforeAll(async () => {
  const actions = "launch input kill sacrifice".split(" ").map((one) => `coven.session.${one}`);
  actions.push("coven.attention.approve");
  daemon = await startTestDaemon({
    policies: actions.map((action) => ({
      action,
      policy: action.endsWith("input") ? "requiresApproval" : "allow",
    })),
    before: (dir) => {
      const fixture = readFileSync(join(import.meta.dir, "..", "upgrade", "coven-0.4.6.sqlite3.zst"));
      writeFileSync(join(dir, "coven.sqlite3"), Bun.zstdDecompressSync(fixture));
      writeFileSync(join(dir, "familiars.toml"), '[[familiar]]\nid = "kit"\nname = "Kit"\n');
    },
  });
  // An executable by its mode, and no program by its content: exec refuses its interpreter.
  writeFileSync(join(daemon.dir, "bin", "broken"), "#!/nowhere/interpreter\n");
  chmodSync(join(daemon.dir, "bin", "broken"), 0o755);

  mkdirSync(join(daemon.dir, "harnesses"), { recursive: true });
  manifest("broken", "broken", ["{prompt}"]);
  manifest("away", "nowhere-to-be-found", ["{prompt}"]);
  manifest("mute", "sh", ["-c", "{prompt}"]);
  done = daemon.finished(["hello"]).id;
  live = (await daemon.launch("exec cat")).id;
  other = (await daemon.client.registerExternal({ id: "other-1", projectRoot: daemon.project, harness: "x" }))
    .id;
});
afterAll(() => daemon.close());

const launching = (over: object = {}) => ({
  projectRoot: daemon.project,
  harness: "codex",
  prompt: "exit 0",
  ...over,
});

/** Sends one, and returns what came; a stream is read to its first two frames. */
async function send(name: RouteName, call: Call, socket = daemon.socket) {
  const { method, path } = placeOf(name);
  const hangUp = new AbortController();
  const text = typeof call.body === "string" ? call.body : JSON.stringify(call.body);
  const answer = await fetch(
    `http://coven/api/v1${path.replace("{id}", encodeURIComponent(call.id ?? ""))}${call.query ?? ""}`,
    {
      unix: socket,
      method: method.toUpperCase(),
      headers: { ...(text === undefined ? {} : { "content-type": "application/json" }), ...call.headers },
      ...(text === undefined ? {} : { body: text }),
      signal: hangUp.signal,
    },
  );
  const type = answer.headers.get("content-type")?.split(";")[0] ?? "";
  if (type !== "text/event-stream") return { status: answer.status, type, text: await answer.text() };
  let read = "";
  const decoder = new TextDecoder();
  for await (const chunk of answer.body ?? []) {
    read += decoder.decode(chunk, { stream: true });
    if (read.split("\n\n").filter((frame) => /^data: ./m.test(frame)).length >= 2) break;
  }
  hangUp.abort();
  return { status: answer.status, type, text: read };
}

/** Sends it and holds the answer against the document; `data` are the objects of a stream. */
async function held(name: RouteName, call: Call, wanted: number, socket?: string): Promise<unknown> {
  const place = placeOf(name);
  const { status, type, text } = await send(name, call, socket);
  expect({ name, status }, text).toEqual({ name, status: wanted });
  const { at, answer } = answerAt(place, status);
  const media = answer.content?.[type];
  if (!media) throw new Error(`${name} documents no ${type} for ${status}`);
  if (type === "text/event-stream") {
    const data = Array.from(text.matchAll(/^data: (.+)$/gm), ([, json]) => JSON.parse(String(json)));
    expect(data.length, text).toBeGreaterThan(0);
    for (const one of data) expect(faults([...at, "content", type, "x-event-data"], one)).toEqual([]);
    return data;
  }
  const value = type === "application/json" ? JSON.parse(text) : text;
  expect({ name, status, faults: faults([...at, "content", type, "schema"], value) }).toEqual({
    name,
    status,
    faults: [],
  });
  return value;
}

const keyed = () => ({ "Idempotency-Key": crypto.randomUUID() });
const ownerKey = () => ({
  Authorization: `Bearer ${readFileSync(join(daemon.dir, "owner.key"), "utf8").trim()}`,
});

/** An approval that waits: something is to be typed. */
async function pending(): Promise<string> {
  const args = { sessionId: live, data: "" };
  const answer = await daemon.client.actions({ action: "coven.session.input", args, origin: "bridge" });
  return "approval" in answer ? answer.approval.id : "";
}

/** A run that somebody else has started. */
async function external(): Promise<string> {
  const run = { id: `run-${crypto.randomUUID()}`, projectRoot: daemon.project, harness: "engine" };
  return (await daemon.client.registerExternal(run)).id;
}

/** A session of the demo that asks for leave. */
async function asking(): Promise<string> {
  const { id } = await daemon.launch("ask 1", { harness: "demo", launchMode: "interactive" });
  const kind = (wanted: string) =>
    until(`it asks: ${wanted}`, () => daemon.coven.session(id).attention?.kind === wanted);
  await kind("question");
  await daemon.client.input(id, "\n");
  await kind("permission");
  return id;
}

type Make = () => Call | Promise<Call>;

/** By operation and status: what is answered so. */
const GOOD: Record<RouteName, Readonly<Record<number, Make>>> = {
  apiVersion: { 200: () => ({}) },
  health: { 200: () => ({}) },
  openapi: { 200: () => ({}) },
  capabilities: { 200: () => ({}) },
  adapters: { 200: () => ({}) },
  actionList: { 200: () => ({ query: "?origin=bridge" }) },
  actions: {
    200: () => ({ body: { action: "coven.capabilities.refresh", origin: "bridge", intentId: "i-1" } }),
    202: () => act("input", { sessionId: live, data: "x" }),
  },
  approvals: { 200: () => ({ query: "?status=pending&limit=5" }) },
  approval: { 200: async () => ({ id: await pending() }) },
  approvalEvents: { 200: async () => ({ id: await pending() }) },
  approveAction: { 200: async () => ({ id: await pending(), body: {}, headers: ownerKey() }) },
  denyAction: { 200: async () => ({ id: await pending(), body: { reason: "no" }, headers: ownerKey() }) },
  sessions: { 200: () => ({}) },
  launch: {
    201: () => ({ body: launching() }),
    200: async () => {
      const call = { body: launching(), headers: keyed() };
      await send("launch", call);
      return call;
    },
  },
  session: { 200: () => ({ id: live }) },
  rename: { 200: () => ({ id: live, body: { name: "taken" } }) },
  archive: { 200: () => ({ id: done }) },
  summon: { 200: () => ({ id: done }) },
  sacrifice: { 200: () => ({ id: daemon.finished([]).id, body: { worktree: "keep" } }) },
  registerExternal: {
    201: () => ({ body: { id: "engine/42", projectRoot: daemon.project, harness: "engine" } }),
    200: () => ({ body: { id: other, projectRoot: daemon.project, harness: "engine" } }),
  },
  completeExternal: { 200: async () => ({ id: await external(), body: { exitCode: 0 } }) },
  input: {
    202: () => ({ id: live, body: { data: "a\n" } }),
    200: async () => {
      const call = { id: live, body: { data: "b\n" }, headers: keyed() };
      await send("input", call);
      return call;
    },
  },
  approve: { 202: async () => ({ id: await asking() }) },
  deny: { 202: async () => ({ id: await asking(), body: { reason: "no" } }) },
  resize: { 202: () => ({ id: live, body: { cols: 90, rows: 30 } }) },
  kill: { 202: async () => ({ id: (await daemon.launch("exec cat")).id }) },
  screen: { 200: () => ({ id: live, query: "?picture=true" }) },
  output: { 200: () => ({ id: done, query: "?afterSeq=0&follow=true" }) },
  // Below, with a WebSocket.
  attach: {},
  events: { 200: () => ({ query: `?sessionId=${done}&limit=1` }) },
  sessionEvents: { 200: () => ({ id: done, query: "?beforeSeq=9007199254740991" }) },
  feed: {
    200: async () => {
      const cursor = (await daemon.client.feed()[Symbol.asyncIterator]().next()).value?.cursor;
      await daemon.client.archive(done);
      await daemon.client.summon(done);
      return { headers: { "Last-Event-ID": cursor ?? "" } };
    },
  },
  attention: { 200: async () => ({ id: await answered() }) },
  notifyTest: { 202: () => ({ body: {} }) },
  notified: { 200: () => ({}) },
  harnesses: { 200: () => ({}) },
  log: { 200: () => ({ id: done }) },
  familiars: { 200: () => ({}) },
  skills: { 200: () => ({}) },
  memory: { 200: () => ({}) },
  import: { 200: () => ({ body: { from: "0.4" } }) },
  status: { 200: () => ({}) },
  metrics: { 200: () => ({}) },
  shutdown: { 202: () => ({ body: { pid: daemon.identity.pid, force: true } }) },
  // Below, with a daemon that may be replaced.
  restart: {},
  restarting: { 200: () => ({}) },
};

/** In forms that the same status has too. */
const ALSO: readonly (readonly [RouteName, Make])[] = [
  ["sessions", () => ({ query: "?limit=2&includeArchived=true" })],
  ["screen", () => ({ id: done })],
  ["events", () => ({ query: `?sessionId=${done}`, headers: { Accept: "text/event-stream" } })],
  ["sessionEvents", () => ({ id: done, headers: { Accept: "text/event-stream" } })],
  ["approvalEvents", async () => ({ id: await decided(), headers: { Accept: "text/event-stream" } })],
  ["session", () => ({ id: other })],
];

async function decided(): Promise<string> {
  const id = await pending();
  await send("denyAction", { id, body: {}, headers: ownerKey() });
  return id;
}

/** The smallest request that reaches the handler. */
const reaching = (name: RouteName): Call => {
  const { path, operation } = placeOf(name);
  const id = path.startsWith("/approvals") ? "nobody" : live;
  const bodies: Partial<Record<RouteName, unknown>> = {
    launch: launching(),
    registerExternal: { id: "engine/43", projectRoot: daemon.project, harness: "engine" },
    input: { data: "x" },
    resize: { cols: 80, rows: 24 },
    import: { from: "0.4" },
    shutdown: { pid: daemon.identity.pid },
    restart: { pid: daemon.identity.pid },
    actions: { action: "coven.capabilities.refresh" },
  };
  return {
    ...(path.includes("{id}") ? { id } : {}),
    ...(operation.requestBody ? { body: bodies[name] ?? {} } : {}),
    ...(name === "events" ? { query: `?sessionId=${live}` } : {}),
  };
};

const act = (action: string, args: object) => ({ body: { action: `coven.session.${action}`, args } });
const answer = (args: object) => ({ body: { action: "coven.attention.approve", args } });
const sse = { Accept: "text/event-stream" };
const bare = { env: { PATH: "/nowhere" } };

/** By operation and code, where asking wrongly depends on what is asked. */
const BAD: Partial<Record<`${RouteName} ${ErrorCode}`, Make>> = {
  "actions session_not_found": () => act("kill", { sessionId: "nobody" }),
  "actions session_not_live": () => act("kill", { sessionId: done }),
  "actions session_running": () => act("archive", { sessionId: live }),
  "actions external_session_not_killable": () => act("kill", { sessionId: other }),
  "actions harness_not_found": () => act("launch", launching({ harness: "away" })),
  "actions worktree_not_removed": async () => act("sacrifice", { sessionId: await inWorktree() }),
  "actions stale_prompt": async () => answer({ sessionId: await asking(), ifAttentionSeq: 0 }),
  "actions not_waiting": async () => {
    const sessionId = await answered();
    return answer({ sessionId, ifAttentionSeq: daemon.coven.session(sessionId).attention?.seq });
  },
  "actions not_supported": async () => answer({ sessionId: await mute(), ifAttentionSeq: 0 }),
  "actions not_enabled": () => act("launch", launching({ harness: "gemini" })),
  "actions launch_failed": () => act("launch", launching({ harness: "broken" })),
  "actions invalid_request": () => ({ body: { action: "desktop.click" } }),
  "launch session_not_found": () => ({ body: launching({ continues: crypto.randomUUID() }) }),
  "launch checkout_in_use": () => ({ body: launching({ exclusive: true }) }),
  "launch session_running": () => ({ body: launching({ continues: live }) }),
  "launch not_supported": () => ({ body: launching({ continues: done }) }),
  "launch name_taken": () => ({ body: launching({ name: "taken" }) }),
  "rename name_taken": () => ({ id: done, body: { name: "taken" } }),
  "output view_cycle": () => ({ id: live, query: `?follow=1&within=${live}` }),
  "events view_cycle": () => ({ query: `?sessionId=${live}&within=${live}`, headers: sse }),
  "sessionEvents view_cycle": () => ({ id: live, query: `?within=${live}`, headers: sse }),
  "launch harness_not_found": () => ({ body: launching(bare) }),
  "launch not_enabled": () => ({ body: launching({ harness: "gemini" }) }),
  "launch launch_failed": () => ({ body: launching({ harness: "broken" }) }),
  "events session_not_found": () => ({ query: "?sessionId=nobody" }),
  "archive session_running": () => ({ id: live }),
  "sacrifice session_running": () => ({ id: live }),
  "sacrifice worktree_not_removed": async () => ({ id: await inWorktree() }),
  "registerExternal session_id_conflict": () => ({
    body: { id: done, projectRoot: daemon.project, harness: "engine" },
  }),
  "completeExternal not_external_session": () => ({ id: done }),
  "kill external_session_not_killable": () => ({ id: other }),
  "input stale_prompt": () => ({ id: live, body: { data: "x", ifAttentionSeq: 0 } }),
  "approve stale_prompt": async () => ({ id: await asking(), body: { ifAttentionSeq: 0 } }),
  "deny stale_prompt": async () => ({ id: await asking(), body: { ifAttentionSeq: 0 } }),
  "approve not_waiting": async () => ({ id: await answered() }),
  "deny not_waiting": async () => ({ id: await answered() }),
  "familiars invalid_request": () => {
    writeFileSync(join(daemon.dir, "familiars.toml"), "[[");
    return {};
  },
  "approve not_supported": async () => ({ id: await mute() }),
  "deny not_supported": async () => ({ id: await mute() }),
  "approval approval_not_found": () => ({ id: "nobody" }),
  "approvalEvents approval_not_found": () => ({ id: "nobody" }),
  "approveAction approval_not_found": () => ({ id: "nobody", headers: ownerKey() }),
  "denyAction approval_not_found": () => ({ id: "nobody", headers: ownerKey() }),
  "approveAction approval_settled": async () => ({ id: await decided(), headers: ownerKey() }),
  "denyAction approval_settled": async () => ({ id: await decided(), headers: ownerKey() }),
  "shutdown daemon_identity_mismatch": () => ({ body: { pid: 1 } }),
  "shutdown session_running": () => ({ body: { pid: daemon.identity.pid } }),
  "restart daemon_identity_mismatch": () => ({ body: { pid: 1 } }),
  // In this process nothing may be replaced.
  "restart runtime_unavailable": () => ({ body: { pid: daemon.identity.pid } }),
};

/** A session of the demo that asks for nothing that could be allowed. */
async function answered(): Promise<string> {
  const { id } = await daemon.launch("ask 1", { harness: "demo", launchMode: "interactive" });
  await until("it asks", () => daemon.coven.session(id).attention?.kind === "question");
  return id;
}

/** A finished session whose git worktree is there. */
async function inWorktree(): Promise<string> {
  const repository = mkdtempSync(join(daemon.dir, "repository-"));
  const path = `${repository}-tree`;
  git(repository, "init", "-q", "-b", "main");
  git(repository, "commit", "-q", "--allow-empty", "-m", "first");
  git(repository, "worktree", "add", "-q", "-b", "side", path);
  const worktree = { branch: "side", base: git(path, "rev-parse", "HEAD") };
  const { id } = await daemon.launch("true", { projectRoot: path, worktree });
  await daemon.settled(id);
  return id;
}

/** A session that asks for leave, of a harness whose keys nobody has said. */
async function mute(): Promise<string> {
  const prompt = "printf '\\033]7501;state=blocked:kind=permission\\033\\\\'; exec cat";
  const { id } = await daemon.launch(prompt, { harness: "mute" });
  await until("it waits", () => daemon.coven.session(id).attention?.state === "waiting");
  return id;
}

function manifest(id: string, executable: string, argv: readonly string[]): void {
  const content = { id, label: id, executable, interactive: argv, nonInteractive: argv };
  writeFileSync(join(daemon.dir, "harnesses", `${id}.json`), JSON.stringify(content));
}

/** Where asking wrongly is the same everywhere; undefined where it is not. */
function wrongly(name: RouteName, code: ErrorCode): Call | undefined {
  const call = reaching(name);
  const { operation } = placeOf(name);
  const parameter = operation.parameters?.find((one) => one.in === "query" || one.in === "header");
  if (code === "forbidden") return { ...call, headers: { Origin: "http://example.org" } };
  if (code === "session_not_found") return { ...call, id: "nobody" };
  if (code === "session_not_live") return { ...call, id: done };
  if (code === "payload_too_large") return { ...call, body: " ".repeat(4 * 1024 * 1024 + 1) };
  if (code !== "invalid_request") return undefined;
  if (operation.requestBody) return { ...call, body: "[" };
  if (parameter?.in === "query") return { ...call, query: `?${parameter.name}=1&${parameter.name}=2` };
  return undefined;
}

/** What can't be had at will: the handler fails so, and the server answers as ever. */
const FAULTS: Partial<Record<ErrorCode, Error>> = {
  internal_error: new TypeError("not foreseen"),
  runtime_unavailable: new CovenError("runtime_unavailable", "The daemon is stopping."),
  send_input_failed: new CovenError("send_input_failed", "The terminal did not take it.", { sessionId: "x" }),
  kill_failed: new CovenError("kill_failed", "The session could not be ended.", { sessionId: "x" }),
};

/** Has a route's handler throw for as long as `work` takes. */
async function failing(name: RouteName, fault: Error, work: () => Promise<void>): Promise<void> {
  const record: { handle: AnyRoute["handle"] } = ROUTES[name] as unknown as { handle: AnyRoute["handle"] };
  const { handle } = record;
  record.handle = () => {
    throw fault;
  };
  try {
    await work();
  } finally {
    record.handle = handle;
  }
}

test("it is served, and announced", async () => {
  const { status, body } = await ask(daemon.socket, "GET /api/v1/openapi.json");
  expect(status).toBe(200);
  // Compact, as every answer.
  expect(body === JSON.stringify(JSON.parse(file))).toBe(true);
  expect((await daemon.client.health()).capabilities["openapi"]).toBe(true);
});

test("it is OpenAPI 3.1 by a validator that is not ours", async () => {
  const validator = new Validator();
  expect(await validator.validate(JSON.parse(file))).toEqual({ valid: true });
  expect(validator.version).toBe("3.1");
});

test("it has every route and no other, and every code", () => {
  const places = OPERATIONS.map(
    ({ method, path }) => `${method.toUpperCase()} ${path.replace("{id}", ":id")}`,
  );
  const served = Object.values<AnyRoute>(ROUTES).map(({ place }) => place);
  expect(places.toSorted()).toEqual(served.toSorted());
  expect(Object.keys(document.components.schemas)).toEqual(
    expect.arrayContaining(ERROR_CODES.map((code) => `${typeName(code)}Error`)),
  );
});

test("docs/API.md draws every code, in one of seven diagrams", () => {
  const page = readFileSync(join(import.meta.dir, "..", "..", "docs", "API.md"), "utf8");
  const drawn = Array.from(page.matchAll(/^```mermaid\n([\s\S]*?)^```/gm), ([, text]) => String(text));
  expect(drawn).toHaveLength(7);
  const drawnCodes = Array.from(
    drawn[2]?.matchAll(/(\d{3}) (\w+)/g) ?? [],
    ([, status, code]) => `${status} ${code}`,
  );
  const documented = OPERATIONS.flatMap((place) =>
    Object.keys(place.operation.responses).flatMap((status) =>
      Number(status) < 400 ? [] : codesOf(place, Number(status)).map((code) => `${status} ${code}`),
    ),
  );
  // Of paths that are no route, so no operation has them.
  const elsewhere = ["404 not_found", "404 invalid_request"];
  expect(Array.from(new Set(drawnCodes)).toSorted()).toEqual(
    Array.from(new Set([...documented, ...elsewhere])).toSorted(),
  );
});

/** Every answer that is documented: a status, and for a refusal a code. */
const DOCUMENTED = OPERATIONS.flatMap((place) =>
  Object.keys(place.operation.responses).flatMap((status) => {
    const codes = Number(status) < 400 ? ["" as const] : codesOf(place, Number(status));
    return codes.map((code) => ({ name: place.operation.operationId, status: Number(status), code }));
  }),
);

describe("every answer that is documented is had", () => {
  test("there are some", () => {
    expect(DOCUMENTED.length).toBeGreaterThan(250);
    expect(DOCUMENTED.filter(({ status, code }) => status >= 400 && !code)).toEqual([]);
  });

  test.each(DOCUMENTED.filter(({ status }) => status < 400))("$name $status", async ({ name, status }) => {
    const make = GOOD[name][status];
    if (make) return void (await held(name, await make(), status));
    // Each of these has a test of its own below.
    expect(["attach 101", "restart 202"]).toContain(`${name} ${status}`);
  });

  test.each(ALSO.map(([name, make]) => ({ name, make })))("also $name", async ({ name, make }) => {
    await held(name, await make(), 200);
  });

  test.each(DOCUMENTED.filter(({ code }) => code !== ""))(
    "$name $status $code",
    async ({ name, status, code }) => {
      if (code === "") return;

      const check = async (call: Call) => {
        const value = await held(name, call, status);
        expect(value).toMatchObject({ error: { code, message: expect.any(String) } });
      };

      if (status === 408) {
        const late = new InvalidRequest(
          "The body did not come within its time.",
          {},
          { status, close: true },
        );
        return failing(name, late, () => check(reaching(name)));
      }
      const own = BAD[`${name} ${code}`];
      if (own) return check(await own());
      const call = wrongly(name, code);
      if (call) return check(call);
      const fault = FAULTS[code];
      if (fault) return failing(name, fault, () => check(reaching(name)));
      throw new Error("nothing here makes that happen");
    },
  );
});

test("attach 101: every frame is one of x-websocket", async () => {
  const { id } = await daemon.launch("read x; exit 3");
  const viewer = await attached(daemon, id, "?cols=80&rows=24&picture=true");
  viewer.say({ type: "dance" });
  await viewer.frame("error");
  viewer.type("\n");
  await viewer.frame("exit");
  const at = ["paths", "/sessions/{id}/attach", "get", "x-websocket"];
  for (const frame of viewer.frames) expect(faults([...at, "receives", "text"], frame)).toEqual([]);
  expect(viewer.frames.map((frame) => frame["type"])).toEqual(["attached", "screen", "error", "exit"]);
  expect(faults([...at, "sends", "text"], { type: "resize", cols: 80, rows: 24 })).toEqual([]);
  expect(faults([...at, "receives", "text"], { type: "dance" })).not.toEqual([]);
});

testUnless(notLinux)("restart 202, and what became of it", async () => {
  await using home = daemonHome();
  const pid = await home.start();
  const { startedAt } = (await home.client.health()).daemon ?? {};
  await held("restart", { body: { pid } }, 202, home.paths.socket);
  await held("restarting", {}, 200, home.paths.socket);
  await until("it was replaced", async () => {
    const now = (await home.client.health().catch(() => undefined))?.daemon;
    return now && now.startedAt !== startedAt;
  });
});

test("what may be left out is not required: the walk's smallest requests, and a parameter that must be there", () => {
  const required = OPERATIONS.flatMap(({ operation }) =>
    (operation.parameters ?? []).flatMap(({ name, required }) =>
      required ? [`${operation.operationId} ${name}`] : [],
    ),
  );
  expect(required).toEqual(["events sessionId"]);
});

test("what is not as the document says is seen by this test", () => {
  const record = JSON.stringify(daemon.coven.session(live));
  const at = ["components", "schemas", "Session"];
  expect(faults(at, JSON.parse(record))).toEqual([]);
  expect(faults(at, { ...JSON.parse(record), status: "paused" })).not.toEqual([]);
  expect(faults(at, { ...JSON.parse(record), pid: "7" })).not.toEqual([]);
  const { title: _, ...less } = JSON.parse(record);
  expect(faults(at, less)).not.toEqual([]);
  // The contract grows.
  expect(faults(at, { ...JSON.parse(record), more: 1 })).toEqual([]);
});
