// The driver where no descriptor of a terminal can be ours (macOS, Windows, an old C library): a pseudo-terminal by Bun.spawn.

import { CovenError } from "../errors.ts";
import { signalName } from "../os/signal.ts";
import { unblockSignals } from "../os/signal-mask.ts";
import type { Pty, PtyEvents, PtyHost, PtySpawn } from "../session/ports/pty.ts";
import { DirectoryError, inDirectory, inDirectoryByPath } from "./directory.ts";
import { ending } from "./ending.ts";
import { spawnFailure } from "./failure.ts";
import { requireLaunchable, requireSize } from "./launchable.ts";

/**
 * The driver on `Bun.spawn(argv, { terminal })`. Measured with Bun 1.4.5 on Linux: the child leads its own session
 * with the terminal as controlling tty, its signals are at their defaults also where the parent ignores them (what is
 * blocked stays blocked, hence unblockSignals), it has no descriptor but 0-2 and exactly the environment given; each
 * data buffer is fresh and never written again; five descriptors in this process while it runs, none after its exit.
 * Bun reads a terminal until it is empty: a program that prints without end holds the loop, and can't be paused.
 */
export function bunPtyHost(): PtyHost {
  unblockSignals();
  return {
    driver: "bun",
    pauses: false,
    spawn,
    adopt: () => {
      throw new CovenError("runtime_unavailable", "Terminals can't be taken over on this system.");
    },
  };
}

function spawn(options: PtySpawn, events: PtyEvents): Pty {
  requireLaunchable(options);
  let closed = false;
  const end = ending((exit) => {
    closed = true;
    // Whoever still sits at the terminal reads its end and can't write from here on.
    terminal.close();
    events.exit(exit);
  });
  const child = start(options, {
    data(_terminal, bytes) {
      if (!closed) void events.data(bytes);
    },
    // The end of the terminal's output, not of the process.
    exit: () => end.drained(),
    reaped(exitCode, signal) {
      const name = typeof signal === "number" ? signalName(signal) : signal;
      end.reaped({ exitCode: name === null ? exitCode : null, signal: name });
    },
  });
  const { terminal } = child;
  return {
    pid: child.pid,
    write(bytes) {
      if (closed) throw new Error("the terminal is closed");
      // Bun copies what the kernel does not take at once and delivers it in order. Its types want a buffer that
      // is not shared between threads; ours never is.
      terminal.write(bytes as Uint8Array<ArrayBuffer>);
    },
    resize(cols, rows) {
      requireSize(cols, rows);
      if (closed) throw new Error("the terminal is closed");
      terminal.resize(cols, rows);
    },
  };
}

type Callbacks = Required<Pick<Bun.TerminalOptions, "data" | "exit">> & {
  reaped(exitCode: number | null, signal: string | number | null): void;
};

function start({ argv, cwd, env, cols, rows }: PtySpawn, { data, exit, reaped }: Callbacks) {
  const within = (place: string) =>
    Bun.spawn([...argv], {
      cwd: place,
      env: { ...env },
      // Only this inline form gives the child a controlling tty and us an end of output.
      terminal: { cols, rows, data, exit },
      onExit: (_child, exitCode, signal) => reaped(exitCode, signal),
    });
  try {
    // In the child `self` is the child, which has the descriptor until it becomes the program.
    const child =
      process.platform === "linux"
        ? inDirectory(cwd, (fd) => within(`/proc/self/fd/${fd}`))
        : inDirectoryByPath(
            cwd,
            () => within(cwd),
            (started) => started.kill("SIGKILL"),
          );
    if (child.terminal) return { pid: child.pid, terminal: child.terminal };
    throw new Error("it got no terminal");
  } catch (error) {
    throw error instanceof DirectoryError ? error : spawnFailure(argv[0] ?? "", error);
  }
}
