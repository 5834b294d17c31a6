// The two umasks of the daemon: its own files are private, what a harness makes in a project is as its user wants it.
import { withUmask } from "../os/umask.ts";
import type { PtyHost } from "../session/ports.ts";

/** Makes everything this process creates from now on private; returns the umask it was started with. */
export function becomePrivate(): number {
  return process.umask(0o077);
}

/**
 * The host whose harnesses start under `umask` instead of the daemon's own: an agent's files would else be
 * readable for nobody but its user, build output and new sources alike.
 */
export function underUmask(host: PtyHost, umask: number): PtyHost {
  return {
    ...host,
    spawn(options, events) {
      // A child inherits it at the moment of the fork.
      return withUmask(umask, () => host.spawn(options, events));
    },
  };
}
