// The signal mask of this process.
import { ptr } from "bun:ffi";
import { libc, memory } from "./libc.ts";

/** <signal.h>: glibc and musl; macOS. */
const SIG_SETMASK = process.platform === "darwin" ? 3 : 2;
/** sigset_t of glibc and musl; macOS needs four bytes of it. */
export const SIGSET_BYTES = 128;

/** The same numbers on Linux, x64 and arm64. */
const HELD = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15, SIGCHLD: 17 } as const;

/**
 * Keeps back what would end a process that has no handlers yet: it arrives when `unblockSignals` is called, also in the program that replaces
 * this one by execve(2). Linux.
 */
export function holdBackSignals(): void {
  const set = memory(SIGSET_BYTES);
  for (const number of Object.values(HELD)) {
    const at = (number - 1) >> 3;
    set[at] = (set[at] ?? 0) | (1 << ((number - 1) & 7));
  }
  libc("pthread_sigmask")?.pthread_sigmask(SIG_SETMASK, ptr(set), null);
}

/**
 * Lets every signal through to this thread, and so to children that inherit its mask. Whoever started the daemon may have had
 * some blocked: SIGTERM would never stop it, and the end of a child (SIGCHLD) would go unheard.
 */
export function unblockSignals(): void {
  libc("pthread_sigmask")?.pthread_sigmask(SIG_SETMASK, ptr(memory(SIGSET_BYTES)), null);
}
