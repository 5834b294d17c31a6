// Freezes asking for an approval, its record, its events, and deciding on it.
// If a test here fails, the code is wrong, not the test: add a member, never change one (see errors.test.ts).
import { afterEach, expect, test } from "bun:test";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { realWorld } from "../../src/daemon/world.ts";
import { exchange, request } from "../support/raw.ts";
import { startTestDaemon, type TestDaemon, type TestDaemonOptions } from "../support/test-daemon.ts";
import { until } from "../support/until.ts";
import { frozen, refusal } from "./frozen.ts";

let daemon: TestDaemon;
afterEach(() => daemon.close());
const open = async (options: TestDaemonOptions = {}) => {
  daemon = await startTestDaemon(options);
};

const APPROVAL = {
  id: expect.stringMatching(/^apr-[0-9a-f-]{36}$/),
  action: "coven.session.kill",
  origin: "bridge",
  intentId: "i-1",
  args: { sessionId: "<uuid>" },
  status: "pending",
  requestedAt: "<time>",
  expiresAt: "<time>",
  decidedAt: null,
  decidedBy: null,
  reason: null,
  result: null,
};

const key = () => readFileSync(join(daemon.dir, "owner.key"), "utf8").trim();
const owner = () => ({ Authorization: `Bearer ${key()}` });

/** Asks to kill a session that runs; returns the ids. */
async function asked(over: object = {}): Promise<{ id: string; sessionId: string }> {
  const { id: sessionId } = await daemon.launch("exec cat");
  const body = { action: APPROVAL.action, origin: "bridge", intentId: "i-1", args: { sessionId }, ...over };
  const answer = await frozen(daemon, "POST /api/v1/actions", body);
  expect(answer).toEqual({
    status: 202,
    body: {
      ok: true,
      accepted: true,
      action: APPROVAL.action,
      status: "pending",
      approval: { id: APPROVAL.id, expiresAt: "<time>" },
    },
  });
  const [first] = (await daemon.client.approvals()).approvals;
  return { id: first?.id ?? "", sessionId };
}

const decide = (
  id: string,
  verdict: "approve" | "deny",
  body: object = {},
  headers: Record<string, string> = {},
) => {
  const lines = {
    approve: `POST /api/v1/approvals/${id}/approve`,
    deny: `POST /api/v1/approvals/${id}/deny`,
  };
  return frozen(daemon, lines[verdict], body, headers);
};

test("pending, approved by the owner, done; each step an event with origin and intent", async () => {
  await open();
  expect(await frozen(daemon, "GET /api/v1/approvals")).toEqual({
    status: 200,
    body: { approvals: [], hasMore: false },
  });
  const { id, sessionId } = await asked();
  expect(await frozen(daemon, "GET /api/v1/approvals?status=pending")).toEqual({
    status: 200,
    body: { approvals: [APPROVAL], hasMore: false },
  });
  expect(await frozen(daemon, `GET /api/v1/approvals/${id}`)).toEqual({ status: 200, body: APPROVAL });
  // Nothing was done yet.
  expect(daemon.coven.isLive(sessionId)).toBe(true);
  const done = {
    ...APPROVAL,
    status: "completed",
    decidedAt: "<time>",
    decidedBy: "owner",
    reason: "it hangs",
    result: {
      event: {
        kind: "session.kill",
        action: APPROVAL.action,
        origin: "bridge",
        intentId: "i-1",
        payload: { sessionId: "<uuid>" },
      },
    },
  };
  expect(await decide(id, "approve", { reason: " it hangs " }, owner())).toEqual({ status: 200, body: done });
  expect((await daemon.settled(sessionId)).status).toBe("killed");
  const { events } = await daemon.client.events(sessionId);
  expect(events.map(({ payload_json }) => JSON.parse(payload_json))).toContainEqual({
    ...{ event: "action", action: APPROVAL.action, origin: "bridge", intentId: "i-1", approval: id },
  });
  const settled = refusal(409, "approval_settled", { approvalId: id, status: "completed" });
  expect(await decide(id, "approve", {}, owner())).toEqual(settled);
  expect(await decide(id, "deny", {}, owner())).toEqual(settled);
  expect(await frozen(daemon, "GET /api/v1/approvals?status=pending")).toMatchObject({
    body: { approvals: [] },
  });
  const step = (kind: string, more: object = {}) => ({
    ...{ seq: "<seq>", at: "<time>", kind, approvalId: id, action: APPROVAL.action },
    ...{ origin: "bridge", intentId: "i-1", by: null, reason: null, result: null, ...more },
  });
  expect(await frozen(daemon, `GET /api/v1/approvals/${id}/events`)).toEqual({
    status: 200,
    body: {
      events: [
        step("requested"),
        step("approved", { by: "owner", reason: "it hangs" }),
        step("completed", { result: done.result }),
      ],
    },
  });
});

