// A request's body as it comes from the wire: all of it before anything is answered, never more than the limit.
import type { World } from "../session/ports.ts";

/** The most bytes a body may have (CONTRACT, Transport). */
export const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** How much of a body that is too large is read and thrown away, and for how long, so that its sender can hear why. */
const DRAIN_BYTES = 64 * 1024 * 1024;
const DRAIN_MS = 1_000;

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
