// Holds that routing is exact on method and path, and what each near miss is called.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ask, exchange, request } from "../support/raw.ts";
import { startTestDaemon, type TestDaemon } from "../support/test-daemon.ts";

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startTestDaemon();
});
afterAll(() => daemon.close());

const codeOf = (body: string): string => JSON.parse(body).error.code;

describe("routing is exact", () => {
  test.each([
    ["GET /", "not_found"],
    ["GET /health/", "not_found"],
    ["GET //health", "not_found"],
    ["GET /Health", "not_found"],
    ["GET /he%61lth", "not_found"],
    ["POST /health", "not_found"],
    ["PUT /sessions", "not_found"],
    ["PATCH /sessions", "not_found"],
    ["OPTIONS /health", "not_found"],
    ["DELETE /sessions", "not_found"],
    ["GET /sessions/", "not_found"],
    ["GET /sessions/x/", "not_found"],
    ["GET /sessions/x/nothing", "not_found"],
    ["GET /sessions%2Fx", "not_found"],
    ["GET /api", "not_found"],
    ["GET /api/", "not_found"],
    ["GET /api/v1", "not_found"],
    ["GET /api/v1/", "not_found"],
    ["GET /api/v2", "not_found"],
    ["GET /api/v1/api/v1/health", "not_found"],
    ["GET /api/v2/health", "invalid_request"],
    ["DELETE /api/v0/nowhere?x=1", "invalid_request"],
    ["GET /api/V1/health", "invalid_request"],
    ["GET /sessions/a%20b", "session_not_found"],
    ["GET /sessions/a%2Fb", "session_not_found"],
    ["GET /sessions/a%252Fb", "session_not_found"],
    ["GET /sessions/%ff", "session_not_found"],
    [`GET /sessions/${"x".repeat(129)}`, "session_not_found"],
    ["POST /sessions//kill", "session_not_found"],
  ])("%s: %s", async (line, code) => {
    const answer = await ask(daemon.socket, line);
    expect({ status: answer.status, code: codeOf(answer.body) }).toEqual({ status: 404, code });
  });

  test("a path id is percent-decoded once", async () => {
    const { id } = daemon.finished([]);
    const encoded = id.replaceAll("-", "%2D");
    expect(JSON.parse((await ask(daemon.socket, `GET /api/v1/sessions/${encoded}`)).body).id).toBe(id);
    const twice = encoded.replaceAll("%", "%25");
    expect((await ask(daemon.socket, `GET /api/v1/sessions/${twice}`)).status).toBe(404);
  });

  test("a query is no part of the path, an absolute target has one, and any Host will do", async () => {
    expect((await ask(daemon.socket, "GET /health?x=/y")).status).toBe(200);
    expect((await ask(daemon.socket, "GET http://elsewhere/health")).status).toBe(200);
    for (const Host of ["", "a b/health?", "[::1]:80", "coven/health"]) {
      const wire = `GET /health HTTP/1.1\r\nHost: ${Host}\r\n\r\n`;
      const { answers } = await exchange(daemon.socket, wire, { halfClose: true });
      expect({ Host, statuses: answers.map((answer) => answer.status) }).toEqual({ Host, statuses: [200] });
    }
  });

  test("dot segments are resolved before a route is looked for, their encoded form too", async () => {
    for (const path of [
      "/x/../health",
      "/sessions/./../health",
      "/api/v1/sessions/%2e%2e/health",
      "/../health",
    ])
      expect({ path, status: (await ask(daemon.socket, `GET ${path}`)).status }).toEqual({
        path,
        status: 200,
      });
  });

  test("HEAD is another method: 404, and no body", async () => {
    const { text } = await exchange(daemon.socket, request("HEAD /health"), { halfClose: true });
    expect(text).toStartWith("HTTP/1.1 404 ");
    expect(text).toEndWith("\r\n\r\n");
  });
});
