// Freezes every documented success body of `coven.daemon.v1`. Published clients read these shapes and can't be updated.
// If a test here fails, the code is wrong, not the test. To say more, ADD a member and add it here; never rename, retype or
// drop one, never change a status or a word. What really must differ belongs under a new API version beside this one.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { ROUTES } from "../../src/api/routes/table.ts";
import type { Session } from "../../src/session/session.ts";
import { ask } from "../support/raw.ts";
import { startTestDaemon, type TestDaemon } from "../support/test-daemon.ts";
import { until } from "../support/until.ts";
import { frozen, refusal } from "./frozen.ts";

let daemon: TestDaemon;
let done: Session;
beforeAll(async () => {
  daemon = await startTestDaemon();
  done = daemon.finished(["hello\r\n"]);
});
afterAll(() => daemon.close());

const FINISHED = {
  id: "<uuid>",
  project_root: "<dir>/project",
  harness: "codex",
  title: "finished",
  status: "completed",
  exit_code: 0,
  archived_at: null,
  created_at: "<time>",
  updated_at: "<time>",
  cwd: "<dir>/project",
  launch_mode: "nonInteractive",
  pid: null,
  signal: null,
  activity: null,
  attention: null,
  labels: [],
  visibility: "private",
  external: false,
  conversation_id: null,
  familiar_id: null,
  transcript_path: null,
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
const ACCEPTED = { status: 202, body: { ok: true, accepted: true } };

test("GET /api-version", async () => {
  expect(await frozen(daemon, "GET /api/v1/api-version")).toEqual({
    status: 200,
    body: { apiVersion: "v1", supportedApiVersions: ["v1"] },
  });
});

test("GET /health", async () => {
  expect(await frozen(daemon, "GET /api/v1/health")).toEqual({
    status: 200,
    body: {
      ok: true,
      apiVersion: "coven.daemon.v1",
      supportedApiVersions: ["v1"],
      covenVersion: "<version>",
      capabilities: {
        sessions: true,
        events: true,
        eventCursor: "sequence",
        structuredErrors: true,
        travel: false,
        scheduler: false,
        hub: false,
        executorDispatch: false,
        actions: true,
        adapters: true,
        approvals: true,
        externalSessions: true,
        log: true,
        import: true,
        familiars: true,
        attention: true,
        eventStream: "sse",
        within: true,
        feed: "sse",
        notify: true,
        sessionPaging: true,
        labels: true,
        names: true,
        familiarId: true,
        sessionLaunchPolicy: true,
        model: true,
        permission: true,
        addDirs: true,
        conversation: true,
        continue: true,
        group: true,
        exclusive: true,
        args: true,
        withoutPrompt: true,
        worktrees: true,
        resize: true,
        screen: true,
        picture: true,
        inputGuard: true,
        answers: true,
        attach: "websocket",
        openapi: true,
        output: true,
        outputRows: true,
        inputCount: true,
        rituals: true,
        harnesses: true,
        recipes: true,
        streamLaunch: true,
        status: true,
        metrics: true,
        shutdown: true,
        storage: true,
      },
      daemon: { pid: "<pid>", startedAt: "<time>", socket: "<dir>/coven.sock" },
      storage: { state: "ok" },
    },
  });
});

test("GET /capabilities", async () => {
  const of = (
    id: string,
    label: string,
    adapter: string,
    status: string,
    policy: string,
    actions: string[],
  ) => ({
    ...{ id, label, adapter, status, policy, actions },
  });
  expect(await frozen(daemon, "GET /api/v1/capabilities")).toEqual({
    status: 200,
    body: {
      capabilities: [
        of("coven.sessions", "Coven sessions", "coven-daemon", "available", "allow", []),
        of("coven.control.actions", "Coven control actions", "coven-daemon", "available", "allow", [
          "coven.capabilities.refresh",
        ]),
        of("desktop.automation", "Desktop automation", "desktop-use", "planned", "requiresApproval", []),
        of("coven.sessions.control", "Session control", "coven-daemon", "available", "requiresApproval", [
          "coven.session.launch",
          "coven.session.input",
          "coven.session.kill",
          "coven.session.sacrifice",
        ]),
        of("coven.sessions.archive", "Session archive", "coven-daemon", "available", "allow", [
          "coven.session.archive",
          "coven.session.summon",
        ]),
        of("coven.sessions.wait", "Waiting for sessions", "coven-daemon", "available", "allow", [
          "coven.session.wait",
        ]),
        of("coven.attention", "Answering what agents ask", "coven-daemon", "available", "requiresApproval", [
          "coven.attention.approve",
          "coven.attention.deny",
        ]),
      ],
    },
  });
});

test("POST /actions", async () => {
  const action = "coven.capabilities.refresh";
  const completed = (more: object) => ({
    status: 200,
    body: {
      ok: true,
      accepted: true,
      action,
      status: "completed",
      event: { kind: "capabilities.refreshed", action, ...more, payload: { capabilities: 7 } },
    },
  });
  const whole = { action, origin: "editor", intentId: "i-1", args: { a: [1] } };
  expect(await frozen(daemon, "POST /api/v1/actions", whole)).toEqual(
    completed({ origin: "editor", intentId: "i-1" }),
  );
  const bare = completed({});
  expect(await frozen(daemon, "POST /api/v1/actions", { action })).toEqual(bare);
  expect(await frozen(daemon, "POST /api/v1/actions", { action, origin: " ", intentId: "" })).toEqual(bare);
  expect(await frozen(daemon, "POST /api/v1/actions", { action, origin: null, args: null })).toEqual(bare);
});

test("POST /sessions, and the same key again", async () => {
  const launch = { projectRoot: daemon.project, harness: "codex", prompt: "  exec cat\n" };
  const running = {
    ...FINISHED,
    title: "exec cat",
    status: "running",
    exit_code: null,
    launch_mode: "interactive",
    pid: "<pid>",
    attention: { state: "unknown", kind: null, message: null, source: "launch", seq: "<seq>", at: "<time>" },
  };
  const first = await frozen(daemon, "POST /api/v1/sessions", launch, { "Idempotency-Key": "k" });
  expect(first).toEqual({ status: 201, body: running });
  const again = await frozen(daemon, "POST /api/v1/sessions", launch, { "Idempotency-Key": "k" });
  expect(again).toEqual({ status: 200, body: running });
  expect(daemon.coven.running()).toHaveLength(1);
});

test("POST input, resize and kill of a live session", async () => {
  const [live] = daemon.coven.running();
  expect(await frozen(daemon, `POST /api/v1/sessions/${live?.id}/input`, { data: "x" })).toEqual({
    status: 202,
    body: { ...ACCEPTED.body, seq: "<seq>" },
  });
  expect(await frozen(daemon, `GET /api/v1/sessions/${live?.id}/attention`)).toEqual({
    status: 200,
    body: {
      attention: {
        state: "unknown",
        kind: null,
        message: null,
        source: "launch",
        seq: "<seq>",
        at: "<time>",
      },
      history: [],
    },
  });
  expect(await frozen(daemon, `POST /api/v1/sessions/${live?.id}/approve`, {})).toEqual(
    refusal(409, "not_waiting", { sessionId: "<uuid>", attention: expect.anything() }),
  );
  expect(await frozen(daemon, `POST /api/v1/sessions/${live?.id}/deny`, { ifAttentionSeq: 1 })).toMatchObject(
    {
      status: 409,
    },
  );
  expect(await frozen(daemon, `POST /api/v1/sessions/${live?.id}/resize`, { cols: 80, rows: 24 })).toEqual(
    ACCEPTED,
  );
  expect(await frozen(daemon, `POST /api/v1/sessions/${live?.id}/kill`)).toEqual(ACCEPTED);
  await daemon.settled(live?.id ?? "");
  const record = await frozen(daemon, `GET /api/v1/sessions/${live?.id}`);
  expect(record.body).toMatchObject({ status: "killed", pid: null });
});

test("POST /notify, GET /notify", async () => {
  expect(await frozen(daemon, "GET /api/v1/notify")).toEqual({ status: 200, body: { last: null } });
  expect(await frozen(daemon, "POST /api/v1/notify", {})).toEqual(ACCEPTED);
  const told = await until("it was told", async () => {
    const answer = await frozen(daemon, "GET /api/v1/notify");
    return Bun.deepEquals(answer.body, { last: null }) ? undefined : answer;
  });
  expect(told).toEqual({
    status: 200,
    body: { last: { at: "<time>", event: "test", sessionId: null, ways: [] } },
  });
});

test("GET /sessions, bare and paged", async () => {
  const bare = JSON.parse((await ask(daemon.socket, "GET /api/v1/sessions")).body);
  expect(ROUTES.sessions.answer.parse(bare)).toEqual(bare);
  const newest = daemon.finished([]);
  const list = await frozen(daemon, "GET /api/v1/sessions");
  expect(list).toEqual({ status: 200, body: [FINISHED, expect.anything(), FINISHED] });
  expect(await frozen(daemon, "GET /api/v1/sessions?limit=10")).toEqual({
    status: 200,
    body: { sessions: list.body, next_cursor: null },
  });
  expect(await frozen(daemon, "GET /api/v1/sessions?limit=1")).toEqual({
    status: 200,
    body: { sessions: [FINISHED], next_cursor: expect.any(String) },
  });
  daemon.coven.sacrifice(newest.id);
});

test("GET /sessions/:id, archive, summon", async () => {
  expect(await frozen(daemon, `GET /api/v1/sessions/${done.id}`)).toEqual({ status: 200, body: FINISHED });
  const archived = { status: 200, body: { ...FINISHED, archived_at: "<time>" } };
  expect(await frozen(daemon, `POST /api/v1/sessions/${done.id}/archive`)).toEqual(archived);
  expect(await frozen(daemon, `POST /api/v1/sessions/${done.id}/archive`, {})).toEqual(archived);
  expect(await frozen(daemon, `GET /api/v1/sessions/${done.id}`)).toEqual(archived);
  for (let i = 0; i < 2; i++) {
    expect(await frozen(daemon, `POST /api/v1/sessions/${done.id}/summon`)).toEqual({
      status: 200,
      body: FINISHED,
    });
  }
});

test("GET /events", async () => {
  const event = { seq: "<seq>", id: "<uuid>", session_id: "<uuid>", created_at: "<time>" };
  const events = [
    { ...event, kind: "output", payload_json: '{"data":"hello\\r\\n"}' },
    { ...event, kind: "exit", payload_json: '{"exitCode":0,"status":"completed"}' },
  ];
  const page = { events, nextCursor: { afterSeq: "<afterSeq>" }, hasMore: false };
  expect(await frozen(daemon, `GET /api/v1/events?sessionId=${done.id}`)).toEqual({
    status: 200,
    body: page,
  });
  expect(await frozen(daemon, `GET /api/v1/sessions/${done.id}/events`)).toEqual({ status: 200, body: page });
  expect(await frozen(daemon, `GET /api/v1/events?sessionId=${done.id}&beforeSeq=99999`)).toEqual({
    status: 200,
    body: { ...page, prevCursor: { beforeSeq: "<beforeSeq>" } },
  });
  // With both cursors a page of the plain kind: it is continued by `nextCursor`.
  expect(await frozen(daemon, `GET /api/v1/events?sessionId=${done.id}&afterSeq=0&beforeSeq=99999`)).toEqual({
    status: 200,
    body: page,
  });
  expect(await frozen(daemon, `GET /api/v1/events?sessionId=${done.id}&afterSeq=99999`)).toEqual({
    status: 200,
    body: { events: [], nextCursor: null, hasMore: false },
  });
});

test("GET /sessions/:id/screen and /output", async () => {
  const { status, body } = await frozen(daemon, `GET /api/v1/sessions/${done.id}/screen`);
  expect({ status, body }).toEqual({
    status: 200,
    body: {
      asOfSeq: "<asOfSeq>",
      cols: 120,
      rows: 40,
      cursor: { x: 0, y: 1 },
      title: "",
      alternate: false,
      lines: ["hello", ...Array(39).fill("")],
      ansi: expect.stringContaining("hello"),
    },
  });
  const output = await ask(daemon.socket, `GET /api/v1/sessions/${done.id}/output`);
  expect([output.status, output.headers["content-type"], output.body]).toEqual([
    ...[200, "application/octet-stream", "hello\r\n"],
  ]);
});

test("DELETE /sessions/:id", async () => {
  const { id } = daemon.finished(["one", "two"]);
  expect(await frozen(daemon, `DELETE /api/v1/sessions/${id}`)).toEqual({
    status: 200,
    body: { ok: true, deletedEvents: 3 },
  });
});

test("GET /harnesses", async () => {
  const { body } = await frozen(daemon, "GET /api/v1/harnesses");
  const [codex] = ROUTES.harnesses.answer.parse(body);
  expect(codex).toEqual({
    id: "codex",
    label: expect.any(String),
    executable: "codex",
    available: true,
    path: "<dir>/bin/codex",
    hint: expect.any(String),
    source: "built-in",
    enabled: true,
    maturity: "launched here",
    version: null,
    stream: true,
  });
});

test("GET /status", async () => {
  const { status, body } = await frozen(daemon, "GET /api/v1/status");
  const number = expect.any(Number);
  const bare = JSON.parse((await ask(daemon.socket, "GET /api/v1/status")).body);
  expect(ROUTES.status.answer.parse(bare)).toEqual(bare);
  expect({ status, body }).toEqual({
    status: 200,
    body: {
      ok: true,
      daemon: { pid: "<pid>", startedAt: "<time>", socket: "<dir>/coven.sock" },
      covenVersion: "<version>",
      apiVersion: "coven.daemon.v1",
      uptimeSeconds: number,
      sessions: {
        live: number,
        byStatus: { created: 0, running: 0, completed: number, failed: 0, killed: number, orphaned: 0 },
        byActivity: {},
        largest: null,
        unwatched: null,
      },
      ledger: { bytes: number, walBytes: number },
      storage: {
        ...{ state: "ok", bytes: number, freeBytes: number, growthPerDay: null, daysLeft: null },
        ...{ waitingBytes: 0, waitingSessions: 0 },
      },
      events: { total: number, outputBytes: number, perSecond: number },
      followers: {
        count: 0,
        byKind: { attach: 0, events: 0, output: 0, feed: 0, approval: 0 },
        lagEvents: 0,
        gaps: 0,
      },
      earlierLedger: null,
      ptys: process.platform === "linux" ? { used: number, limit: number } : expect.anything(),
      process: { rssBytes: number, loopDelayMs: number },
    },
  });
});

test("GET /metrics", async () => {
  const { status, headers, body } = await ask(daemon.socket, "GET /api/v1/metrics");
  const type = "text/plain; version=0.0.4; charset=utf-8";
  expect({ status, type: headers["content-type"] }).toEqual({ status: 200, type });
  // The names: dashboards and alarms read them (docs/OBSERVABILITY.md).
  expect(Array.from(body.matchAll(/^# TYPE (.+)$/gm), ([, family]) => family)).toEqual(
    expect.arrayContaining([
      "coven_build_info gauge",
      "coven_sessions gauge",
      "coven_live_sessions gauge",
      "coven_events_total counter",
      "coven_output_bytes_total counter",
      "coven_followers gauge",
      "coven_follower_lag_events gauge",
      "coven_follower_gaps_total counter",
      "coven_refusals_total counter",
      "coven_request_duration_seconds histogram",
      "coven_launch_duration_seconds histogram",
      "coven_attach_duration_seconds histogram",
      "coven_ledger_bytes gauge",
      "coven_ledger_wal_bytes gauge",
      "coven_event_loop_delay_seconds histogram",
      "process_start_time_seconds gauge",
      "process_cpu_seconds_total counter",
      "process_resident_memory_bytes gauge",
    ]),
  );
});

test("POST /shutdown", async () => {
  expect(await frozen(daemon, "POST /api/v1/shutdown", { pid: daemon.identity.pid })).toEqual(ACCEPTED);
  expect(await frozen(daemon, "POST /api/v1/shutdown", { pid: daemon.identity.pid, force: true })).toEqual(
    ACCEPTED,
  );
  expect(daemon.shutdowns).toEqual([false, true]);
});
