// Holds that a client which was generated from the published OpenAPI of 0.4.6, and checks what it gets, accepts our answers.
import { afterAll, beforeAll, expect, test } from "bun:test";
import * as z from "zod";
import { ask } from "../support/raw.ts";
import { startTestDaemon, type TestDaemon } from "../support/test-daemon.ts";
import { PUBLISHED } from "./published.ts";

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startTestDaemon();
});
afterAll(() => daemon.close());

/** Asks as such a client does, and throws what it would: a status or a body that the document does not have. */
async function call(
  line: string,
  name: keyof typeof PUBLISHED,
  status: number,
  body?: unknown,
): Promise<unknown> {
  const answer = await ask(daemon.socket, line, body === undefined ? undefined : JSON.stringify(body));
  expect([line, answer.status]).toEqual([line, status]);
  const value: unknown = JSON.parse(answer.body);
  const { error } = z.fromJSONSchema({ ...PUBLISHED[name] }).safeParse(value);
  expect([line, error?.issues ?? []]).toEqual([line, []]);
  return value;
}

const idOf = (record: unknown): string => z.object({ id: z.string() }).parse(record).id;

test("the schemas refuse what is not as published, so that green means something", () => {
  const record = daemon.finished(["x"]);
  const check = z.fromJSONSchema({ ...PUBLISHED.SessionRecord });
  expect(check.safeParse(record).success).toBe(true);
  for (const wrong of [{ labels: undefined }, { external: 0 }, { status: "done" }, { created_at: "today" }]) {
    expect([wrong, check.safeParse({ ...record, ...wrong }).success]).toEqual([wrong, false]);
  }
});

test("what is asked first: version, health, capabilities, actions", async () => {
  await call("GET /api/v1/api-version", "ApiVersion", 200);
  await call("GET /api/v1/health", "Health", 200);
  await call("GET /api/v1/capabilities", "Capabilities", 200);
  const action = { action: "coven.capabilities.refresh", origin: "coven-client", args: {} };
  await call("POST /api/v1/actions", "ActionResponse", 200, action);
  await call("POST /api/v1/actions", "ErrorEnvelope", 400, { action: "coven.unknown.thing" });
});

test("a session from its launch to its end, in each mode of the document", async () => {
  const launch = { projectRoot: daemon.project, harness: "codex", cwd: daemon.project, title: "T" };
  for (const launchMode of ["interactive", "nonInteractive", "stream"]) {
    const prompt = "echo out; exec cat";
    const ours = { name: `n-${launchMode}`, labels: ["team=web"] };
    const members = {
      ...ours,
      model: "openai/gpt-5.6-sol",
      conversation: null,
      conversationId: "chat-1",
      launchMode,
    };
    const id = idOf(
      await call("POST /api/v1/sessions", "SessionRecord", 201, { ...launch, ...members, prompt }),
    );
    await call("GET /api/v1/sessions", "Sessions", 200);
    await call(`GET /api/v1/sessions/${id}`, "SessionRecord", 200);
    await call(`POST /api/v1/sessions/${id}/input`, "SessionActionResponse", 202, { data: "typed\n" });
    await call(`POST /api/v1/sessions/${id}/kill`, "SessionActionResponse", 202);
    await daemon.settled(id);
    await call(`POST /api/v1/sessions/${id}/input`, "ErrorEnvelope", 409, { data: "late\n" });
    await call(`GET /api/v1/sessions/${id}`, "SessionRecord", 200);
    await call(`GET /api/v1/sessions/${id}/log`, "Log", 200);
    for (const events of [`/events?sessionId=${id}&limit=2`, `/sessions/${id}/events?afterSeq=0`]) {
      await call(`GET /api/v1${events}`, "EventsResponse", 200);
    }
  }
  daemon.coven.archive(idOf(daemon.finished(["x"])));
  await call("POST /api/v1/sessions", "ErrorEnvelope", 400, { ...launch, harness: "gpt-9", prompt: "x" });
  await call("GET /api/v1/sessions/session-1", "ErrorEnvelope", 404);
  await call("GET /api/v1/events", "ErrorEnvelope", 400);
  await call("GET /api/v1/nothing", "ErrorEnvelope", 404);
});

test("a run that somebody else keeps, from register to complete", async () => {
  const body = { id: "engine-session-1", projectRoot: daemon.project, harness: "codex", title: "Engine" };
  await call("POST /api/v1/sessions/external", "SessionRecord", 201, { ...body, transcriptPath: "/t.jsonl" });
  await call("POST /api/v1/sessions/external", "SessionRecord", 200, body);
  await call(`GET /api/v1/sessions/${body.id}/log`, "Log", 200);
  await call(`POST /api/v1/sessions/${body.id}/complete`, "SessionRecord", 200, { exitCode: 1 });
  await call(`POST /api/v1/sessions/${body.id}/complete`, "SessionRecord", 200);
  const own = daemon.finished(["x"]);
  await call("POST /api/v1/sessions/external", "ErrorEnvelope", 409, { ...body, id: own.id });
  await call(`POST /api/v1/sessions/${own.id}/complete`, "ErrorEnvelope", 422, {});
});