test("denied with a reason: nothing is done", async () => {
  await open();
  const { id, sessionId } = await asked();
  expect(await decide(id, "deny", { reason: "no" }, owner())).toEqual({
    status: 200,
    body: { ...APPROVAL, status: "denied", decidedAt: "<time>", decidedBy: "owner", reason: "no" },
  });
  expect(daemon.coven.isLive(sessionId)).toBe(true);
  expect(await decide(id, "approve", {}, owner())).toEqual(refusal(409, "approval_settled", {}));
});

test("an id that there is none of, parameters that are none", async () => {
  await open();
  const none = refusal(404, "approval_not_found", { approvalId: "apr-1" });
  for (const line of ["GET /api/v1/approvals/apr-1", "GET /api/v1/approvals/apr-1/events"]) {
    expect(await frozen(daemon, line)).toEqual(none);
  }
  for (const verdict of ["approve", "deny"] as const) expect(await decide("apr-1", verdict)).toEqual(none);
  expect(await frozen(daemon, "GET /api/v1/approvals?status=open")).toEqual(
    refusal(400, "invalid_request", { field: "status" }),
  );
  expect(await frozen(daemon, "GET /api/v1/approvals?limit=0")).toEqual(
    refusal(400, "invalid_request", { field: "limit" }),
  );
});

test("nobody but who shows the key decides, whatever name they give themselves", async () => {
  await open();
  expect(statSync(join(daemon.dir, "owner.key")).mode & 0o777).toBe(0o600);
  const { id, sessionId } = await asked();
  const claims: [object, Record<string, string>][] = [
    [{}, {}],
    [{ origin: "bridge" }, {}],
    [{ origin: "coven-cli" }, {}],
    [{ origin: "owner" }, {}],
    [{ origin: "other" }, {}],
    [{}, { Authorization: `Bearer ${"0".repeat(64)}` }],
    [{}, { Authorization: key() }],
    [{ origin: "owner" }, { Authorization: `Bearer ${key().slice(1)}` }],
  ];
  for (const [body, headers] of claims) {
    expect([body, headers, await decide(id, "approve", body, headers)]).toEqual([
      body,
      headers,
      refusal(403, "forbidden", {}),
    ]);
  }
  for (const origin of ["other", "owner", "timeout"]) {
    expect(await decide(id, "deny", { origin })).toEqual(refusal(403, "forbidden", { approvalId: id }));
  }
  expect(daemon.coven.isLive(sessionId)).toBe(true);
  // Who has asked may take it back.
  expect(await decide(id, "deny", { origin: "bridge" })).toMatchObject({
    status: 200,
    body: { status: "denied", decidedBy: "bridge" },
  });
});

