// What a terminal prints, pulled from its descriptor: as much as the receiver takes, and a fair share of each turn of the loop.

/** Handles one piece. While a promise it returned is pending nothing is pulled, and the kernel holds the program back. */
export type Receive = (bytes: Uint8Array<ArrayBuffer>) => Promise<void> | undefined;

/** Pulls until the end of the output or `stop`. */
export interface Reader {
  /** Nothing is pulled just now: the receiver has not taken what it got. */
  readonly paused: boolean;
  /** Reads no more. What was read ahead is handed to the receiver before, within this turn of the loop; the descriptor stays open. */
  release(): Promise<void>;
  /** Reads no more and drops what was read ahead; resolves when the descriptor may be closed. */
  stop(): Promise<void>;
}

/** How much one terminal may take of one turn of the loop: others are read and answered in between (decision 0002). */
const TURN_BYTES = 64 * 1024;
/** A pull that Bun can answer from what it has read ahead is answered within a few microtasks. */
const MICROTASKS = 32;

interface Pull {
  /** Without a value at the end of the output. */
  answer?: { readonly value?: Uint8Array<ArrayBuffer> | undefined };
  done: Promise<void>;
}

/** Reads the non-blocking master of a terminal; `drained` is called once, at the end of its output (EIO, as Linux calls it). */
export function readerOf(fd: number, receive: Receive, drained: () => void): Reader {
  const stream = Bun.file(fd).stream().getReader();
  let pull: Pull | undefined;
  let paused = false;
  let stopped = false;

  function begin(): Pull {
    const begun: Pull = { done: Promise.resolve() };
    begun.done = stream.read().then(
      (next) => {
        begun.answer = next;
      },
      () => {
        begun.answer = {};
      },
    );
    return begun;
  }

  async function run(): Promise<void> {
    let taken = 0;
    for (;;) {
      pull ??= begin();
      await pull.done;
      if (stopped) return;
      const bytes = pull.answer?.value;
      pull = undefined;
      if (!bytes) return drained();
      const later = receive(bytes);
      if (later) {
        paused = true;
        await later;
        paused = false;
        if (stopped) return;
      }
      taken += bytes.length;
      if (taken < TURN_BYTES) continue;
      taken = 0;
      await new Promise<void>((go) => void setImmediate(go));
      if (stopped) return;
    }
  }

  void run();
  return {
    get paused() {
      return paused;
    },
    async release() {
      stopped = true;
      for (;;) {
        pull ??= begin();
        for (let i = 0; i < MICROTASKS && !pull.answer; i++) await Promise.resolve();
        const bytes = pull.answer?.value;
        // Unanswered: Bun holds nothing, and reads nothing before the loop goes round.
        if (!bytes) break;
        pull = undefined;
        void receive(bytes);
      }
      void stream.cancel().catch(() => {});
    },
    async stop() {
      stopped = true;
      await stream.cancel().catch(() => {});
    },
  };
}
