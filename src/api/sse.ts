// Server-Sent Events as the client reads them: a stream of bytes back into events.
// Source: WHATWG HTML, "Server-sent events". No zod: the client imports this.
import type { Event } from "../session/event.ts";

/**
 * The events in a stream of our own frames; comments are skipped, a frame cut off by the end is dropped. A `gap` is no event: what comes after it
 * is all that is left.
 */
export async function* readEvents(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Event> {
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
      if (lines.includes("event: gap")) continue;
      const data = lines.find((line) => line.startsWith("data: "));
      // Our own daemon wrote it; test/contract freezes the shape.
      if (data) yield JSON.parse(data.slice("data: ".length)) as Event;
    }
  }
}
