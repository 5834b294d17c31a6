// The driver that starts programs by node-pty's native binding; its terminals are read and written as those of posix.ts.
import { CovenError } from "../errors.ts";
import { closeOnExec } from "../os/descriptors.ts";
import { signalName, signalProcess } from "../os/signal.ts";
import { unblockSignals } from "../os/signal-mask.ts";
import type { Pty, PtyEvents, PtyExit, PtyHost, PtySpawn } from "../session/ports/pty.ts";
import { type LoadedBinding, loadBinding } from "./binding.ts";
import { DirectoryError, inDirectory, inDirectoryByPath } from "./directory.ts";
import { spawnFailure } from "./failure.ts";
import { hold } from "./held.ts";
import { requireLaunchable } from "./launchable.ts";
import { posixPtyHost } from "./posix.ts";

/**
 * The driver on node-pty's binding; its JS layer loses output under Bun. A thread of the binding reaps each program, so a terminal of its own
 * can't be released; one of another's is adopted as posix.ts does. Throws `runtime_unavailable` when the binding is not built.
 */
export function nodePtyHost(): PtyHost {
  const loaded = loadBinding();
  unblockSignals();
  return {
    driver: "node-pty",
    pauses: true,
    spawn: (options, events) => spawn(loaded, options, events),
    adopt(terminal, events) {
      const posix = posixPtyHost();
      if (posix) return posix.adopt(terminal, events);
      throw new CovenError("runtime_unavailable", "Terminals can't be taken over on this system.");
    },
  };
}

function spawn(loaded: LoadedBinding, options: PtySpawn, events: PtyEvents): Pty {
  requireLaunchable(options);
  const [program = ""] = options.argv;
  let reaped: ((exit: PtyExit) => void) | undefined;
  const exited = (exitCode: number, signal: number): void => {
    const name = signal === 0 ? null : signalName(signal);
    reaped?.({ exitCode: name === null ? exitCode : null, signal: name });
  };
  try {
    const { fd, pid, pty } = fork(loaded, options, exited);
    const leader = {
      pid,
      reaped: (then: (exit: PtyExit) => void) => {
        reaped = then;
      },
    };
    return hold(
      { fd, path: pty, leader, resize: (cols, rows) => loaded.binding.resize(fd, cols, rows) },
      events,
    );
  } catch (error) {
    // After the checks before it one cause of failure is left, and the binding says only that forkpty failed.
    throw error instanceof DirectoryError ? error : spawnFailure(program, error, true);
  }
}

function fork(
  { binding, helper }: LoadedBinding,
  options: PtySpawn,
  exited: (code: number, signal: number) => void,
) {
  const { cwd, cols, rows } = options;
  const [program = "", ...args] = options.argv;
  const env = Object.entries(options.env).map(([name, value]) => `${name}=${value}`);
  const within = (place: string) =>
    binding.fork(program, args, env, place, cols, rows, -1, -1, true, helper, exited);
  // forkpty hands a child whatever is open, other sessions' terminals among it, since node-pty doesn't mark its own.
  closeOnExec();
  return process.platform === "linux"
    ? inDirectory(cwd, (fd) => within(`/proc/self/fd/${fd}`))
    : inDirectoryByPath(
        cwd,
        () => within(cwd),
        ({ pid }) => endChild(pid),
      );
}

/** Our own child, and the binding has not reaped it yet. */
function endChild(pid: number): void {
  signalProcess(pid, "SIGKILL", () => true);
}