test("an origin that the settings let decide: on what others ask for, not on its own, nor on what nobody has signed", async () => {
  await open({ approvalRules: { approvers: ["cockpit"] } });
  const mine = await asked({ origin: "cockpit" });
  expect(await decide(mine.id, "approve", { origin: "cockpit" })).toEqual(refusal(403, "forbidden", {}));
  const nobodys = await asked({ origin: null });
  expect(await decide(nobodys.id, "approve", { origin: "cockpit" })).toEqual(refusal(403, "forbidden", {}));
  const others = await asked();
  expect(await decide(others.id, "approve", { origin: "bridge" })).toEqual(refusal(403, "forbidden", {}));
  expect(await decide(others.id, "approve", { origin: "cockpit" })).toMatchObject({
    status: 200,
    body: { status: "completed", decidedBy: "cockpit" },
  });
});

test("any client, as the settings are at first: not on what its own origin asks for, nor on what nobody has signed", async () => {
  await open({ approvalRules: { approvers: ["*"] } });
  const nobodys = await asked({ origin: null });
  const mine = await asked();
  for (const [id, body] of [
    [nobodys.id, {}],
    [nobodys.id, { origin: "cockpit" }],
    [mine.id, { origin: "bridge" }],
    [mine.id, { origin: "owner" }],
    [mine.id, { origin: "client" }],
  ] as const) {
    expect(await decide(id, "approve", body)).toEqual(refusal(403, "forbidden", { approvalId: id }));
  }
  expect(await decide(mine.id, "approve", { reason: "seen" })).toMatchObject({
    status: 200,
    body: { status: "completed", decidedBy: "client", reason: "seen" },
  });
  expect(await decide(nobodys.id, "deny")).toMatchObject({ status: 200, body: { decidedBy: "client" } });
  const others = await asked({ intentId: "i-2" });
  expect(await decide(others.id, "approve", { origin: "cockpit" })).toMatchObject({
    status: 200,
    body: { decidedBy: "cockpit" },
  });
});

test("approve_own: an approver agrees with itself", async () => {
  await open({ approvalRules: { approvers: ["cockpit"], approveOwn: true } });
  const mine = await asked({ origin: "cockpit" });
  expect(await decide(mine.id, "approve", { origin: "cockpit" })).toMatchObject({ status: 200 });
  const others = await asked();
  expect(await decide(others.id, "approve", { origin: "bridge" })).toEqual(refusal(403, "forbidden", {}));
});

test("what was approved can fail: the approval says so, and nothing else happens", async () => {
  await open();
  const { id, sessionId } = await asked();
  daemon.coven.kill(sessionId);
  await daemon.settled(sessionId);
  expect(await decide(id, "approve", {}, owner())).toMatchObject({
    status: 200,
    body: {
      status: "failed",
      result: { error: { code: "session_not_live", details: { sessionId: "<uuid>" } } },
    },
  });
});

test("nobody decides: it is denied when its time is over, also on a clock that was put back", async () => {
  let ahead = 0;
  let ticks = 0;
  const world = {
    ...realWorld,
    now: () => new Date(Date.now() + ahead).toISOString(),
    monotonic: () => realWorld.monotonic() + ticks,
  };
  await open({ world });
  const slept = await asked();
  ahead = 11 * 60_000;
  expect(await frozen(daemon, `GET /api/v1/approvals/${slept.id}`)).toMatchObject({
    body: { status: "expired", decidedBy: "timeout", decidedAt: "<time>", reason: "Nobody decided in time." },
  });
  expect(await decide(slept.id, "approve", {}, owner())).toEqual(refusal(409, "approval_settled", {}));
  ahead = 0;
  const back = await asked();
  ahead = -60 * 60_000;
  ticks = 11 * 60_000;
  expect(await decide(back.id, "approve", {}, owner())).toEqual(refusal(409, "approval_settled", {}));
  const { events } = JSON.parse(
    JSON.stringify(await frozen(daemon, `GET /api/v1/approvals/${back.id}/events`)),
  ).body;
  expect(events.map((one: { kind: string; by: string | null }) => [one.kind, one.by])).toEqual([
    ["requested", null],
    ["expired", "timeout"],
  ]);
  expect(daemon.coven.isLive(back.sessionId)).toBe(true);
});

