// The cheapest client there is: HTTP written by hand on the socket, so that what is timed is the daemon.
import { createConnection, type Socket } from "node:net";

/** One kept-alive connection. One request at a time. */
export class Wire {
  readonly #socket: Socket;
  #take: (chunk: Buffer) => void = () => {};
  #fail: (error: Error) => void = () => {};

  private constructor(path: string) {
    this.#socket = createConnection(path);
    this.#socket.on("data", (chunk: Buffer) => this.#take(chunk));
    this.#socket.on("error", (error) => this.#fail(error));
    this.#socket.on("close", () => this.#fail(new Error("the daemon hung up")));
  }

  static open(path: string): Promise<Wire> {
    const wire = new Wire(path);
    return new Promise((resolve, reject) => {
      wire.#fail = reject;
      wire.#socket.on("connect", () => resolve(wire));
    });
  }

  /** The body of the answer. */
  ask(method: string, path: string, body = ""): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#fail = reject;
      const had: Buffer[] = [];
      let [have, head, need] = [0, 0, -1];
      this.#take = (chunk) => {
        had.push(chunk);
        have += chunk.length;
        if (need < 0) {
          const start = had.length === 1 ? chunk : Buffer.concat(had);
          head = start.indexOf("\r\n\r\n") + 4;
          if (head < 4) return;
          need = head + Number(/content-length: (\d+)/i.exec(start.toString("latin1", 0, head))?.[1] ?? 0);
        }
        if (have >= need) resolve(Buffer.concat(had).subarray(head));
      };
      this.#socket.write(request(method, path, body));
    });
  }

  /** Sends a request whose answer goes on; `take` gets everything of it, the head too. */
  follow(path: string, take: (chunk: Buffer) => void): void {
    this.#take = take;
    this.#fail = () => {};
    this.#socket.write(request("GET", path, "", "accept: text/event-stream\r\n"));
  }

  close(): void {
    this.#fail = () => {};
    this.#socket.destroy();
  }
}

function request(method: string, path: string, body: string, more = ""): string {
  const length =
    body === "" ? "" : `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`;
  return `${method} /api/v1${path} HTTP/1.1\r\nhost: coven\r\n${more}${length}\r\n${body}`;
}

/** `count` requests for `path` over so many connections; each tells how many ms it took. */
export async function hammer(
  socket: string,
  path: string,
  connections: number,
  count: number,
): Promise<number[]> {
  const text = `GET /api/v1${path} HTTP/1.1\r\nhost: coven\r\n\r\n`;
  const times: number[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<number[]>();
  let asked = 0;
  for (let i = 0; i < connections; i++) {
    const peer = createConnection(socket);
    let [began, length, have] = [0, 0, 0];
    const ask = () => {
      if (asked++ >= count) return void peer.end();
      began = performance.now();
      peer.write(text);
    };
    peer.on("connect", ask);
    peer.on("error", reject);
    peer.on("data", (chunk) => {
      // Every answer is as long as the first: the same route, the same body.
      if (length === 0) {
        const head = chunk.toString("latin1");
        if (!head.startsWith("HTTP/1.1 200")) return reject(new Error(head.slice(0, 200)));
        length = head.indexOf("\r\n\r\n") + 4 + Number(/content-length: (\d+)/i.exec(head)?.[1]);
      }
      have += chunk.length;
      if (have < length) return;
      have = 0;
      times.push(performance.now() - began);
      if (times.length === count) resolve(times);
      ask();
    });
  }
  return promise;
}
