// The signal mask of this process.
import { ptr } from "bun:ffi";
import { libc, memory } from "./libc.ts";

/** <signal.h>: glibc and musl; macOS. */
const SIG_SETMASK = process.platform === "darwin" ? 3 : 2;
/** sigset_t of glibc and musl; macOS needs four bytes of it. */
export const SIGSET_BYTES = 128;

/**
 * Lets every signal through to this thread, and so to children that inherit its mask. Whoever started the daemon may have had
 * some blocked: SIGTERM would never stop it, and the end of a child (SIGCHLD) would go unheard.
 */
export function unblockSignals(): void {
  libc("pthread_sigmask")?.pthread_sigmask(SIG_SETMASK, ptr(memory(SIGSET_BYTES)), null);
}
