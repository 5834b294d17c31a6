// HTTP as published clients speak it: a connection each, half-closed behind the request, read to its end. What fetch would hide is what is checked.
import { connect } from "node:net";

/** One answer as it came. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const PATIENCE_MS = 10_000;

/** What a request line, a body and headers are on the wire. */
export function requestText(
  line: string,
  body?: string,
  headers: Readonly<Record<string, string>> = {},
): string {
  const named = / HTTP\/1\.[01]$/.test(line);
  const all = {
    ...(named ? {} : { Host: "coven" }),
    ...(body === undefined ? {} : { "Content-Length": String(Buffer.byteLength(body)) }),
    ...headers,
  };
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${line}${named ? "" : " HTTP/1.1"}\r\n${head.join("")}\r\n${body ?? ""}`;
}

/**
 * Sends a text and gives what came until the other side ended, or until `enough` says so. Rejects with the system's error where nobody listens, and after ten
 * seconds.
 */
export function exchanged(
  socketPath: string,
  text: string,
  enough: (heard: string) => boolean = () => false,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const peer = connect({ path: socketPath, allowHalfOpen: true });
    const parts: Buffer[] = [];
    const heard = () => Buffer.concat(parts).toString();
    const end = (done: () => void): void => {
      clearTimeout(late);
      peer.destroy();
      done();
    };
    const late = setTimeout(
      () => end(() => reject(new Error(`no end of the answer within ${PATIENCE_MS / 1000} s`))),
      PATIENCE_MS,
    );
    peer.on("error", (error) => end(() => reject(error)));
    peer.on("data", (part: Buffer) => {
      parts.push(part);
      if (enough(heard())) end(() => resolve(heard()));
    });
    peer.on("end", () => end(() => resolve(heard())));
    peer.end(text);
  });
}

/** The answer in what was heard; undefined where it is none. */
export function answerIn(heard: string): WireAnswer | undefined {
  const end = heard.indexOf("\r\n\r\n");
  const [statusLine = "", ...lines] = heard.slice(0, Math.max(end, 0)).split("\r\n");
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1];
  if (status === undefined) return undefined;
  const headers = lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { status: Number(status), headers: Object.fromEntries(headers), body: heard.slice(end + 4) };
}
