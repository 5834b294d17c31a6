// Parameters and bodies as their schemas say, and the refusal that names what is wrong with them.

import type * as z from "zod";
import { CovenError } from "../errors.ts";
import { problemsIn } from "../malformed.ts";
import { type Body, MAX_BODY_BYTES, MAX_LARGE_BODY_BYTES } from "./body.ts";

/** Of a body wrong in many places so many are named, by so many characters: an answer is never larger than its question. */
const MOST_PROBLEMS = 20;
const MOST_NAME = 200;

/**
 * What stands behind the `?`, each percent-decoded once. One that stands there twice is an array, which no schema takes.
 * Throws `invalid_request` (details: `field`, `problems`).
 */
export function parseQuery<T extends z.ZodObject>(schema: T, text: string): z.output<T> {
  const values = new URLSearchParams(text);
  const sent: Record<string, string | readonly string[]> = {};
  for (const name of Object.keys(schema.shape)) {
    const [value, ...more] = values.getAll(name);
    if (value !== undefined) sent[name] = more.length === 0 ? value : [value, ...more];
  }
  return parsed(schema, sent, parameterProblem);
}

/** The headers a route reads; a blank one counts as absent. Throws as `parseQuery`. */
export function parseHeaders<T extends z.ZodObject>(schema: T, headers: Headers): z.output<T> {
  const sent: Record<string, string> = {};
  for (const name of Object.keys(schema.shape)) {
    const value = headers.get(name)?.trim();
    if (value) sent[name] = value;
  }
  return parsed(schema, sent, parameterProblem);
}

const parameterProblem = (field: string, problem: string): string => `${field} ${problem}.`;

/**
 * The body as the schema says. Blank is `{}`; a null member counts as absent, because published clients write their
 * unset options as null. Throws `payload_too_large` and `invalid_request` (details: `field`, `problems`).
 */
export function parseBody<T extends z.ZodType>(schema: T, body: Body): z.output<T> {
  return parsed(schema, withoutNulls(readJson(body)), (field, problem) =>
    field === "" ? `The body is malformed: ${problem}.` : `${field}: ${problem}.`,
  );
}

/** The args of an action as its schema says; none are `{}`. Nulls as in a body. Throws `invalid_request` (details: `field`, `problems`). */
export function parseArgs<T extends z.ZodType>(schema: T, args: unknown): z.output<T> {
  return parsed(schema, withoutNulls(args ?? {}), (field, problem) =>
    field === "" ? `The args are malformed: ${problem}.` : `${field}: ${problem}.`,
  );
}

/** Throws `payload_too_large` for a body that is larger than others may be and not because of this member. */
export function requireSmallBeside(member: string, body: Body): void {
  if (body === "too large") throw tooLarge(MAX_LARGE_BODY_BYTES);
  if (body.length <= MAX_BODY_BYTES) return;
  let rest = body.length;
  try {
    const { [member]: large, ...others }: Record<string, unknown> = JSON.parse(
      new TextDecoder().decode(body),
    );
    if (typeof large === "string") rest = Buffer.byteLength(JSON.stringify(others));
  } catch {
    // It is none, and too large.
  }
  if (rest > MAX_BODY_BYTES) throw tooLarge(MAX_BODY_BYTES);
}

function tooLarge(limit: number): CovenError {
  return new CovenError("payload_too_large", `The body is larger than ${limit} bytes.`, { limit });
}

/** Any JSON value; throws `payload_too_large`, and `invalid_request` for what is no UTF-8 or no JSON. */
export function readJson(body: Body): unknown {
  if (body === "too large") throw tooLarge(MAX_BODY_BYTES);
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(body);
    return text.trim() === "" ? {} : JSON.parse(text);
  } catch {
    // Also a nesting too deep for the parser. What was sent is not repeated: it may be a prompt or a password.
    throw new CovenError("invalid_request", "The body is not JSON in UTF-8.", { field: "body" });
  }
}

/** What may be the id of a run that somebody else started: as ours, and of several parts. Neither a step up the path nor the end of a route. */
export function isExternalId(id: string): boolean {
  if (!/^[A-Za-z0-9._:/-]{1,128}$/.test(id)) return false;
  const parts = id.split("/");
  if (parts.some((part) => part === "" || part === "." || part === "..")) return false;
  return parts.length === 1 || !TAILS.has(parts.at(-1) ?? "");
}

/** What may stand behind the id in a path; kept by the test of routes. */
const TAILS = new Set(
  "input resize kill screen output attach archive summon rename complete log events approve deny attention".split(
    " ",
  ),
);

/** The id itself; throws `session_not_found` for what can be none (docs/API-CONTRACT.md, Transport). */
export function wellFormedId(id: string): string {
  if (isExternalId(id)) return id;
  throw new CovenError("session_not_found", "There is no session of this id.", { sessionId: id });
}

function parsed<T extends z.ZodType>(
  schema: T,
  value: unknown,
  sentence: (field: string, problem: string) => string,
): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = problemsIn(result.error.issues)
    .slice(0, MOST_PROBLEMS)
    .map(({ path, problem }) => ({ field: path.join(".").slice(0, MOST_NAME), problem }));
  const { field, problem } = problems[0] ?? { field: "", problem: "malformed" };
  throw new CovenError("invalid_request", sentence(field, problem), { field, problems });
}

function withoutNulls(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null));
}
