// What every check stands on: asking, and saying in one line what differs.

import type { CovenClient } from "../../../api/client.ts";
import type { AnyRoute } from "../../../api/route.ts";
import { answerIn, exchanged, requestText, type WireAnswer } from "./wire.ts";

/** What a check found that is not as the contract says. */
export class Differs extends Error {}

/** What can't be checked here, and why. */
export class Skipped extends Error {}

/** An answer in JSON. */
export interface JsonAnswer extends WireAnswer {
  readonly line: string;
  readonly value: unknown;
}

/** The daemon that is checked, and what is known of it so far. */
export interface Bench {
  readonly socket: string;
  /** For what is no request: attach and streams. */
  readonly client: CovenClient;
  /** An empty directory, canonical. */
  readonly project: string;
  /** What it announces; filled by the handshake. */
  readonly capabilities: Record<string, unknown>;
  /** Ids of sessions that were started for this. */
  readonly made: string[];
  /** A finished one, and a live one; why there is none otherwise. */
  finished?: string;
  live?: string;
}

type Headers = Readonly<Record<string, string>>;

/** Asks, and holds the answer to what every answer is: whole, with its length, compact JSON. */
export async function ask(
  bench: Bench,
  line: string,
  body?: unknown,
  headers?: Headers,
): Promise<JsonAnswer> {
  const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  const short = line.slice(0, 120);
  const answer = answerIn(await exchanged(bench.socket, requestText(line, text, headers)));
  if (!answer) throw new Differs(`${short} is answered by what is no HTTP`);
  const length = answer.headers["content-length"];
  if (length !== String(Buffer.byteLength(answer.body))) {
    throw new Differs(
      `${short}: Content-Length is ${length ?? "missing"}, the body has ${Buffer.byteLength(answer.body)} bytes`,
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(answer.body);
  } catch {
    throw new Differs(`${short}: the body is not JSON: ${shown(answer.body)}`);
  }
  if (JSON.stringify(value) !== answer.body) throw new Differs(`${short}: the JSON is not compact`);
  return { ...answer, line: short, value };
}

/** The same, with this status. */
export async function expected(
  bench: Bench,
  status: number,
  line: string,
  body?: unknown,
  headers?: Headers,
): Promise<JsonAnswer> {
  const answer = await ask(bench, line, body, headers);
  if (answer.status !== status) {
    throw new Differs(`${answer.line} answers ${answer.status}, not ${status}: ${shown(answer.body)}`);
  }
  return answer;
}

/** A refusal with this status and code, and details that have at least these members. */
export async function refused(
  bench: Bench,
  [status, code, ...details]: readonly [number, string, ...string[]],
  line: string,
  body?: unknown,
  headers?: Headers,
): Promise<JsonAnswer> {
  const answer = await expected(bench, status, line, body, headers);
  const error = member(answer.value, "error");
  same(answer.line, "error.code", member(error, "code"), code);
  if (typeof member(error, "message") !== "string")
    throw new Differs(`${answer.line}: error.message is no text`);
  for (const name of details) {
    if (member(member(error, "details"), name) === undefined) {
      throw new Differs(`${answer.line}: error.details has no \`${name}\``);
    }
  }
  return answer;
}

/** Throws unless both are the same JSON. */
export function same(line: string, what: string, got: unknown, want: unknown): void {
  if (JSON.stringify(got) === JSON.stringify(want)) return;
  throw new Differs(`${line}: \`${what}\` is ${shown(got)}, not ${shown(want)}`);
}

/** Throws unless it is so. */
export function holds(line: string, so: boolean, otherwise: string): void {
  if (!so) throw new Differs(`${line}: ${otherwise}`);
}

/** What the first contract's records have; every other member is additive, and a daemon may lack it. */
const FIRST_MEMBERS = new Set(
  "id project_root harness title status exit_code archived_at created_at updated_at".split(" "),
);

/** Throws where the answer is not as the route's schema says. Members that a daemon of the first contract has not may be missing where `additive`. */
export function shaped(
  answer: Pick<JsonAnswer, "line" | "value">,
  schema: AnyRoute["answer"],
  additive = false,
): void {
  if (typeof schema !== "object") return;
  const { error } = schema.safeParse(answer.value);
  const problems = (error?.issues ?? []).flatMap(function flat(issue): {
    path: PropertyKey[];
    message: string;
  }[] {
    // Of a union the form that comes closest.
    if (issue.code !== "invalid_union") return [issue];
    const forms = issue.errors.map((form) => form.flatMap(flat).filter(counts));
    const closest = forms.sort((a, b) => a.length - b.length)[0] ?? [];
    return closest.map((one) => ({ ...one, path: [...issue.path, ...one.path] }));
  });
  function counts({ path, message }: { path: PropertyKey[]; message: string }): boolean {
    const last = String(path.at(-1));
    return !(additive && message.endsWith("received undefined") && !FIRST_MEMBERS.has(last));
  }
  const wrong = problems.find(counts);
  if (!wrong) return;
  throw new Differs(`${answer.line}: \`${wrong.path.join(".") || "the body"}\`: ${wrong.message}`);
}

/** A member of what may be no object. */
export function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** The elements of what may be no list. */
export function elements(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A value in a line of words. */
export function shown(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "missing");
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}
