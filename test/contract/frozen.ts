// How the frozen bodies are compared: a real answer with what differs from run to run named instead of shown. On the way each
// answer is held against its route's record: status, shape and refusals are what it says.
import { expect } from "bun:test";
import { refusalsOf } from "../../src/api/openapi.ts";
import type { AnyRoute } from "../../src/api/route.ts";
import { ROUTES } from "../../src/api/routes/table.ts";
import { ask } from "../support/raw.ts";
import type { TestDaemon } from "../support/test-daemon.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Status and body of one request as a published client sends it, ids, times, pids and paths replaced by `<word>`. */
export async function frozen(
  daemon: TestDaemon,
  line: string,
  body?: unknown,
  headers?: Record<string, string>,
): Promise<{ status: number; body: unknown }> {
  const text = typeof body === "string" || body === undefined ? body : JSON.stringify(body);
  const answer = await ask(daemon.socket, line, text, headers);
  // Compact: published clients look for `"ok":true` in the text.
  const value = JSON.parse(answer.body);
  if (JSON.stringify(value) !== answer.body) throw new Error(`not compact: ${answer.body}`);
  const route = routeOf(line);
  if (route && answer.status < 400) {
    expect([route.status ?? 200].flat()).toContain(answer.status);
    // Also that nothing is answered which the schema does not know.
    if (typeof route.answer === "object") expect(route.answer.parse(value)).toEqual(value);
  } else if (route) expect(refusalsOf(route)).toContain(value.error.code);
  return { status: answer.status, body: named(value, daemon) };
}

/** The record behind a request line; undefined where there is none. */
function routeOf(line: string): AnyRoute | undefined {
  const [method, target = ""] = line.split(" ");
  const path = target.replace(/^\/api\/v1/, "").replace(/\?.*/, "");
  const pattern = path.replace(/^(\/\w+)\/[^/]+/, "$1/:id");
  const routes = Object.values<AnyRoute>(ROUTES);
  const at = (wanted: string) => routes.find(({ place }) => place === `${method} ${wanted}`);
  return at(path) ?? at(pattern);
}

/** What `frozen` gives for a refusal with this code, and at least these details. */
export const refusal = (status: number, code: string, details?: object) => ({
  status,
  body: {
    error: {
      code,
      message: expect.any(String),
      ...(details && { details: expect.objectContaining(details) }),
    },
  },
});

/** The same with what differs from run to run as `<word>`. */
export function named(value: unknown, daemon: TestDaemon, key = ""): unknown {
  if (Array.isArray(value)) return value.map((one) => named(one, daemon, key));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, named(one, daemon, name)]));
  }
  if (typeof value === "number" && (key === "pid" || key.endsWith("eq"))) return `<${key}>`;
  if (typeof value !== "string") return value;
  if (key === "covenVersion") return "<version>";
  if (key === "requestId") return "<requestId>";
  if (UUID.test(value)) return "<uuid>";
  if (TIME.test(value)) return "<time>";
  return value.replaceAll(daemon.dir, "<dir>");
}
