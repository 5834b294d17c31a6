// How the client gets to the socket: requests and WebSockets, by what the runtime has. Here Bun's; Node's is in client-node.ts.

/** One request; `path` begins with `/api/v1`. */
export interface TransportRequest {
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** A connection of its own. */
  readonly fresh: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** What a WebSocket tells; nothing after `closed`. */
export interface SocketEvents {
  open(): void;
  message(data: string | ArrayBuffer): void;
  /** Once: the code it was closed with, 1006 where there was none (RFC 6455, 7.1.5). */
  closed(code: number): void;
}

/** A WebSocket that is being opened, or is open. */
export interface ClientSocket {
  isOpen(): boolean;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  /** Hangs up. What was sent before still goes out; before it stands, `open` may still be told. */
  close(): void;
}

/** The way to one socket. */
export interface Transport {
  /** Rejects with the signal's reason, or with the system's error (`code`). */
  fetch(request: TransportRequest): Promise<Response>;
  /** Never throws. */
  webSocket(path: string, events: SocketEvents): ClientSocket;
}

/** Bun's own `fetch` and `WebSocket`. */
export function bunTransport(socketPath: string): Transport {
  return {
    fetch: ({ path, fresh, signal, body, ...rest }) =>
      fetch(`http://coven${path}`, {
        unix: socketPath,
        ...(fresh ? { keepalive: false } : {}),
        ...rest,
        ...(body === undefined ? {} : { body }),
        ...(signal === undefined ? {} : { signal }),
      }),
    webSocket(path, events) {
      const way = plainWay(socketPath);
      const socket = new WebSocket(`ws+unix://${way.path}:${path}`);
      socket.binaryType = "arraybuffer";
      let over = false;
      const closed = (code: number): void => {
        way.close();
        if (over) return;
        over = true;
        events.closed(code);
      };
      socket.addEventListener("open", () => {
        way.close();
        events.open();
      });
      socket.addEventListener("message", ({ data }: MessageEvent<string | ArrayBuffer>) => {
        if (!over) events.message(data);
      });
      socket.addEventListener("close", ({ code }) => closed(code));
      socket.addEventListener("error", () => closed(1006));
      return {
        isOpen: () => socket.readyState === WebSocket.OPEN,
        send: (data) => socket.send(data),
        close() {
          // Whoever hangs up at once may be gone before the connection stands; the way was taken when it was asked for.
          way.close();
          if (socket.readyState === WebSocket.OPEN) socket.close();
        },
      };
    },
  };
}

/** What Bun takes in the path of a `ws+unix` URL and leaves as it is; it knows no escaping. */
const PLAIN_PATH = /^[\w./~@%+=,-]+$/;

/**
 * A path to the socket that such a URL can hold, and its end. Where the socket's own is none, Linux names its directory by a
 * descriptor; elsewhere it is a link in a directory of our own. The environment's TMPDIR may have spaces too, or not exist.
 */
function plainWay(socketPath: string): { readonly path: string; close(): void } {
  if (PLAIN_PATH.test(socketPath)) return { path: socketPath, close: () => {} };
  // Loaded for such a path alone: a command that attaches would wait for them.
  const { closeSync, existsSync, mkdtempSync, openSync, rmSync, symlinkSync } =
    process.getBuiltinModule("node:fs");
  const { basename, dirname } = process.getBuiltinModule("node:path");
  if (process.platform === "linux") {
    // -1 leads nowhere: that there is no such directory shows as any connection that fails.
    let fd = existsSync(dirname(socketPath)) ? openSync(dirname(socketPath), "r") : -1;
    return {
      path: `/proc/self/fd/${fd}/${basename(socketPath)}`,
      close() {
        if (fd >= 0) closeSync(fd);
        fd = -1;
      },
    };
  }
  const directory = mkdtempSync("/tmp/coven-");
  const path = `${directory}/s`;
  symlinkSync(socketPath, path);
  return { path, close: () => rmSync(directory, { recursive: true, force: true }) };
}
