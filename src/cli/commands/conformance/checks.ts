// What docs/API-CONTRACT.md promises, as questions to a daemon: section by section, in an order in which each may use what those before it made.
import { lstatSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { AnyRoute } from "../../../api/route.ts";
import { ROUTES } from "../../../api/routes/table.ts";
import { ERROR_CODES } from "../../../errors.ts";
import { API_VERSION, SUPPORTED_API_VERSIONS } from "../../../version.ts";
import {
  ask,
  type Bench,
  Differs,
  elements,
  expected,
  holds,
  type JsonAnswer,
  member,
  refused,
  Skipped,
  same,
  shaped,
} from "./bench.ts";
import { answerIn, exchanged, requestText } from "./wire.ts";

/** One promise. It throws `Differs` where it is not kept, `Skipped` where it can't be looked at. */
export interface Check {
  readonly section: string;
  readonly name: string;
  /** What the daemon must announce for it. */
  readonly needs?: string;
  run(bench: Bench): Promise<void>;
}

const PATIENCE_MS = 15_000;
const MOST_BODY = 4 * 1024 * 1024;
const NOBODY = "nobody-is-called-so";
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const SSE = { Accept: "text/event-stream" };

const health = (bench: Bench) => expected(bench, 200, "GET /api/v1/health");
const events = (id: string, query = "") => `GET /api/v1/events?sessionId=${id}${query}`;

function launchBody(bench: Bench, over: object = {}): object {
  return { projectRoot: bench.project, harness: "demo", prompt: "lines 2", ...over };
}

function finished({ finished: id }: Bench): string {
  if (id === undefined) throw new Skipped("no session could be started");
  return id;
}

function live({ live: id }: Bench): string {
  if (id === undefined) throw new Skipped("no session could be started");
  return id;
}

/** Asks until it is so. */
async function until(what: string, look: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await look())) {
    if (performance.now() > deadline) throw new Differs(`not within ${PATIENCE_MS / 1000} s: ${what}`);
    await Bun.sleep(20);
  }
}

/** Launches the demo; the id. */
async function launched(
  bench: Bench,
  over: object,
  headers?: Readonly<Record<string, string>>,
): Promise<JsonAnswer> {
  const answer = await ask(bench, "POST /api/v1/sessions", launchBody(bench, over), headers);
  const code = member(member(answer.value, "error"), "code");
  if (answer.status >= 400 && answer.status < 500 && code !== undefined && bench.made.length === 0) {
    throw new Skipped(`the demo can't be started here: ${String(code)}`);
  }
  holds(
    answer.line,
    answer.status === 201 || answer.status === 200,
    `answers ${answer.status}: ${answer.body}`,
  );
  const id = member(answer.value, "id");
  if (typeof id === "string" && !bench.made.includes(id)) bench.made.push(id);
  return answer;
}

async function statusOf(bench: Bench, id: string): Promise<unknown> {
  return member((await expected(bench, 200, `GET /api/v1/sessions/${id}`)).value, "status");
}

