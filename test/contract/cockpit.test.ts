// Freezes what today's cockpits ask beside the first contract: runs that somebody else started, a session's log, lists that are empty here.
// If a test here fails, the code is wrong, not the test: add a member, never change one (see errors.test.ts).
import { afterAll, beforeAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stopDaemon } from "../../src/supervise/lifecycle.ts";
import { attached } from "../support/attached.ts";
import { daemonHome } from "../support/daemon-home.ts";
import { startTestDaemon, type TestDaemon } from "../support/test-daemon.ts";
import { until } from "../support/until.ts";
import { frozen, refusal } from "./frozen.ts";

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startTestDaemon();
});
afterAll(() => daemon.close());

const EXTERNAL = {
  id: "engine/42",
  project_root: "<dir>/project",
  harness: "coven-code",
  title: "External session",
  status: "running",
  exit_code: null,
  archived_at: null,
  created_at: "<time>",
  updated_at: "<time>",
  cwd: "<dir>/project",
  launch_mode: "interactive",
  pid: null,
  signal: null,
  activity: null,
  attention: null,
  labels: ["a", "b:1"],
  visibility: "private",
  external: true,
  conversation_id: null,
  familiar_id: null,
  transcript_path: "/t.jsonl",
  model: null,
  permission: null,
  add_dirs: [],
  removed_bytes: 0,
  base_commit: null,
  worktree: null,
  continues: null,
  agent_session_id: null,
  group: null,
  name: null,
};

test("an external run: registered once, listed, neither typed to nor killed, and completed once", async () => {
  const body = {
    projectRoot: daemon.project,
    harness: "coven-code",
    labels: ["a", "b:1"],
    transcriptPath: "/t.jsonl",
  };
  const register = (over: object = {}) =>
    frozen(daemon, "POST /api/v1/sessions/external", { id: "engine/42", ...body, ...over });
  expect(await register()).toEqual({ status: 201, body: EXTERNAL });
  expect(await register({ title: "another", labels: [] })).toEqual({ status: 200, body: EXTERNAL });
  expect(await frozen(daemon, "GET /api/v1/sessions")).toMatchObject({
    body: [{ id: "engine/42", external: true }],
  });
  // As cockpits write the id, and as a URL has it.
  for (const id of ["engine/42", "engine%2F42"]) {
    const at = `/api/v1/sessions/${id}`;
    const line = async (request: string, sent?: object) => {
      const { status, body: said } = await frozen(daemon, request, sent);
      return { status, body: said };
    };
    expect(await line(`GET ${at}`)).toEqual({ status: 200, body: EXTERNAL });
    expect(await line(`POST ${at}/input`, { data: "x" })).toEqual(
      refusal(409, "session_not_live", { sessionId: "engine/42", status: "running" }),
    );
    expect(await line(`POST ${at}/kill`)).toEqual(
      refusal(422, "external_session_not_killable", { sessionId: "engine/42" }),
    );
    expect(await line(`GET ${at}/events`)).toMatchObject({ status: 200, body: { events: [] } });
  }
  const answer = await frozen(daemon, "POST /api/v1/sessions/engine/42/complete", { exitCode: 3 });
  expect(answer).toEqual({ status: 200, body: { ...EXTERNAL, status: "failed", exit_code: 3 } });
  const again = await frozen(daemon, "POST /api/v1/sessions/engine/42/complete", { exitCode: 0 });
  expect(again.body).toMatchObject({ status: "failed", exit_code: 3 });
  const events = await frozen(daemon, "GET /api/v1/events?sessionId=engine/42");
  expect(events.body).toMatchObject({
    events: [{ kind: "exit", payload_json: '{"exitCode":3,"status":"failed"}' }],
  });
  expect(await frozen(daemon, "DELETE /api/v1/sessions/engine/42")).toMatchObject({ status: 200 });
});

