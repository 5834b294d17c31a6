// Owns the two system calls neither Bun nor node-pty makes for us before a child is forked.
import { dlopen, ptr } from "bun:ffi";
import { readdirSync, readFileSync } from "node:fs";

const darwin = process.platform === "darwin";
const FIOCLEX = darwin ? 0x20006601 : 0x5451;
const SIG_SETMASK = darwin ? 3 : 2;
/** tcflow(3), on Linux. */
const [TCOOFF, TCOON] = [0, 1];
/** glibc and musl; macOS needs four of them. */
const SIGSET_BYTES = 128;

const SYMBOLS = {
  ioctl: { args: ["i32", "u64"], returns: "i32" },
  tcflow: { args: ["i32", "i32"], returns: "i32" },
  pthread_sigmask: { args: ["i32", "ptr", "ptr"], returns: "i32" },
} as const;

let library: ReturnType<typeof open> | undefined;

/**
 * Unblocks every signal in this thread, if any is blocked. A child inherits the mask through fork and exec (Bun
 * resets ignored signals and not blocked ones), and a harness that can't hear SIGTERM or SIGCHLD misbehaves; the
 * mask itself came with us from whoever started the daemon. Linux says whether there is anything to do, so the C
 * library is loaded only then; elsewhere the mask is left as it is.
 */
export function unblockSignals(): void {
  const blocked = /^SigBlk:\t0*[1-9a-f]/m;
  if (process.platform !== "linux" || !blocked.test(readFileSync("/proc/thread-self/status", "latin1")))
    return;
  libc().pthread_sigmask(SIG_SETMASK, ptr(new Uint8Array(SIGSET_BYTES)), null);
}

/**
 * Marks every descriptor of ours but 0-2 close-on-exec: forkpty hands a child whatever is open, other sessions'
 * terminals among it, since node-pty doesn't mark its own.
 */
export function closeOnExec(): void {
  const { ioctl } = libc();
  for (const entry of readdirSync(process.platform === "linux" ? "/proc/self/fd" : "/dev/fd")) {
    // FIOCLEX takes no third argument, so a variadic ioctl can be called by its fixed part on every ABI.
    if (Number(entry) > 2) ioctl(Number(entry), FIOCLEX);
  }
}

/** Output to the terminal behind this descriptor waits from here on (tcflow(3); Linux's numbers). */
export function stopOutput(fd: number): void {
  libc().tcflow(fd, TCOOFF);
}

/** It goes on. */
export function startOutput(fd: number): void {
  libc().tcflow(fd, TCOON);
}

function libc(): ReturnType<typeof open> {
  library ??= open();
  return library;
}

function open() {
  const musl = `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`;
  const names = darwin ? ["libSystem.B.dylib"] : ["libc.so.6", musl];
  const failures: string[] = [];
  for (const name of names) {
    try {
      return dlopen(name, SYMBOLS).symbols;
    } catch (error) {
      failures.push(String(error));
    }
  }
  throw new Error(`the system's C library could not be loaded: ${failures.join("; ")}`);
}
