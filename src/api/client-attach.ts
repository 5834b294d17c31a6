// The client's end of the attach WebSocket: frames and bytes in, keys and sizes out.
import type { Picture } from "../vt/picture.ts";
import type { AttachFrame, AttachMessage } from "./schema.ts";

/** A terminal's size in cells, each side 1..1000. */
export interface TerminalSize {
  readonly cols: number;
  readonly rows: number;
}

export interface AttachOptions {
  /** Neither types nor has a say in the size. */
  readonly observe?: boolean;
  /** This terminal's size; the session takes it, unless observed. */
  readonly size?: TerminalSize;
  /** Each frame and each message of bytes, in order; `snapshot` marks the one that is the whole screen. With `picture` that comes as data instead. */
  picture?(picture: Picture): void;
  frame(frame: Exclude<AttachFrame, { readonly type: "screen" }>): void;
  bytes(bytes: Uint8Array, snapshot: boolean): void;
  /** Once, last, unless `close` was called before: the daemon hung up, went away, or refused. */
  closed(): void;
}

/** One attached terminal. What is sent before the connection stands waits for it. */
export interface Attached {
  type(keys: Uint8Array): void;
  /** The same size again makes the program draw anew. */
  resize(size: TerminalSize): void;
  /** Hangs up; nothing is called any more. What was typed before still arrives. */
  close(): void;
}

/** A paste goes in pieces, each well below what the daemon takes in one message. */
const MOST_MESSAGE_BYTES = 256 * 1024;

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

/** Opens `ws+unix://<socket>:<path>`. Never throws: `closed` is called when it fails. */
export function openAttach(socketPath: string, path: string, options: AttachOptions): Attached {
  const way = plainWay(socketPath);
  const socket = new WebSocket(`ws+unix://${way.path}:/api/v1${path}`);
  socket.binaryType = "arraybuffer";
  const waiting: (string | Uint8Array<ArrayBuffer>)[] = [];
  let snapshotNext = false;
  let over = false;

  const send = (message: string | Uint8Array<ArrayBuffer>): void => {
    if (over) return;
    if (socket.readyState === WebSocket.CONNECTING) waiting.push(message);
    else if (socket.readyState === WebSocket.OPEN) socket.send(message);
  };
  const end = (): void => {
    way.close();
    if (over) return;
    over = true;
    options.closed();
  };
  socket.addEventListener("open", () => {
    way.close();
    for (const message of waiting.splice(0)) socket.send(message);
    if (over) socket.close();
  });
  socket.addEventListener("message", ({ data }: MessageEvent<string | ArrayBuffer>) => {
    if (over) return;
    if (typeof data !== "string") {
      const snapshot = snapshotNext;
      snapshotNext = false;
      options.bytes(new Uint8Array(data), snapshot);
      return;
    }
    // The daemon's own words; test/contract holds their shape.
    const frame = JSON.parse(data) as AttachFrame;
    snapshotNext = frame.type === "attached" || frame.type === "gap";
    if (frame.type === "screen") options.picture?.(frame.picture);
    else options.frame(frame);
  });
  socket.addEventListener("close", end);
  socket.addEventListener("error", end);

  return {
    type(keys) {
      for (let at = 0; at < keys.length; at += MOST_MESSAGE_BYTES) {
        // A copy: the buffer may be the reader's, and this may wait.
        send(new Uint8Array(keys.subarray(at, at + MOST_MESSAGE_BYTES)));
      }
    },
    resize: (size) => send(JSON.stringify({ type: "resize", ...size } satisfies AttachMessage)),
    close() {
      over = true;
      // Whoever hangs up at once may be gone before the connection stands; the way was taken when it was asked for.
      way.close();
      if (socket.readyState === WebSocket.OPEN) socket.close();
    },
  };
}