/** What each section promises, by its name. */
const SECTIONS: Readonly<Record<string, Readonly<Record<string, [string | null, Check["run"]]>>>> = {
  handshake: {
    "health says who answers": [
      null,
      async (bench) => {
        const answer = await health(bench);
        same(answer.line, "ok", member(answer.value, "ok"), true);
        same(answer.line, "apiVersion", member(answer.value, "apiVersion"), API_VERSION);
        const capabilities = member(answer.value, "capabilities");
        holds(
          answer.line,
          typeof capabilities === "object" && capabilities !== null,
          "`capabilities` is no object",
        );
        Object.assign(bench.capabilities, capabilities);
        const versions = member(answer.value, "supportedApiVersions");
        // Additive.
        if (versions !== undefined)
          same(answer.line, "supportedApiVersions", versions, SUPPORTED_API_VERSIONS);
        shaped(
          { ...answer, value: { supportedApiVersions: [], ...(answer.value as object) } },
          ROUTES.health.answer,
        );
      },
    ],
    "capabilities of the first contract": [
      null,
      async (bench) => {
        const first = { sessions: true, events: true, eventCursor: "sequence", structuredErrors: true };
        const { line, value } = await health(bench);
        for (const [name, want] of Object.entries(first)) {
          same(line, `capabilities.${name}`, member(member(value, "capabilities"), name), want);
        }
      },
    ],
    "health.daemon is daemon.json": [
      null,
      async (bench) => {
        const { line, value } = await health(bench);
        let file: unknown;
        try {
          file = JSON.parse(readFileSync(join(dirname(bench.socket), "daemon.json"), "utf8"));
        } catch {
          throw new Skipped("there is no daemon.json beside the socket");
        }
        same(line, "daemon", member(value, "daemon"), file);
      },
    ],
    "the versions of the API": [
      null,
      async (bench) => {
        const answer = await expected(bench, 200, "GET /api/v1/api-version");
        same(answer.line, "the body", answer.value, { apiVersion: "v1", supportedApiVersions: ["v1"] });
      },
    ],
  },
  transport: {
    "the socket is its user's alone": [
      null,
      async ({ socket }) => {
        if (process.platform === "win32") throw new Skipped("Windows has no such modes");
        for (const [path, most] of [
          [socket, 0o600],
          [dirname(socket), 0o700],
        ] as const) {
          const mode = lstatSync(path).mode & 0o777;
          holds(path, (mode & ~most) === 0, `mode ${mode.toString(8)} lets others in`);
        }
      },
    ],
    "each path without /api/v1 answers the same": [
      null,
      async (bench) => {
        for (const path of ["api-version", "capabilities"]) {
          const [one, other] = [await ask(bench, `GET /api/v1/${path}`), await ask(bench, `GET /${path}`)];
          same(`GET /${path}`, "the status", other.status, one.status);
          same(`GET /${path}`, "the body", other.value, one.value);
        }
      },
    ],
    "another version of the API is 404 invalid_request": [
      null,
      async (bench) => {
        const { line, value } = await refused(
          bench,
          [404, "invalid_request", "apiVersion", "supportedApiVersions"],
          "GET /api/v9/health",
        );
        same(
          line,
          "details.apiVersion",
          member(member(member(value, "error"), "details"), "apiVersion"),
          "v9",
        );
      },
    ],
    "what is no route is 404 not_found": [
      null,
      async (bench) => {
        for (const line of [
          "GET /api/v1/nowhere",
          "GET /api/v1/health/",
          "POST /api/v1/health",
          "PUT /api/v1/sessions",
        ]) {
          await refused(bench, [404, "not_found"], line);
        }
      },
    ],
    "an Origin, even an empty one, is 403 forbidden": [
      null,
      async (bench) => {
        for (const Origin of ["http://localhost", "null", ""]) {
          await refused(bench, [403, "forbidden"], "GET /api/v1/health", undefined, { Origin });
        }
      },
    ],
    "HTTP/1.0 without a Host, and Connection: close": [
      null,
      async (bench) => {
        await expected(bench, 200, "GET /api/v1/health HTTP/1.0");
        await expected(bench, 200, "GET /api/v1/health", undefined, { Connection: "close" });
      },
    ],
    "a connection is kept for who asks for nothing else": [
      null,
      async ({ socket }) => {
        const two = requestText("GET /api/v1/api-version").repeat(2);
        const heard = await exchanged(socket, two);
        const count = heard.split("HTTP/1.1 200").length - 1;
        holds("GET /api/v1/api-version, twice on a connection", count === 2, `${count} of 2 were answered`);
      },
    ],
    "a body over 4 MiB is 413 payload_too_large": [
      null,
      async (bench) => {
        const body = `{"action":"x","more":"${"x".repeat(MOST_BODY)}"}`;
        await refused(bench, [413, "payload_too_large"], "POST /api/v1/actions", body);
      },
    ],
  },
  control: {
    "the catalogue begins as it always did": [
      null,
      async (bench) => {
        const answer = await expected(bench, 200, "GET /api/v1/capabilities");
        shaped(answer, ROUTES.capabilities.answer);
        const list = elements(member(answer.value, "capabilities"));
        const ids = list.slice(0, 3).map((one) => member(one, "id"));
        same(answer.line, "the first three", ids, [
          "coven.sessions",
          "coven.control.actions",
          "desktop.automation",
        ]);
        same(answer.line, "the adapter of the first", member(list[0], "adapter"), "coven-daemon");
      },
    ],
    "the safe action is done": [
      null,
      async (bench) => {
        const action = "coven.capabilities.refresh";
        const body = { action, origin: "conformance", intentId: "c-1", args: {} };
        const answer = await expected(bench, 200, "POST /api/v1/actions", body);
        shaped(answer, ROUTES.actions.answer);
        const event = member(answer.value, "event");
        same(answer.line, "event.kind", member(event, "kind"), "capabilities.refreshed");
        same(answer.line, "event.origin", member(event, "origin"), "conformance");
        const catalogue = await expected(bench, 200, "GET /api/v1/capabilities");
        const count = elements(member(catalogue.value, "capabilities")).length;
        same(
          answer.line,
          "event.payload.capabilities",
          member(member(event, "payload"), "capabilities"),
          count,
        );
      },
    ],
    "unknown and malformed actions are refused in their own shape": [
      null,
      async (bench) => {
        for (const [body, action] of [
          [{ action: "nobody.knows.it" }, "nobody.knows.it"],
          [{ action: " " }, ""],
          [{}, ""],
          ["[]", "(unknown)"],
        ] as const) {
          const { line, value } = await expected(bench, 400, "POST /api/v1/actions", body);
          const { reason, ...rest } = value as { reason?: unknown };
          const said = { ok: false, accepted: false, action, status: "rejected" };
          for (const [name, want] of Object.entries(said)) same(line, name, member(rest, name), want);
          holds(line, typeof reason === "string" && reason !== "", "`reason` says nothing");
        }
      },
    ],
    "every action with its policy": [
      "actions",
      async (bench) => shaped(await expected(bench, 200, "GET /api/v1/actions"), ROUTES.actionList.answer),
    ],
    "approvals, newest first": [
      "approvals",
      async (bench) => {
        shaped(await expected(bench, 200, "GET /api/v1/approvals"), ROUTES.approvals.answer);
        await refused(bench, [404, "approval_not_found"], `GET /api/v1/approvals/${NOBODY}`);
      },
    ],
  },
  launch: {
    "a launch is 201 with the record, running": [
      null,
      async (bench) => {
        const answer = await launched(bench, { prompt: "lines 2\nand more", launchMode: "nonInteractive" });
        same(answer.line, "the status", answer.status, 201);
        shaped(answer, ROUTES.launch.answer, true);
        const record = (name: string) => member(answer.value, name);
        same(answer.line, "status", record("status"), "running");
        same(answer.line, "project_root", record("project_root"), bench.project);
        same(answer.line, "title", record("title"), "lines 2");
        same(answer.line, "exit_code", record("exit_code"), null);
        holds(answer.line, UUID.test(String(record("id"))), "`id` is no UUID v4");
        const id = String(record("id"));
        await until("it has ended", async () => (await statusOf(bench, id)) !== "running");
        same(`GET /api/v1/sessions/${id}`, "status", await statusOf(bench, id), "completed");
        bench.finished = id;
      },
    ],
    "one that stays": [
      null,
      async (bench) => {
        finished(bench);
        const { value } = await launched(bench, {
          prompt: "sleep 600",
          launchMode: "interactive",
          title: "stays",
        });
        same("POST /api/v1/sessions", "title", member(value, "title"), "stays");
        bench.live = String(member(value, "id"));
      },
    ],
    "what is missing or malformed is 400, and nothing is launched": [
      null,
      async (bench) => {
        // Of this check alone: others may launch meanwhile.
        const count = async () =>
          elements((await expected(bench, 200, "GET /api/v1/sessions")).value).filter(
            (one) => member(one, "project_root") === bench.project,
          ).length;
        const before = await count();
        const wrong: object[] = [
          { projectRoot: undefined },
          { projectRoot: 7 },
          { projectRoot: "relative" },
          { projectRoot: join(bench.project, "missing") },
          { harness: undefined },
          { harness: NOBODY },
          { prompt: undefined },
          { prompt: " " },
          { cwd: ".." },
          { cwd: "/" },
          { launchMode: "sideways" },
        ];
        for (const over of wrong)
          await refused(bench, [400, "invalid_request"], "POST /api/v1/sessions", launchBody(bench, over));
        for (const body of ["{", "[]"])
          await refused(bench, [400, "invalid_request"], "POST /api/v1/sessions", body);
        same("GET /api/v1/sessions", "how many after refused launches", await count(), before);
      },
    ],
    "the same Idempotency-Key gives the first record": [
      "sessionPaging",
      async (bench) => {
        finished(bench);
        const headers = { "Idempotency-Key": crypto.randomUUID() };
        const first = await launched(bench, { launchMode: "nonInteractive" }, headers);
        const second = await launched(bench, { launchMode: "nonInteractive" }, headers);
        same(second.line, "the status of the second", second.status, 200);
        same(second.line, "id", member(second.value, "id"), member(first.value, "id"));
      },
    ],
  },
  records: {
    "the list is bare, newest first": [
      null,
      async (bench) => {
        const answer = await expected(bench, 200, "GET /api/v1/sessions");
        holds(answer.line, Array.isArray(answer.value), "the body is no bare array");
        shaped(answer, ROUTES.sessions.answer, true);
        const times = elements(answer.value).map((one) => String(member(one, "created_at")));
        same(answer.line, "created_at, one after the other", times, times.toSorted().toReversed());
        const { finished: id } = bench;
        const ids = elements(answer.value).map((one) => member(one, "id"));
        if (id !== undefined) holds(answer.line, ids.includes(id), "a session that was launched is missing");
      },
    ],
    "one of them": [
      null,
      async (bench) => {
        const id = finished(bench);
        const answer = await expected(bench, 200, `GET /api/v1/sessions/${id}`);
        shaped(answer, ROUTES.session.answer, true);
        same(answer.line, "id", member(answer.value, "id"), id);
        same(answer.line, "exit_code", member(answer.value, "exit_code"), 0);
      },
    ],
    "an id that is none is session_not_found": [
      null,
      async (bench) => {
        for (const id of [NOBODY, "%20", "x".repeat(200)]) {
          await refused(bench, [404, "session_not_found", "sessionId"], `GET /api/v1/sessions/${id}`);
        }
        for (const verb of ["input", "kill"]) {
          // Before the body is judged: it is none.
          await refused(bench, [404, "session_not_found"], `POST /api/v1/sessions/${NOBODY}/${verb}`, "{");
        }
        await refused(bench, [404, "session_not_found"], events(NOBODY));
      },
    ],
    pages: [
      "sessionPaging",
      async (bench) => {
        const answer = await expected(bench, 200, "GET /api/v1/sessions?limit=1&includeArchived=true");
        shaped(answer, ROUTES.sessions.answer, true);
        const cursor = member(answer.value, "next_cursor");
        if (cursor !== null) {
          const next = await expected(
            bench,
            200,
            `GET /api/v1/sessions?limit=1&includeArchived=true&cursor=${cursor}`,
          );
          const id = (page: JsonAnswer) => member(elements(member(page.value, "sessions"))[0], "id");
          holds(next.line, id(next) !== id(answer), "the second page repeats the first");
        }
        for (const query of ["limit=0", "limit=1001", "limit=x", "includeArchived=maybe"]) {
          await refused(bench, [400, "invalid_request", "field"], `GET /api/v1/sessions?${query}`);
        }
      },
    ],
  },
  events: {
    "a page, oldest first, the exit last": [
      null,
      async (bench) => {
        const answer = await expected(bench, 200, events(finished(bench)));
        shaped(answer, ROUTES.events.answer);
        const list = elements(member(answer.value, "events"));
        const seqs = list.map((one) => Number(member(one, "seq")));
        same(
          answer.line,
          "seq, one after the other",
          seqs,
          Array.from(new Set(seqs)).sort((a, b) => a - b),
        );
        const exit = list.at(-1);
        same(answer.line, "the kind of the last", member(exit, "kind"), "exit");
        const { exitCode, status } = JSON.parse(String(member(exit, "payload_json")));
        same(answer.line, "the payload of exit", { exitCode, status }, { exitCode: 0, status: "completed" });
        same(answer.line, "hasMore", member(answer.value, "hasMore"), false);
        same(
          answer.line,
          "nextCursor.afterSeq",
          member(member(answer.value, "nextCursor"), "afterSeq"),
          seqs.at(-1),
        );
      },
    ],
    "a cursor goes on without a gap, and an empty page has none": [
      null,
      async (bench) => {
        const id = finished(bench);
        const all = elements(member((await expected(bench, 200, events(id))).value, "events"));
        const got: unknown[] = [];
        let after: unknown = 0;
        for (let turn = 0; turn <= all.length; turn++) {
          const page = await expected(bench, 200, events(id, `&limit=1&afterSeq=${after}`));
          const cursor = member(page.value, "nextCursor");
          const list = elements(member(page.value, "events"));
          same(page.line, "hasMore", member(page.value, "hasMore"), turn < all.length - 1);
          if (list.length === 0) same(page.line, "nextCursor of an empty page", cursor, null);
          else holds(page.line, list.length === 1, `limit=1 gives ${list.length} events`);
          got.push(...list);
          after = member(cursor, "afterSeq") ?? after;
        }
        same(events(id), "the events of all pages", got, all);
        const first = await expected(bench, 200, events(id, "&afterSeq=-5"));
        same(first.line, "the events", member(first.value, "events"), all);
        const unknown = await expected(bench, 200, events(id, `&afterEventId=${NOBODY}`));
        same(unknown.line, "the events", member(unknown.value, "events"), all);
        const by = await expected(bench, 200, `GET /api/v1/sessions/${id}/events`);
        same(by.line, "the events", member(by.value, "events"), all);
      },
    ],
    "a malformed cursor or limit is 400 that names it": [
      null,
      async (bench) => {
        const id = finished(bench);
        for (const query of ["afterSeq=x", "limit=x"]) {
          await refused(bench, [400, "invalid_request", "field"], events(id, `&${query}`));
        }
        await refused(bench, [400, "invalid_request", "field"], "GET /api/v1/events");
      },
    ],
    "the same as server-sent events, which end after the exit": [
      "eventStream",
      async (bench) => {
        const id = finished(bench);
        const line = `GET /api/v1/sessions/${id}/events`;
        const answer = answerIn(await exchanged(bench.socket, requestText(line, undefined, SSE)));
        const type = answer?.headers["content-type"] ?? "";
        holds(
          line,
          answer?.status === 200 && type.startsWith("text/event-stream"),
          `answers ${answer?.status} ${type}`,
        );
        const sent = Array.from(answer?.body.matchAll(/^data: (.+)$/gm) ?? [], ([, data]) =>
          JSON.parse(String(data)),
        );
        const page = await expected(bench, 200, line);
        same(`${line} as SSE`, "the events", sent, member(page.value, "events"));
        const ids = Array.from(answer?.body.matchAll(/^id: (\d+)$/gm) ?? [], ([, seq]) => Number(seq));
        same(
          `${line} as SSE`,
          "the ids",
          ids,
          sent.map(({ seq }) => seq),
        );
      },
    ],
    "what happens to all sessions": [
      "feed",
      async (bench) => {
        const opened = (heard: string) => heard.includes("\nid: ");
        const heard = await exchanged(bench.socket, requestText("GET /api/v1/feed"), opened);
        holds("GET /api/v1/feed", heard.includes(": ok\n"), "does not begin with `: ok`");
      },
    ],
  },
  "live control": {
    "input is 202, its checks in order": [
      null,
      async (bench) => {
        const line = (id: string) => `POST /api/v1/sessions/${id}/input`;
        const answer = await expected(bench, 202, line(live(bench)), { data: "" });
        same(answer.line, "ok", member(answer.value, "ok"), true);
        same(answer.line, "accepted", member(answer.value, "accepted"), true);
        await refused(bench, [409, "session_not_live", "sessionId", "status"], line(finished(bench)), "{");
        for (const body of ["{", "[]", {}, { data: 3 }]) {
          await refused(bench, [400, "invalid_request"], line(live(bench)), body);
        }
      },
    ],
    resize: [
      "resize",
      async (bench) => {
        const line = (id: string) => `POST /api/v1/sessions/${id}/resize`;
        await expected(bench, 202, line(live(bench)), { cols: 90, rows: 30 });
        await refused(bench, [400, "invalid_request", "field"], line(live(bench)), { cols: 0, rows: 30 });
        await refused(bench, [400, "invalid_request", "field"], line(live(bench)), { cols: 90, rows: 1001 });
        await refused(bench, [409, "session_not_live"], line(finished(bench)), { cols: 90, rows: 30 });
      },
    ],
    "the screen": [
      "screen",
      async (bench) => {
        for (const id of [live(bench), finished(bench)]) {
          const answer = await expected(bench, 200, `GET /api/v1/sessions/${id}/screen`);
          shaped(answer, ROUTES.screen.answer);
          const lines = elements(member(answer.value, "lines"));
          same(answer.line, "the number of lines", lines.length, member(answer.value, "rows"));
        }
      },
    ],
    "the exact bytes": [
      "output",
      async (bench) => {
        const id = finished(bench);
        const line = `GET /api/v1/sessions/${id}/output`;
        const parts: Uint8Array[] = [];
        for await (const part of bench.client.output(id)) parts.push(part);
        const { value } = await expected(bench, 200, events(id));
        const text = elements(member(value, "events"))
          .filter((one) => member(one, "kind") === "output")
          .map((one) => JSON.parse(String(member(one, "payload_json"))).data)
          .join("");
        same(line, "the output", Buffer.concat(parts).toString(), text);
      },
    ],
    "attach begins with the record and the screen": [
      "attach",
      async (bench) => {
        const id = live(bench);
        const line = `GET /api/v1/sessions/${id}/attach`;
        await refused(bench, [400, "invalid_request"], line);
        const said: string[] = [];
        await new Promise<void>((resolve) => {
          const attached = bench.client.attach(id, {
            observe: true,
            signal: AbortSignal.timeout(PATIENCE_MS),
            frame: (frame) => {
              said.push(frame.type);
              if (frame.type === "attached")
                shaped({ line, value: frame.session }, ROUTES.session.answer, true);
            },
            bytes: (_, snapshot) => {
              said.push(snapshot ? "the screen" : "output");
              attached.close();
              resolve();
            },
            closed: resolve,
          });
        });
        same(line, "what is said first", said.slice(0, 2), ["attached", "the screen"]);
      },
    ],
    "what a session wants": [
      "attention",
      async (bench) => {
        const answer = await expected(bench, 200, `GET /api/v1/sessions/${live(bench)}/attention`);
        shaped(answer, ROUTES.attention.answer);
      },
    ],
    "an answer to a question that is no more is 409 stale_prompt": [
      "inputGuard",
      async (bench) => {
        const line = `POST /api/v1/sessions/${live(bench)}/input`;
        await refused(bench, [409, "stale_prompt", "sessionId"], line, { data: "x", ifAttentionSeq: 0 });
      },
    ],
    "archive and delete of what runs are 409 session_running": [
      "rituals",
      async (bench) => {
        const path = `/api/v1/sessions/${live(bench)}`;
        await refused(bench, [409, "session_running", "sessionId"], `POST ${path}/archive`);
        await refused(bench, [409, "session_running", "sessionId"], `DELETE ${path}`);
      },
    ],
    "kill is 202, and the record says killed, then the exit": [
      null,
      async (bench) => {
        const id = live(bench);
        await expected(bench, 202, `POST /api/v1/sessions/${id}/kill`);
        await until("the session is killed", async () => (await statusOf(bench, id)) !== "running");
        same(`GET /api/v1/sessions/${id}`, "status", await statusOf(bench, id), "killed");
        const { line, value } = await expected(bench, 200, events(id));
        const kinds = elements(member(value, "events")).map((one) => String(member(one, "kind")));
        holds(line, kinds.includes("kill"), "there is no `kill` event");
        same(line, "the kind of the last", kinds.at(-1), "exit");
        await refused(
          bench,
          [409, "session_not_live", "sessionId", "status"],
          `POST /api/v1/sessions/${id}/kill`,
        );
      },
    ],
  },
  rituals: {
    "archive hides, summon brings back, both as often as one likes": [
      "rituals",
      async (bench) => {
        const id = finished(bench);
        const listed = async () =>
          elements((await expected(bench, 200, "GET /api/v1/sessions")).value).some(
            (one) => member(one, "id") === id,
          );
        for (const [verb, shows] of [
          ["archive", false],
          ["summon", true],
        ] as const) {
          for (let turn = 0; turn < 2; turn++) {
            const answer = await expected(bench, 200, `POST /api/v1/sessions/${id}/${verb}`);
            shaped(answer, ROUTES.archive.answer, true);
            const when = member(answer.value, "archived_at");
            holds(answer.line, (when === null) === shows, `\`archived_at\` is ${JSON.stringify(when)}`);
          }
          same("GET /api/v1/sessions", `whether it shows after ${verb}`, await listed(), shows);
        }
      },
    ],
    "delete takes it away with its events": [
      "rituals",
      async (bench) => {
        for (const id of bench.made.toReversed()) {
          // Some were launched for their record alone, and may still run.
          await until("the session has ended", async () => (await statusOf(bench, id)) !== "running");
          const answer = await expected(bench, 200, `DELETE /api/v1/sessions/${id}`);
          shaped(answer, ROUTES.sacrifice.answer);
          await refused(bench, [404, "session_not_found"], `GET /api/v1/sessions/${id}`);
          bench.made.splice(bench.made.indexOf(id), 1);
        }
      },
    ],
  },
  "what is announced": {
    "each list and report has its shape": [
      null,
      async (bench) => {
        let looked = 0;
        for (const { place, answer, offers, query, of } of Object.values<AnyRoute>(ROUTES)) {
          const announced = Object.keys(offers ?? {}).some((name) => bench.capabilities[name]);
          const plain = place.startsWith("GET ") && !place.includes(":") && typeof answer === "object" && !of;
          if (!announced || !plain || query?.shape["sessionId"]) continue;
          shaped(await expected(bench, 200, place.replace("GET /", "GET /api/v1/")), answer);
          looked += 1;
        }
        if (looked === 0) throw new Skipped("nothing is announced");
      },
    ],
    "metrics are text that Prometheus reads": [
      "metrics",
      async ({ socket }) => {
        const answer = answerIn(await exchanged(socket, requestText("GET /api/v1/metrics")));
        holds("GET /api/v1/metrics", answer?.status === 200, `answers ${answer?.status}`);
        const wrong = answer?.body
          .split("\n")
          .find((line) => line !== "" && !/^(#|[a-z_]+(\{.*\})? -?[\d.e+-]+$)/.test(line));
        holds("GET /api/v1/metrics", wrong === undefined, `a line is none of its own: ${wrong}`);
      },
    ],
    "the document has every code that can be sent": [
      "openapi",
      async (bench) => {
        const { line, value } = await expected(bench, 200, "GET /api/v1/openapi.json");
        holds(line, String(member(value, "openapi")).startsWith("3.1"), "it is not OpenAPI 3.1");
        const text = JSON.stringify(member(value, "components"));
        const missing = ERROR_CODES.filter((code) => !text.includes(`"${code}"`));
        same(line, "codes that are missing", missing, []);
      },
    ],
    "a stop or a restart of another process is 409": [
      "shutdown",
      async (bench) => {
        await refused(bench, [409, "daemon_identity_mismatch", "pid"], "POST /api/v1/shutdown", { pid: 1 });
        await refused(bench, [400, "invalid_request", "field"], "POST /api/v1/shutdown", {});
      },
    ],
  },
};

/** All of it, in order. */
export const CHECKS: readonly Check[] = Object.entries(SECTIONS).flatMap(([section, checks]) =>
  Object.entries(checks).map(([name, [needs, run]]) => ({
    section,
    name,
    run,
    ...(needs === null ? {} : { needs }),
  })),
);
