// The terminal as a device: keys in raw mode, output that never blocks us, and its size.
import { closeSync, constants, openSync, writeSync } from "node:fs";
import { type Termios, termios } from "../ui/termios.ts";
import { ownSize } from "./size.ts";

export interface TtyEvents {
  keys(bytes: Uint8Array): void;
  /** Nobody is behind the terminal any more. */
  gone(): void;
  /** It has not taken what was written for a while, and more than `MOST_WAITING_BYTES` wait. */
  stalled(): void;
  /** It has taken everything again, after `stalled`. */
  drained(): void;
}

/** Standard input and output, which must both be terminals. */
export interface Tty {
  /** In cells; undefined where the terminal doesn't say. */
  size(): { cols: number; rows: number } | undefined;
  /** Raw mode, and keys soon: what is typed until they are read waits in the terminal. */
  take(): void;
  /** Keys from now on. To make the stream that reads them takes longer than the first screen to come, so that goes first. */
  listen(): void;
  /** In order; waits for a slow terminal, queues for one that stands still. */
  write(data: string | Uint8Array): void;
  /**
   * Writes this last, dropping what a terminal that stands still has not taken, and gives the driver's settings back.
   * False when it still takes nothing: whoever writes to it next will wait.
   */
  giveBack(last: string): boolean;
  /** Reads no more keys. */
  close(): void;
}

const MOST_WAITING_BYTES = 4 * 1024 * 1024;
/** A terminal that has taken nothing for so long, in milliseconds, stands still: signals and keys come first then. */
const STILL_MS = 50;
const LOOK_AGAIN_MS = 10;
const LAST_WORDS_MS = 300;
/** Without a screen by then keys are read all the same, the one that leaves among them; in milliseconds. */
const LISTEN_MS = 30;

/** Takes nothing yet; the settings of the terminal as it is now are what it gets back. */
export function openTty(events: TtyEvents): Tty {
  const driver: Termios = termios();
  const out = ownOutput();
  let queue: Uint8Array[] = [];
  let waiting = 0;
  let still = false;
  let stalled = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let closed = false;
  let listening = false;
  let untilListening: ReturnType<typeof setTimeout> | undefined;

  const keys = (bytes: Uint8Array): void => events.keys(bytes);
  const gone = (): void => events.gone();

  /** Writes while the terminal takes anything, waiting up to `patience` ms each time it doesn't. False when it stands still. */
  function pour(patience: number): boolean {
    let since = performance.now();
    for (let head = queue[0]; head; ) {
      let taken = 0;
      try {
        taken = writeSync(out, head);
      } catch (error) {
        const code = error instanceof Error && "code" in error ? error.code : "";
        if (code === "EINTR") continue;
        if (code !== "EAGAIN") {
          queue = [];
          waiting = 0;
          queueMicrotask(gone);
          return true;
        }
      }
      waiting -= taken;
      if (taken === head.length) queue.shift();
      else queue[0] = head.subarray(taken);
      head = queue[0];
      const now = performance.now();
      if (taken > 0) since = now;
      else if (now - since >= patience) return false;
      // A whole millisecond each time would hold a flood to what the kernel keeps for a terminal: 25 MB/s.
      else driver.awaitRoom(out, 1);
    }
    return true;
  }

  function flush(): void {
    timer = undefined;
    still = !pour(still ? 0 : STILL_MS);
    if (still) timer ??= setTimeout(flush, LOOK_AGAIN_MS);
    else if (stalled) {
      stalled = false;
      events.drained();
    }
    if (waiting > MOST_WAITING_BYTES && !stalled) {
      stalled = true;
      events.stalled();
    }
  }

  function listen(): void {
    clearTimeout(untilListening);
    if (listening || closed) return;
    listening = true;
    driver.tellRuntime();
    process.stdin.on("data", keys);
    process.stdin.on("end", gone);
    process.stdin.on("error", gone);
    // A view that was left before this one has paused it.
    process.stdin.resume();
  }

  return {
    size: ownSize,
    take() {
      driver.raw();
      if (listening) driver.tellRuntime();
      else untilListening = setTimeout(listen, LISTEN_MS);
    },
    listen,
    write(data) {
      const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
      if (bytes.length === 0) return;
      queue.push(bytes);
      waiting += bytes.length;
      if (timer === undefined || waiting > MOST_WAITING_BYTES) flush();
    },
    giveBack(last) {
      clearTimeout(timer);
      clearTimeout(untilListening);
      timer = undefined;
      const moves = pour(LAST_WORDS_MS);
      if (!moves) queue = [];
      queue.push(new TextEncoder().encode(last));
      // A few bytes may fit into what the kernel keeps for a terminal that nobody reads.
      const taken = pour(LAST_WORDS_MS) && moves;
      queue = [];
      waiting = 0;
      still = stalled = false;
      driver.restore(!taken);
      return taken;
    },
    close() {
      if (closed) return;
      closed = true;
      if (listening) {
        process.stdin.off("data", keys);
        process.stdin.off("end", gone);
        process.stdin.off("error", gone);
        process.stdin.pause();
      }
      if (out !== 1) closeSync(out);
    },
  };
}

/**
 * Standard output's terminal opened anew, where the system allows it: non-blocking then concerns nobody else who
 * holds it. A write to a terminal that stands still would otherwise keep even a signal waiting.
 */
function ownOutput(): number {
  if (process.platform !== "linux") return 1;
  try {
    return openSync("/proc/self/fd/1", constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return 1;
  }
}
