// What an adapter's program says: lines of JSON, cut out of its output within bounds. Whatever breaks a bound or is no message ends it.
import * as z from "zod";

/** The longest line, and all that may come in a minute, errors included. */
const MOST_LINE = 256 * 1024;
const MOST_PER_MINUTE = 4 * 1024 * 1024;
const MINUTE_MS = 60_000;

const capabilities = z.record(z.string().max(128), z.enum(["available", "missingSetup"]));

/** JSON-RPC 2.0, as far as it is spoken here. */
const message = z.union([
  z.strictObject({
    jsonrpc: z.literal("2.0"),
    id: z.int(),
    result: z.record(z.string(), z.unknown()),
  }),
  z.strictObject({
    jsonrpc: z.literal("2.0"),
    id: z.int(),
    error: z.object({ code: z.int(), message: z.string() }),
  }),
  z.strictObject({
    jsonrpc: z.literal("2.0"),
    method: z.literal("status"),
    params: z.strictObject({ capabilities }),
  }),
]);
export type AdapterMessage = z.output<typeof message>;

/** What an adapter says when it has started. */
export const initialized = z.object({ capabilities: capabilities.exactOptional() });

/** Reads one program. Each method throws an Error that says which bound was broken. */
export class Lines {
  #pending: Buffer[] = [];
  #length = 0;
  #bytes = 0;
  #since: number;

  /** `monotonic`: milliseconds. */
  constructor(private readonly monotonic: () => number) {
    this.#since = monotonic();
  }

  /** Counts what was said, wherever. */
  count(bytes: number): void {
    const now = this.monotonic();
    if (now - this.#since > MINUTE_MS) {
      this.#since = now;
      this.#bytes = 0;
    }
    this.#bytes += bytes;
    if (this.#bytes > MOST_PER_MINUTE)
      throw new Error(`it said more than ${MOST_PER_MINUTE} bytes in a minute`);
  }

  /** The messages that are whole now. */
  *take(chunk: Buffer): Generator<AdapterMessage> {
    this.count(chunk.length);
    let from = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      const line = Buffer.concat([...this.#pending, chunk.subarray(from, end)]);
      this.#pending = [];
      this.#length = 0;
      from = end + 1;
      if (line.length > MOST_LINE) throw tooLong();
      if (line.length > 0) yield messageOf(line);
    }
    const rest = chunk.subarray(from);
    this.#length += rest.length;
    if (this.#length > MOST_LINE) throw tooLong();
    if (rest.length > 0) this.#pending.push(Buffer.from(rest));
  }
}

function tooLong(): Error {
  return new Error(`it said a line longer than ${MOST_LINE} bytes`);
}

function messageOf(line: Buffer): AdapterMessage {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(line));
  } catch {
    throw new Error("it said a line that is no JSON");
  }
  const { success, data } = message.safeParse(value);
  if (!success) throw new Error("it said a line that is no message of the protocol");
  return data;
}
