// Owns how the frozen bodies are compared: a real answer with what differs from run to run named instead of shown.
import { expect } from "bun:test";
import type { House } from "../support/house.ts";
import { ask } from "../support/raw.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Status and body of one request as a published client sends it, ids, times, pids and paths replaced by `<word>`. */
export async function frozen(
  house: House,
  line: string,
  body?: unknown,
  headers?: Record<string, string>,
): Promise<{ status: number; body: unknown }> {
  const text = typeof body === "string" || body === undefined ? body : JSON.stringify(body);
  const answer = await ask(house.socket, line, text, headers);
  // Compact: published clients look for `"ok":true` in the text.
  if (JSON.stringify(JSON.parse(answer.body)) !== answer.body) throw new Error(`not compact: ${answer.body}`);
  return { status: answer.status, body: named(JSON.parse(answer.body), house) };
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

function named(value: unknown, house: House, key = ""): unknown {
  if (Array.isArray(value)) return value.map((one) => named(one, house, key));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, named(one, house, name)]));
  }
  if (typeof value === "number" && (key === "pid" || key.endsWith("eq"))) return `<${key}>`;
  if (typeof value !== "string") return value;
  if (key === "covenVersion") return "<version>";
  if (key === "requestId") return "<requestId>";
  if (UUID.test(value)) return "<uuid>";
  if (TIME.test(value)) return "<time>";
  return value.replaceAll(house.dir, "<dir>");
}
