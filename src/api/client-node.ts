// The client's way to the socket where the runtime is Node: node:http for requests, and a WebSocket by RFC 6455 on a connection that was upgraded.
import { createHash, randomBytes } from "node:crypto";
import { request as ask, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import type { ClientSocket, SocketEvents, Transport, TransportRequest } from "./client-transport.ts";
import { FrameReader, type Message, maskedFrame, OPCODE } from "./web-socket.ts";

/** How long the other side may take to answer that it hangs up too, in milliseconds. */
const CLOSING_MS = 1_000;
/** RFC 6455, 1.3. */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** What `fetch` and `WebSocket` of Node can't do: speak over a Unix socket. */
export function nodeTransport(socketPath: string): Transport {
  return {
    fetch: (request) => fetchOver(socketPath, request),
    webSocket: (path, events) => webSocketOver(socketPath, path, events),
  };
}

function fetchOver(
  socketPath: string,
  { path, method, headers, body, signal }: TransportRequest,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const failed = (error: unknown) => reject(signal?.aborted ? signal.reason : error);
    if (signal?.aborted) return failed(undefined);
    const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
    const request = ask({
      socketPath,
      path,
      method,
      headers: { host: "coven", ...headers, ...length },
      // A connection each: one that was kept may have been closed by the other side just now.
      agent: false,
      ...(signal ? { signal } : {}),
    });
    request.on("error", failed);
    request.on("response", (message) => resolve(responseOf(message)));
    request.end(body);
  });
}

function responseOf(message: IncomingMessage): Response {
  const headers = Object.entries(message.headers).map(([name, value]) => [name, String(value)] as const);
  // Of Node's own two types for the same stream.
  const body = Readable.toWeb(message) as unknown as ReadableStream<Uint8Array>;
  return new Response(body, { status: message.statusCode ?? 0, headers: Object.fromEntries(headers) });
}

function webSocketOver(socketPath: string, path: string, events: SocketEvents): ClientSocket {
  const key = randomBytes(16).toString("base64");
  const accept = createHash("sha1").update(`${key}${GUID}`).digest("base64");
  let connection: Socket | undefined;
  let over = false;
  let code = 1006;
  let closing: ReturnType<typeof setTimeout> | undefined;

  const closed = (): void => {
    clearTimeout(closing);
    if (over) return;
    over = true;
    events.closed(code);
  };
  const request = ask({
    socketPath,
    path,
    agent: false,
    headers: {
      ...{ host: "coven", connection: "Upgrade", upgrade: "websocket" },
      ...{ "sec-websocket-version": "13", "sec-websocket-key": key },
    },
  });

  /** Says that it is over, once, and ends the connection when the other side has said so too, or doesn't. */
  function leave(because: number): void {
    if (!connection || closing) return;
    connection.write(maskedFrame(OPCODE.close, Buffer.from([because >> 8, because & 0xff])));
    closing = setTimeout(() => connection?.destroy(), CLOSING_MS);
  }

  function heard({ opcode, data }: Message): void {
    if (opcode === OPCODE.text) events.message(new TextDecoder().decode(data));
    else if (opcode === OPCODE.binary) {
      // A buffer of its own, as WebSocket gives.
      events.message(new Uint8Array(data).buffer);
    } else if (opcode === OPCODE.ping) connection?.write(maskedFrame(OPCODE.pong, data));
    else if (opcode === OPCODE.close) {
      code = data.length >= 2 ? ((data[0] ?? 0) << 8) | (data[1] ?? 0) : 1005;
      leave(code === 1005 ? 1000 : code);
      connection?.end();
    }
  }

  request.on("error", closed);
  request.on("response", (message) => {
    // Refused; why, a request of another kind would say.
    message.resume();
    closed();
  });
  request.on("upgrade", (message, socket: Socket, head: Buffer) => {
    if (over) return void socket.destroy();
    if (message.headers["sec-websocket-accept"] !== accept) {
      socket.destroy();
      return closed();
    }
    connection = socket;
    socket.setNoDelay(true);
    const reader = new FrameReader();
    const take = (chunk: Uint8Array): void => {
      try {
        for (const one of reader.read(chunk)) if (!over) heard(one);
      } catch {
        code = 1002;
        leave(code);
        socket.destroy();
      }
    };
    socket.on("data", take);
    socket.on("error", () => {});
    socket.on("close", closed);
    events.open();
    if (head.length > 0) take(head);
  });
  request.end();

  return {
    isOpen: () => connection !== undefined && !over && closing === undefined,
    send(data) {
      const text = typeof data === "string";
      connection?.write(maskedFrame(text ? OPCODE.text : OPCODE.binary, text ? Buffer.from(data) : data));
    },
    close: () => leave(1000),
  };
}