test("its time runs out by itself, and who waits hears it", async () => {
  await open({ approvalRules: { ms: 300 } });
  const { id } = await asked();
  const kinds: string[] = [];
  for await (const event of daemon.client.approvalEvents(id)) kinds.push(event.kind);
  expect(kinds).toEqual(["requested", "expired"]);
});

test("the answer is waited for on a stream, and what was over before comes whole to a client that half-closes", async () => {
  await open();
  const { id } = await asked();
  const kinds: string[] = [];
  const waiting = (async () => {
    for await (const event of daemon.client.approvalEvents(id)) {
      kinds.push(event.kind);
      if (event.kind === "completed") expect(event).toMatchObject({ origin: "bridge", intentId: "i-1" });
    }
  })();
  await until("it has seen the asking", () => kinds.length === 1);
  await decide(id, "approve", {}, owner());
  await waiting;
  expect(kinds).toEqual(["requested", "approved", "completed"]);
  const headers = { Accept: "text/event-stream", "Last-Event-ID": "1" };
  const line = request(`GET /api/v1/approvals/${id}/events`, undefined, headers);
  const { answers } = await exchange(daemon.socket, line, { halfClose: true });
  const body = answers[0]?.body ?? "";
  expect(answers[0]?.headers["content-length"]).toBe(String(body.length));
  expect(body).toMatch(
    /^: ok\n\nid: \d+\nevent: approval\.approved\ndata: \{.*\}\n\nid: \d+\nevent: approval\.completed\n/,
  );
});

test("what is typed is shown while somebody decides, and kept nowhere after that", async () => {
  await open();
  const { id: sessionId } = await daemon.launch("exec cat");
  const args = { sessionId, data: "hunter2\n" };
  await frozen(daemon, "POST /api/v1/actions", { action: "coven.session.input", args });
  const [waiting] = (await daemon.client.approvals()).approvals;
  expect(waiting).toMatchObject({ args, origin: null, intentId: null });
  expect(await decide(waiting?.id ?? "", "approve", {}, owner())).toMatchObject({
    body: { status: "completed", args: { sessionId: "<uuid>", data: null } },
  });
  await until("it was typed", () =>
    daemon.coven
      .output(sessionId, 0, 1e6)
      .some(({ data }) => new TextDecoder().decode(data).includes("hunter2")),
  );
  expect(JSON.stringify((await daemon.client.approvals()).approvals)).not.toContain("hunter2");
});

test("what can't be done anyway is refused before anybody is asked", async () => {
  await open();
  const { id: sessionId } = daemon.finished([]);
  const refused: [string, object, number, string][] = [
    ["session.kill", {}, 409, "session_not_live"],
    ["session.input", { data: "x" }, 409, "session_not_live"],
    ["attention.approve", { ifAttentionSeq: 1 }, 409, "session_not_live"],
    ["session.sacrifice", { sessionId: "nobody" }, 404, "session_not_found"],
  ];
  for (const [name, args, status, code] of refused) {
    const body = { action: `coven.${name}`, args: { sessionId, ...args } };
    expect(await frozen(daemon, "POST /api/v1/actions", body)).toMatchObject({
      status,
      body: { status: "rejected", error: { code } },
    });
  }
  expect((await daemon.client.approvals()).approvals).toEqual([]);
});

test("too many that wait, and args too large to keep, are refused", async () => {
  await open();
  const { id: sessionId } = await daemon.launch("exec cat");
  const ask = (over: object = {}) =>
    frozen(daemon, "POST /api/v1/actions", { action: "coven.session.kill", args: { sessionId }, ...over });
  const launch = { projectRoot: daemon.project, harness: "codex", prompt: "x".repeat(70_000) };
  expect(await ask({ action: "coven.session.launch", args: launch })).toMatchObject({
    status: 400,
    body: { status: "rejected", error: { code: "invalid_request", details: { field: "args" } } },
  });
  for (let i = 0; i < 100; i++) expect((await ask()).status).toBe(202);
  expect(await ask()).toMatchObject({
    status: 503,
    body: {
      status: "rejected",
      error: { code: "runtime_unavailable", details: { reason: "too_many_approvals" } },
    },
  });
  const page = await frozen(daemon, "GET /api/v1/approvals?limit=60");
  expect(page.body).toMatchObject({ hasMore: true });
});

