// Server-Sent Events as the client reads them: a stream of bytes back into events.
// Source: WHATWG HTML, "Server-sent events". No zod: the client imports this.
import type { Event } from "../session/event.ts";

/**
 * The events in a stream of our own frames; comments are skipped, a frame cut off by the end is dropped. A `gap` is no event: what comes after it
 * is all that is left.
 */
export async function* readEvents<T = Event>(stream: AsyncIterable<Uint8Array>): AsyncGenerator<T> {
  // Our own daemon wrote it; test/contract freezes the shape.
  for await (const { event, data } of readFrames(stream))
    if (event !== "gap" && data) yield JSON.parse(data) as T;
}

/** One frame; what it does not have is empty. */
interface Frame {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/** The frames as they are, also those that have only an id; one cut off by the end is dropped. */
export async function* readFrames(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Frame> {
  const decoder = new TextDecoder();
  let pending = "";
  for await (const chunk of stream) {
    pending += decoder.decode(chunk, { stream: true });
    const end = pending.lastIndexOf("\n\n");
    if (end === -1) continue;
    const frames = pending.slice(0, end).split("\n\n");
    pending = pending.slice(end + 2);
    for (const frame of frames) {
      const lines = frame.split("\n");
      const of = (name: string) =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? "";
      yield { id: of("id"), event: of("event"), data: of("data") };
    }
  }
}
