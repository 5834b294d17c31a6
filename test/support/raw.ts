// HTTP by hand over the Unix socket, for tests of what fetch hides: bytes out, answers as they came.
import { connect, type Socket } from "node:net";

/** One answer as it came: header names in lower case, the body whole by its Content-Length or by EOF. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What came back on one connection. */
export interface Exchange {
  readonly answers: readonly RawAnswer[];
  /** The daemon closed the connection. */
  readonly eof: boolean;
  /** Everything that came, in latin1. */
  readonly text: string;
}

export interface ExchangeOptions {
  /** Shut down our side once everything is sent, as published clients do; then wait for EOF. */
  readonly halfClose?: boolean;
  /** Wait for EOF although our side stays open. */
  readonly untilEof?: boolean;
  /** How many answers to wait for; default 1. */
  readonly answers?: number;
  /** Between two parts. */
  readonly pauseMs?: number;
}

/** Sends the parts in order and collects what comes back; throws with all of it after five seconds. */
export async function exchange(
  socketPath: string,
  parts: string | readonly (string | Uint8Array)[],
  options: ExchangeOptions = {},
): Promise<Exchange> {
  const peer = await connected(socketPath);
  const received: Buffer[] = [];
  const done = Promise.withResolvers<boolean>();
  const all = () => Buffer.concat(received).toString("latin1");
  const toEof = options.halfClose || options.untilEof;
  peer.on("data", (chunk: Buffer) => {
    received.push(chunk);
    if (!toEof && answersIn(all()).length >= (options.answers ?? 1)) done.resolve(false);
  });
  peer.on("end", () => done.resolve(true));
  peer.on("error", (error) => done.reject(new Error(`${error.message}, after ${JSON.stringify(all())}`)));
  const late = setTimeout(
    () => done.reject(new Error(`only this within 5 s: ${JSON.stringify(all())}`)),
    5_000,
  );
  try {
    for (const [index, part] of (typeof parts === "string" ? [parts] : parts).entries()) {
      if (index > 0 && options.pauseMs !== undefined) await Bun.sleep(options.pauseMs);
      peer.write(typeof part === "string" ? Buffer.from(part, "latin1") : part);
    }
    if (options.halfClose) peer.end();
    const eof = await done.promise;
    return { answers: answersIn(all()), eof, text: all() };
  } finally {
    clearTimeout(late);
    peer.destroy();
  }
}

/** The only answer of an exchange that ended with EOF after a half-close: how published clients talk. */
export async function ask(
  socketPath: string,
  line: string,
  body?: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<RawAnswer> {
  const { answers, eof } = await exchange(socketPath, request(line, body, headers), { halfClose: true });
  const [answer, ...more] = answers;
  if (!answer || more.length > 0 || !eof) throw new Error(`not one answer: ${JSON.stringify(answers)}`);
  return answer;
}

/** `GET /x` (HTTP/1.1 with a Host, unless the line names a version) as text on the wire; the body in latin1. */
export function request(line: string, body?: string, headers: Readonly<Record<string, string>> = {}): string {
  const named = / HTTP\/1\.[01]$/.test(line);
  const all = {
    ...(named ? {} : { Host: "coven" }),
    ...(body === undefined ? {} : { "Content-Length": String(Buffer.byteLength(body, "latin1")) }),
    ...headers,
  };
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${line}${named ? "" : " HTTP/1.1"}\r\n${head.join("")}\r\n${body ?? ""}`;
}

/** A connection that keeps reading after our side is shut down. */
export async function connected(socketPath: string): Promise<Socket> {
  const peer = connect({ path: socketPath, allowHalfOpen: true });
  await new Promise<void>((resolve, reject) => peer.once("connect", resolve).once("error", reject));
  return peer;
}

/** The whole answers in what was received; one without a Content-Length takes all there is. */
function answersIn(text: string): RawAnswer[] {
  const answers: RawAnswer[] = [];
  for (let rest = text; rest !== ""; ) {
    const end = rest.indexOf("\r\n\r\n");
    if (end === -1) break;
    const [statusLine = "", ...lines] = rest.slice(0, end).split("\r\n");
    const status = Number(statusLine.split(" ")[1]);
    const headers = Object.fromEntries(
      lines.map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    const start = end + 4;
    if (status < 200) {
      rest = rest.slice(start);
      continue;
    }
    const length = headers["content-length"] === undefined ? rest.length : Number(headers["content-length"]);
    if (rest.length < start + length && headers["content-length"] !== undefined) break;
    answers.push({
      status,
      headers,
      body: Buffer.from(rest.slice(start, start + length), "latin1").toString(),
    });
    rest = rest.slice(start + length);
  }
  return answers;
}
