// A client of the attach WebSocket for tests: what it was told, and the terminal it would have drawn.
import type { TestDaemon } from "./test-daemon.ts";
import { until } from "./until.ts";

/** One attached client, keeping everything it is sent. */
export interface Attached {
  /** Text frames, parsed, in order. */
  readonly frames: Record<string, unknown>[];
  /** Binary frames, in order: the snapshot first. */
  readonly chunks: Uint8Array[];
  /** All binary frames after the first, as text. */
  output(): string;
  /** The first binary frame. */
  snapshot(): string;
  type(text: string | Uint8Array): void;
  say(frame: unknown): void;
  /** The first frame of this type, once it is there. */
  frame(type: string): Promise<Record<string, unknown>>;
  readonly closed: boolean;
  leave(): void;
}

/** Attaches, and waits for the snapshot. `query` begins with `?`. */
export async function attached(
  daemon: Pick<TestDaemon, "socket">,
  id: string,
  query = "",
): Promise<Attached> {
  const socket = new WebSocket(`ws+unix://${daemon.socket}:/api/v1/sessions/${id}/attach${query}`);
  socket.binaryType = "arraybuffer";
  const frames: Record<string, unknown>[] = [];
  const chunks: Uint8Array[] = [];
  let closed = false;
  socket.onmessage = ({ data }) => {
    if (typeof data === "string") frames.push(JSON.parse(data));
    else chunks.push(new Uint8Array(data));
  };
  socket.onclose = () => {
    closed = true;
  };
  const text = (from: number) => Buffer.concat(chunks.slice(from)).toString();
  const client: Attached = {
    frames,
    chunks,
    output: () => text(1),
    snapshot: () => Buffer.from(chunks[0] ?? []).toString(),
    type: (keys) => socket.send(Buffer.from(keys)),
    say: (frame) => socket.send(typeof frame === "string" ? frame : JSON.stringify(frame)),
    frame: (type) => until(`a ${type} frame`, () => frames.find((frame) => frame["type"] === type)),
    get closed() {
      return closed;
    },
    leave: () => socket.close(),
  };
  const shown = () => chunks.length > 0 || frames.some((frame) => frame["type"] === "screen");
  await until("the snapshot, or a refusal", () => shown() || closed);
  return client;
}
