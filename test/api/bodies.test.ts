// Holds what a body may be: its size on every kind of connection, its encoding, its members.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ask, exchange, request } from "../support/raw.ts";
import { startTestDaemon, type TestDaemon } from "../support/test-daemon.ts";

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startTestDaemon();
});
afterAll(() => daemon.close());

const codeOf = (body: string): string => JSON.parse(body).error.code;

describe("bodies", () => {
  const LIMIT = 4 * 1024 * 1024;
  const large = Buffer.alloc(2 * LIMIT, "a");
  const ways: Record<string, { line: string; headers: Record<string, string>; halfClose?: boolean }> = {
    "kept alive": { line: "POST /api/v1/sessions", headers: {} },
    "half-closed": { line: "POST /api/v1/sessions", headers: {}, halfClose: true },
    "Connection: close": { line: "POST /api/v1/sessions", headers: { Connection: "close" } },
    "HTTP/1.0": { line: "POST /sessions HTTP/1.0", headers: {} },
  };
  // It failed here before: Bun closes such a client's socket with the answer, and the client got EPIPE instead of the 413.
  for (const [way, { line, headers, halfClose = false }] of Object.entries(ways)) {
    test(`twice the limit is 413 in our own words: ${way}`, async () => {
      const head = request(line, undefined, { ...headers, "Content-Length": String(large.length) });
      const { answers } = await exchange(daemon.socket, [head, large], { halfClose });
      expect(answers.map(({ status, body }) => [status, codeOf(body)])).toEqual([[413, "payload_too_large"]]);
    });
  }

  test("chunked beyond the limit, too, and the connection goes on", async () => {
    const head = request("POST /api/v1/sessions", undefined, { "Transfer-Encoding": "chunked" });
    const chunk = Buffer.concat([Buffer.from("10000\r\n"), Buffer.alloc(65_536, "b"), Buffer.from("\r\n")]);
    const parts = [head, ...Array.from({ length: 100 }, () => chunk), "0\r\n\r\n", request("GET /health")];
    const { answers } = await exchange(daemon.socket, parts, { answers: 2 });
    expect(answers.map((answer) => answer.status)).toEqual([413, 200]);
  });

  test("one that is only announced is refused all the same", async () => {
    for (const length of [4 * LIMIT + 1, 10 ** 12]) {
      const head = request("POST /api/v1/sessions", undefined, { "Content-Length": String(length) });
      const { answers } = await exchange(daemon.socket, head);
      expect(answers.map((answer) => answer.status)).toEqual([413]);
    }
  });

  test("a launch may be larger, by its prompt and by nothing else", async () => {
    const launch = (members: object) => ask(daemon.socket, "POST /api/v1/sessions", JSON.stringify(members));
    const known = { projectRoot: daemon.project, harness: "nobody", prompt: "x" };
    const large = "p".repeat(LIMIT + 1_000_000);
    expect(codeOf((await launch({ ...known, prompt: large })).body)).toBe("invalid_request");
    for (const other of [{ title: large }, { prompt: large, title: large }, { other: large }]) {
      const { status, body } = await launch({ ...known, ...other });
      expect([status, JSON.parse(body).error.details]).toEqual([413, { limit: LIMIT }]);
    }
    const { status, body } = await launch({ ...known, prompt: "p".repeat(4 * LIMIT) });
    expect([status, JSON.parse(body).error.details]).toEqual([413, { limit: 4 * LIMIT }]);
  });

  test("exactly the limit is read", async () => {
    const frame = JSON.stringify({ action: "" }).length;
    const body = JSON.stringify({ action: "a".repeat(LIMIT - frame) });
    expect((await ask(daemon.socket, "POST /api/v1/actions", body)).status).toBe(400);
    expect(codeOf((await ask(daemon.socket, "POST /api/v1/actions", `${body} `)).body)).toBe(
      "payload_too_large",
    );
  });

  const withLaunch = (more: string) => `{"projectRoot":"/","harness":"codex","prompt":"x",${more}}`;
  const malformed: Record<string, [body: string, field: string]> = {
    "cut off": ["{", "body"],
    "two values": ["{}{}", "body"],
    "no UTF-8": ['{"prompt":"\xff"}', "body"],
    "a million brackets": ["[".repeat(1_000_000), "body"],
    "an array": ["[]", ""],
    null: ["null", ""],
    "a number": ["3", ""],
    "a string": ['"text"', ""],
    empty: ["", "projectRoot"],
    blank: [" \r\n\t", "projectRoot"],
    "a root of another type": ['{"projectRoot":3,"harness":"codex","prompt":"x"}', "projectRoot"],
    "a blank prompt": ['{"projectRoot":"/","harness":"codex","prompt":" \\n "}', "prompt"],
    "no columns": [withLaunch('"cols":0'), "cols"],
    "half a row": [withLaunch('"rows":1.5'), "rows"],
    "an unknown mode": [withLaunch('"launchMode":"other"'), "launchMode"],
    "a number in env": [withLaunch('"env":{"A":1}'), "env.A"],
    "a null in env": [withLaunch('"env":{"A":null}'), "env.A"],
    "an array as env": [withLaunch('"env":[]'), "env"],
  };
  test.each(Object.keys(malformed))("malformed, and named in the details: %s", async (name) => {
    const [body = "", field] = malformed[name] ?? [];
    const answer = await ask(daemon.socket, "POST /api/v1/sessions", body);
    expect(answer.status).toBe(400);
    const { error } = JSON.parse(answer.body);
    expect({ code: error.code, field: error.details.field }).toEqual({ code: "invalid_request", field });
  });

  test("unset options written as null, unknown members and no Content-Type are all fine", async () => {
    const body = { projectRoot: daemon.project, harness: "codex", prompt: "exit 0" };
    const more = { cwd: null, title: null, launchMode: null, env: null, cols: null, somethingNew: [1] };
    const answer = await ask(daemon.socket, "POST /api/v1/sessions", JSON.stringify({ ...body, ...more }));
    expect(answer.status).toBe(201);
  });
});