test("the feed says what was asked for, and what became of it", async () => {
  await open();
  const feed: [string, unknown][] = [];
  const following = new AbortController();
  const all = (async () => {
    for await (const frame of daemon.client.feed({ signal: following.signal }))
      feed.push([frame.type, frame.approval]);
  })().catch(() => {});
  await until("it is heard", () => feed.length > 0);
  const { id } = await asked();
  await until("it was told", () => feed.some(([type]) => type === "approval.requested"));
  await decide(id, "deny", { reason: "no" }, owner());
  await until("it was told", () => feed.some(([type]) => type === "approval.settled"));
  following.abort();
  await all;
  const approvals = feed.filter(([type]) => type.startsWith("approval."));
  expect(approvals).toMatchObject([
    ["approval.requested", { id, status: "pending", origin: "bridge", intentId: "i-1" }],
    ["approval.settled", { id, status: "denied", reason: "no" }],
  ]);
});

const osc = (payload: string) => `printf '\\033]7501;${payload}\\033\\\\'`;

test("waiting takes its time: 202 running, and the approval says what came", async () => {
  await open();
  const { id: sessionId } = await daemon.launch(
    `stty -echo; read a; ${osc("state=blocked:kind=question")}; read b; exit 3`,
  );
  const wait = async (args: object) => {
    const action = "coven.session.wait";
    const answer = await daemon.client.actions({ action, origin: "bridge", args: { sessionId, ...args } });
    if (!("approval" in answer)) throw new Error("no approval");
    expect(answer).toMatchObject({ action, status: "running" });
    return answer.approval.id;
  };
  const result = async (id: string) => {
    const { status, decidedBy, result } = await until("it is over", async () => {
      const approval = await daemon.client.approval(id);
      return approval.status === "approved" ? undefined : approval;
    });
    expect({ status, decidedBy }).toEqual({ status: "completed", decidedBy: "policy" });
    return result?.["event"];
  };
  const waits = await wait({ for: "waiting" });
  const done = await wait({ for: "done" });
  const exit = await wait({});
  const soon = await wait({ for: "waiting", timeoutSeconds: 1 });
  // Nobody has to decide on them.
  expect(await frozen(daemon, "GET /api/v1/approvals?status=pending")).toMatchObject({
    body: { approvals: [] },
  });
  expect(await result(soon)).toMatchObject({ kind: "session.waited", payload: { outcome: "timeout" } });
  await daemon.client.input(sessionId, "\n");
  expect(await result(waits)).toMatchObject({
    payload: {
      outcome: "came",
      session: { id: sessionId, attention: { state: "waiting", kind: "question" } },
    },
  });
  await daemon.client.input(sessionId, "\n");
  expect(await result(exit)).toMatchObject({ payload: { outcome: "came", session: { exit_code: 3 } } });
  expect(await result(done)).toMatchObject({ payload: { outcome: "ended" } });
  const nobody = { action: "coven.session.wait", args: { sessionId: "nobody" } };
  expect(await frozen(daemon, "POST /api/v1/actions", nobody)).toMatchObject({
    status: 404,
    body: { status: "rejected", error: { code: "session_not_found" } },
  });
  // One that is deleted meanwhile.
  const late = await daemon.launch("exec cat");
  const waited = await daemon.client.actions({ ...nobody, args: { sessionId: late.id, for: "done" } });
  daemon.coven.kill(late.id);
  await daemon.settled(late.id);
  expect(await result("approval" in waited ? waited.approval.id : "")).toMatchObject({
    payload: { outcome: "ended" },
  });
});