test("what is external is refused with its name", async () => {
  const good = { id: "x", projectRoot: daemon.project, harness: "h" };
  const wrong: [string, object][] = [
    ["id", { ...good, id: " " }],
    ["id", { ...good, id: "a/../b" }],
    ["id", { ...good, id: "a/kill" }],
    ["id", { ...good, id: "a\u001b[2J" }],
    ["projectRoot", { ...good, projectRoot: "/nowhere/at/all" }],
    ["harness", { ...good, harness: "" }],
    ["labels.0", { ...good, labels: ["a b"] }],
    ["labels", { ...good, labels: ["a", "a"] }],
  ];
  for (const [field, body] of wrong) {
    expect(await frozen(daemon, "POST /api/v1/sessions/external", body)).toEqual(
      refusal(400, "invalid_request", { field }),
    );
  }
  const own = daemon.finished([]);
  expect(await frozen(daemon, "POST /api/v1/sessions/external", { ...good, id: own.id })).toEqual(
    refusal(409, "session_id_conflict", { sessionId: "<uuid>" }),
  );
  expect(await frozen(daemon, `POST /api/v1/sessions/${own.id}/complete`, {})).toEqual(
    refusal(422, "not_external_session", { sessionId: "<uuid>" }),
  );
  // Only of one that is there: any other path is no route.
  expect(await frozen(daemon, "GET /api/v1/sessions/engine/43")).toEqual(refusal(404, "not_found"));
});

test("whoever follows an external run hears that it has ended", async () => {
  await frozen(daemon, "POST /api/v1/sessions/external", {
    id: "followed",
    projectRoot: daemon.project,
    harness: "h",
  });
  const client = await attached(daemon, "followed");
  await frozen(daemon, "POST /api/v1/sessions/followed/complete", {});
  expect(await client.frame("exit")).toMatchObject({ status: "completed", exitCode: null });
  await until("it is sent away", () => client.closed);
});

test("a start of the daemon does not orphan what it never ran; one that nobody completes can be archived", async () => {
  await using home = daemonHome();
  await home.start();
  const session = await home.client.registerExternal({
    id: "other/1",
    projectRoot: home.project,
    harness: "h",
  });
  expect(session.status).toBe("running");
  await stopDaemon(home.paths);
  await home.start();
  expect(await home.client.session("other/1")).toMatchObject({ status: "running", external: true });
  expect((await home.client.archive("other/1")).archived_at).not.toBeNull();
});

test("GET /sessions/:id/log", async () => {
  const { id } = daemon.finished(["\u001b[31mhello\u001b[0m\r\n"]);
  expect(await frozen(daemon, `GET /api/v1/sessions/${id}/log`)).toEqual({
    status: 200,
    body: [
      { ts: "<time>", level: "info", message: "hello\r\n" },
      { ts: "<time>", level: "info", message: 'exit: {"exitCode":0,"status":"completed"}' },
    ],
  });
});

test("a log is bounded: its newest events", async () => {
  const { id } = daemon.finished(Array.from({ length: 40 }, (_, i) => `${i} ${"x".repeat(16_000)}`));
  const { body } = await frozen(daemon, `GET /api/v1/sessions/${id}/log`);
  expect(JSON.stringify(body).length).toBeLessThan(900_000);
  expect(JSON.stringify(body)).toContain("39 xxx");
});

test("GET /familiars, /skills, /memory: what the home has, else nothing", async () => {
  for (const line of ["GET /api/v1/familiars", "GET /api/v1/skills", "GET /api/v1/memory"]) {
    expect(await frozen(daemon, line)).toEqual({ status: 200, body: [] });
  }
  await using home = daemonHome();
  await home.start();
  const file = join(home.paths.home, "familiars.toml");
  writeFileSync(
    file,
    '[[familiar]]\nid = "sage"\ndisplay_name = "Sage"\nrole = "reads"\ndescription = "d"\nicon = "ph:leaf"\nother = 1\n',
  );
  expect(await home.client.familiars()).toEqual([
    {
      ...{
        id: "sage",
        name: "sage",
        display_name: "Sage",
        emoji: "",
        role: "reads",
        description: "d",
        icon: "ph:leaf",
      },
      ...{ status: "offline", last_seen: "—", active_sessions: 0, memory_freshness: "—" },
    },
  ]);
  writeFileSync(file, "[[familiar]\n");
  expect(await home.client.familiars().catch((error: unknown) => error)).toMatchObject({
    code: "invalid_request",
    details: { file, line: 1 },
  });
});

test("POST /import", async () => {
  const file = { file: expect.stringContaining("coven.sqlite3") };
  expect(await frozen(daemon, "POST /api/v1/import", { from: "0.4" })).toEqual(
    refusal(400, "invalid_request", file),
  );
  expect(await frozen(daemon, "POST /api/v1/import", { from: "0.3" })).toEqual(
    refusal(400, "invalid_request", { field: "from" }),
  );
});
