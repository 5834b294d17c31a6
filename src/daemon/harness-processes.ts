// How the processes of harnesses differ from the daemon's own: their umask, and that they go first when memory runs out.
import { endBeforeUs } from "../os/memory.ts";
import { withUmask } from "../os/umask.ts";
import type { PtyHost } from "../session/ports/pty.ts";

/** Makes everything this process creates from now on private; returns the umask it was started with. */
export function becomePrivate(): number {
  return process.umask(0o077);
}

/**
 * The host whose harnesses start under `umask` instead of the daemon's own: an agent's files would else be
 * readable for nobody but its user, build output and new sources alike. When memory runs out the kernel ends a harness before the daemon
 * that keeps what all of them have printed.
 */
export function forHarnesses(host: PtyHost, umask: number): PtyHost {
  return {
    ...host,
    spawn(options, events) {
      // A child inherits it at the moment of the fork.
      const pty = withUmask(umask, () => host.spawn(options, events));
      endBeforeUs(pty.pid);
      return pty;
    },
  };
}
