// Bytes on their way to a program that may not be reading: queued in order, never dropped while its terminal is open.
import { writeSync } from "node:fs";

const RETRY_MS = 1;
const SLOWEST_RETRY_MS = 16;

/** Writes to a non-blocking descriptor what it takes, and the rest when it takes more. */
export interface Writer {
  /** The bytes are copied. Throws what the system says of a write that can't succeed. */
  write(bytes: Uint8Array): void;
  /** Writes no more, and returns what was not taken. */
  stop(): Uint8Array;
}

/** The writer of this descriptor. There is nothing to be told by when a terminal takes more, so it is asked, after 1 to 16 ms. */
export function writerOf(fd: number): Writer {
  let queue: Uint8Array[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let delay = RETRY_MS;

  function flush(): void {
    timer = undefined;
    for (let head = queue[0]; head; head = queue[0]) {
      const taken = offer(fd, head);
      if (taken === head.length) queue.shift();
      else queue[0] = head.subarray(taken);
      delay = taken > 0 ? RETRY_MS : Math.min(delay * 2, SLOWEST_RETRY_MS);
      if (taken < head.length) {
        timer = setTimeout(retry, delay);
        return;
      }
    }
  }

  function retry(): void {
    try {
      flush();
    } catch {
      // The program went; its exit says so.
      queue = [];
    }
  }

  return {
    write(bytes) {
      if (bytes.length === 0) return;
      queue.push(bytes.slice());
      if (timer === undefined) flush();
    },
    stop() {
      clearTimeout(timer);
      const rest = Buffer.concat(queue);
      queue = [];
      return rest;
    },
  };
}

/** How many bytes it took just now. */
function offer(fd: number, bytes: Uint8Array): number {
  try {
    return writeSync(fd, bytes);
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "EAGAIN" || error.code === "EINTR")) {
      return 0;
    }
    throw error;
  }
}
