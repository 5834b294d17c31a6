// Owns the second driver: node-pty's native binding with a reader and a writer of our own.
import { closeSync, constants, openSync, writeSync } from "node:fs";
import { signalProcess } from "../os/signal.ts";
import type { Pty, PtyEvents, PtyHost, PtySpawn } from "../session/ports.ts";
import { type LoadedBinding, loadBinding } from "./binding.ts";
import { DirectoryError, within } from "./directory.ts";
import { ending, signalName } from "./ending.ts";
import { spawnFailure } from "./failure.ts";
import { requireLaunchable, requireSize } from "./launchable.ts";
import { closeOnExec, unblockSignals } from "./libc.ts";

/**
 * The driver on node-pty's binding; its JS layer loses output under Bun. Throws `runtime_unavailable` when the
 * binding is not built.
 */
export function nodePtyHost(): PtyHost {
  const loaded = loadBinding();
  unblockSignals();
  return { driver: "node-pty", spawn: (options, events) => spawn(loaded, options, events) };
}

function spawn({ binding, helper }: LoadedBinding, options: PtySpawn, events: PtyEvents): Pty {
  requireLaunchable(options);
  const [program = "", ...args] = options.argv;
  const env = Object.entries(options.env).map(([name, value]) => `${name}=${value}`);
  const { cwd, cols, rows } = options;
  let closed = false;
  const end = ending((exit) => {
    closed = true;
    writer.stop();
    // The reader's poll goes before the descriptor, so that it can't wake on a number that is somebody else's by then.
    void reader
      .cancel()
      .catch(ignore)
      .then(() => {
        closeSync(fd);
        events.exit(exit);
      });
  });
  let held: number | undefined;
  const exited = (exitCode: number, signal: number) => {
    if (held === undefined) return;
    closeSync(held);
    const name = signal === 0 ? null : signalName(signal);
    end.reaped({ exitCode: name === null ? exitCode : null, signal: name });
  };
  const { fd, pid, pty } = orOutOf(program, () => {
    closeOnExec();
    return within(cwd, (place) =>
      binding.fork(program, args, env, place, cols, rows, -1, -1, true, helper, exited),
    );
  });
  try {
    // Held open until the leader is reaped, as Bun's driver does: a child that lets go of its terminal for a moment
    // would otherwise look like the end of the output.
    held = orOutOf(program, () => openSync(pty, constants.O_RDWR | constants.O_NOCTTY));
  } catch (error) {
    // Our own child, and nobody has reaped it yet.
    signalProcess(pid, "SIGKILL", () => true);
    closeSync(fd);
    throw error;
  }
  const writer = new Writer(fd);
  const reader = Bun.file(fd).stream().getReader();
  void read(reader, (bytes) => {
    if (!closed) events.data(bytes);
  }).then(() => end.drained());
  return {
    pid,
    write(bytes) {
      if (closed) throw new Error("the terminal is closed");
      writer.write(bytes);
    },
    resize(cols, rows) {
      requireSize(cols, rows);
      if (closed) throw new Error("the terminal is closed");
      binding.resize(fd, cols, rows);
    },
  };
}

/** After the checks before it one cause of failure is left, and the binding says only that forkpty failed. */
function orOutOf<T>(program: string, start: () => T): T {
  try {
    return start();
  } catch (error) {
    throw error instanceof DirectoryError ? error : spawnFailure(program, error, true);
  }
}

/** Resolves at the end of the output, which a pseudo-terminal reports as EIO. */
async function read(
  reader: { read(): Promise<{ done: boolean; value?: Uint8Array | undefined }> },
  data: (bytes: Uint8Array) => void,
): Promise<void> {
  for (;;) {
    const next = await reader.read().catch(ignore);
    if (!next?.value) return;
    data(next.value);
  }
}

const RETRY_MS = 1;
const SLOWEST_RETRY_MS = 16;

/** Bytes on their way to a child that may not be reading; the descriptor is non-blocking and takes what fits. */
class Writer {
  #queue: Uint8Array[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #delay = RETRY_MS;

  constructor(private readonly fd: number) {}

  write(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    // Copied, for the caller may use its buffer again.
    this.#queue.push(bytes.slice());
    if (this.#timer === undefined) this.#flush();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#queue = [];
  }

  #flush(): void {
    this.#timer = undefined;
    for (let head = this.#queue[0]; head; head = this.#queue[0]) {
      const taken = this.#offer(head);
      if (taken === head.length) this.#queue.shift();
      else this.#queue[0] = head.subarray(taken);
      this.#delay = taken > 0 ? RETRY_MS : Math.min(this.#delay * 2, SLOWEST_RETRY_MS);
      if (taken === 0) {
        this.#timer = setTimeout(() => this.#flush(), this.#delay);
        return;
      }
    }
  }

  #offer(bytes: Uint8Array): number {
    try {
      return writeSync(this.fd, bytes);
    } catch (error) {
      if (error instanceof Error && "code" in error && (error.code === "EAGAIN" || error.code === "EINTR"))
        return 0;
      throw error;
    }
  }
}

function ignore(): undefined {
  return undefined;
}
