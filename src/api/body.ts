// Owns how a request's body is taken from the wire: all of it before anything is answered, never more than the limit.
import { CovenError } from "../errors.ts";
import type { World } from "../session/ports.ts";
import type { Schema } from "./schema.ts";

/** The most bytes a body may have (CONTRACT, Transport). */
export const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** How much of a body that is too large is read and thrown away, and for how long, so that its sender can hear why. */
const DRAIN_BYTES = 64 * 1024 * 1024;
const DRAIN_MS = 1_000;

/** Of a body wrong in many places so many are named, by so many characters: an answer is never larger than its question. */
const MOST_PROBLEMS = 20;
const MOST_NAME = 200;

/** What arrived: the bytes, or that they were too many. */
export type Body = Uint8Array | "too large";

/** Of a request that has none. */
export const NO_BODY: Body = new Uint8Array(0);

/**
 * Reads the body to its end. An answer given earlier would make Bun close a `Connection: close` or HTTP/1.0 client's
 * socket while it is still writing, and such clients then fail with EPIPE instead of reading why.
 */
export async function takeBody(request: Request, world: World): Promise<Body> {
  const declared = Number(request.headers.get("content-length") ?? Number.NaN);
  if (declared <= MAX_BODY_BYTES) return await request.bytes();
  const { body } = request;
  if (body === null) return NO_BODY;
  if (declared > DRAIN_BYTES) return "too large";
  return await readLimited(body, declared > MAX_BODY_BYTES, world);
}

/** `large`: it is known to be too large before a byte of it came, and may never come. */
async function readLimited(body: ReadableStream, large: boolean, world: World): Promise<Body> {
  const reader = body.getReader();
  const patience = Promise.withResolvers<"too slow">();
  const hurry = () => world.after(DRAIN_MS, () => patience.resolve("too slow"));
  let cancel = large ? hurry() : undefined;
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    while (size <= DRAIN_BYTES) {
      const next = reader.read();
      const step = cancel ? await Promise.race([next, patience.promise]) : await next;
      if (step === "too slow") break;
      if (step.done) return size > MAX_BODY_BYTES ? "too large" : Buffer.concat(chunks, size);
      size += step.value.length;
      if (size <= MAX_BODY_BYTES) chunks.push(step.value);
      else {
        chunks.length = 0;
        cancel ??= hurry();
      }
    }
    void reader.cancel().catch(() => {});
    return "too large";
  } finally {
    cancel?.();
  }
}

/**
 * The body as the schema says. Blank is `{}`; a null member counts as absent, because published clients write their
 * unset options as null. Throws `payload_too_large` and `invalid_request` (details: `field`, `problems`).
 */
export function parseBody<T>(body: Body, schema: Schema<T>): T {
  const parsed = schema.safeParse(withoutNulls(readJson(body)));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.slice(0, MOST_PROBLEMS).map((issue) => ({
    field: issue.path.join(".").slice(0, MOST_NAME),
    problem: issue.message.endsWith("received undefined") ? "is required" : issue.message,
  }));
  const { field, problem } = problems[0] ?? { field: "", problem: "malformed" };
  const message = field === "" ? `The body is malformed: ${problem}.` : `${field}: ${problem}.`;
  throw new CovenError("invalid_request", message, { field, problems });
}

/** Any JSON value; throws `payload_too_large`, and `invalid_request` for what is no UTF-8 or no JSON. */
export function readJson(body: Body): unknown {
  if (body === "too large") {
    throw new CovenError("payload_too_large", `The body is larger than ${MAX_BODY_BYTES} bytes.`, {
      limit: MAX_BODY_BYTES,
    });
  }
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(body);
    return text.trim() === "" ? {} : JSON.parse(text);
  } catch {
    // Also a nesting too deep for the parser. What was sent is not repeated: it may be a prompt or a password.
    throw new CovenError("invalid_request", "The body is not JSON in UTF-8.", { field: "body" });
  }
}

function withoutNulls(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null));
}