test("an agent's question is answered once somebody agrees, and only the one that was asked then", async () => {
  await open({
    before: (dir) => {
      mkdirSync(join(dir, "harnesses"));
      const manifest = {
        ...{ schema: 2, id: "asker", label: "Asker", executable: join(dir, "bin", "codex") },
        ...{ interactive: ["{prompt}"], nonInteractive: ["{prompt}"] },
        answers: { approve: ["y", "enter"], deny: ["n", "enter"] },
      };
      writeFileSync(join(dir, "harnesses", "asker.json"), JSON.stringify(manifest));
    },
  });
  const ask = `${osc("state=blocked:kind=permission")}; read a; ${osc("state=working")}`;
  const { id: sessionId } = await daemon.client.launch({
    ...{ projectRoot: daemon.project, harness: "asker" },
    prompt: `stty -echo; ${ask}; echo first:$a; ${ask}; echo second:$a`,
  });
  const waiting = (after: number) =>
    until("it asks", () => {
      const { attention } = daemon.coven.session(sessionId);
      return attention?.state === "waiting" && attention.seq > after ? attention.seq : undefined;
    });
  const wish = async (answer: string, ifAttentionSeq: number) => {
    const action = `coven.attention.${answer}`;
    const said = await daemon.client.actions({ action, args: { sessionId, ifAttentionSeq } });
    return "approval" in said ? said.approval.id : "";
  };
  const first = await waiting(0);
  expect(
    await frozen(daemon, "POST /api/v1/actions", { action: "coven.attention.approve", args: { sessionId } }),
  ).toMatchObject({ status: 400, body: { error: { details: { field: "ifAttentionSeq" } } } });
  const [one, late] = [await wish("approve", first), await wish("approve", first)];
  expect(await decide(one, "approve", {}, owner())).toMatchObject({
    body: { status: "completed", result: { event: { kind: "attention.approved" } } },
  });
  const second = await waiting(first);
  expect(await decide(late, "approve", {}, owner())).toMatchObject({
    body: { status: "failed", result: { error: { code: "stale_prompt" } } },
  });
  expect(await decide(await wish("deny", second), "approve", {}, owner())).toMatchObject({
    body: { status: "completed", result: { event: { kind: "attention.denied" } } },
  });
  await daemon.settled(sessionId);
  const text = daemon.coven.output(sessionId, 0, 1e6).map(({ data }) => new TextDecoder().decode(data));
  expect(text.join("")).toContain("first:y");
  expect(text.join("")).toContain("second:n");
});

test("who lost the answer asks again: the same wish of the same origin and intent is one approval until it is over", async () => {
  await open();
  const { id: sessionId } = await daemon.launch("exec cat");
  const ask = async (over: object = {}) => {
    const body = {
      action: "coven.session.kill",
      origin: "bridge",
      intentId: "i-1",
      args: { sessionId },
      ...over,
    };
    const said = await daemon.client.actions(body);
    return "approval" in said ? said.approval.id : "";
  };
  const first = await ask();
  expect(await ask()).toBe(first);
  const others = [
    await ask({ intentId: "i-2" }),
    await ask({ origin: "other" }),
    await ask({ intentId: null }),
    await ask({ intentId: null }),
    await ask({ action: "coven.session.sacrifice" }),
  ];
  expect(new Set([first, ...others]).size).toBe(6);
  await decide(first, "deny", {}, owner());
  expect(await ask()).not.toBe(first);
  // The same of what takes its time.
  const wait = { action: "coven.session.wait" };
  const waiting = await ask(wait);
  expect(await ask(wait)).toBe(waiting);
  const all = await Promise.all(Array.from({ length: 255 }, (_, i) => ask({ ...wait, intentId: `w-${i}` })));
  expect(new Set(all).size).toBe(255);
  const more = await ask({ ...wait, intentId: "more" }).catch((error: unknown) => error);
  expect(more).toMatchObject({ code: "runtime_unavailable", details: { reason: "too_many_actions" } });
});
