// The C library's functions that neither Bun nor node: offers. The only file that opens it.
import { dlopen, type FFITypeOrString, type Library, ptr } from "bun:ffi";

/**
 * Every function we call, as its manual page declares it: `int` is i32, `size_t` u64, an address ptr. What Linux declares with `...`
 * (ioctl, fcntl) is passed there as if named, on x64 and arm64 alike. Apple's arm64 passes it on the stack, so ioctl is called there without it.
 */
const FUNCTIONS = {
  /** ioctl(2) by its two named arguments. */
  ioctl: { args: ["i32", "u64"], returns: "i32" },
  /** ioctl(2) with an address; Linux only. */
  ioctlAt: { name: "ioctl", args: ["i32", "u64", "ptr"], returns: "i32" },
  /** ioctl(2) with a number; Linux only. */
  ioctlNumber: { name: "ioctl", args: ["i32", "u64", "u64"], returns: "i32" },
  /** fcntl(2) with a number; Linux only. */
  fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
  /** flock(2): a lock of an open file, which ends with the last descriptor of that opening. */
  flock: { args: ["i32", "i32"], returns: "i32" },
  /** getdtablesize(3): how many descriptors this process may have. */
  getdtablesize: { args: [], returns: "i32" },
  /** socket(2), connect(2). */
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
  /** sendmsg(2). */
  sendmsg: { args: ["i32", "ptr", "i32"], returns: "i64" },
  /** getsockname(2). */
  getsockname: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  /** getsockopt(2). */
  getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
  /** getpeereid(3) of macOS and the BSDs. */
  getpeereid: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  /** dup(2). */
  dup: { args: ["i32"], returns: "i32" },
  /** accept4(2), without asking for the address; Linux. */
  accept4: { args: ["i32", "ptr", "ptr", "i32"], returns: "i32" },
  /** shutdown(2). */
  shutdown: { args: ["i32", "i32"], returns: "i32" },
  /** termios(3): a terminal's settings. */
  tcgetattr: { args: ["i32", "ptr"], returns: "i32" },
  tcsetattr: { args: ["i32", "i32", "ptr"], returns: "i32" },
  tcflush: { args: ["i32", "i32"], returns: "i32" },
  cfmakeraw: { args: ["ptr"], returns: "void" },
  /** isatty(3). */
  isatty: { args: ["i32"], returns: "i32" },
  /** poll(2). */
  poll: { args: ["ptr", "u64", "i32"], returns: "i32" },
  /** pthread_sigmask(3): the signal mask of this thread. */
  pthread_sigmask: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  /** waitpid(2): reaps a child. */
  waitpid: { args: ["i32", "ptr", "i32"], returns: "i32" },
  /** posix_spawn(3) returns the error number itself. Its SETSID flag is of glibc 2.26, and of musl. */
  posix_spawn: { args: ["ptr", "ptr", "ptr", "ptr", "ptr", "ptr"], returns: "i32" },
  posix_spawnattr_init: { args: ["ptr"], returns: "i32" },
  posix_spawnattr_destroy: { args: ["ptr"], returns: "i32" },
  posix_spawnattr_setflags: { args: ["ptr", "i16"], returns: "i32" },
  posix_spawnattr_setsigmask: { args: ["ptr", "ptr"], returns: "i32" },
  posix_spawnattr_setsigdefault: { args: ["ptr", "ptr"], returns: "i32" },
  posix_spawn_file_actions_init: { args: ["ptr"], returns: "i32" },
  posix_spawn_file_actions_destroy: { args: ["ptr"], returns: "i32" },
  posix_spawn_file_actions_addopen: { args: ["ptr", "i32", "ptr", "i32", "u32"], returns: "i32" },
  posix_spawn_file_actions_adddup2: { args: ["ptr", "i32", "i32"], returns: "i32" },
  /** glibc 2.29, musl 1.1.24. */
  posix_spawn_file_actions_addfchdir_np: { args: ["ptr", "i32"], returns: "i32" },
  /** glibc 2.34; musl has none. */
  posix_spawn_file_actions_addclosefrom_np: { args: ["ptr", "i32"], returns: "i32" },
  /** syscall(2), for what has no function of its own; by three numbers. Linux only. */
  syscall: { args: ["i64", "i64", "i64"], returns: "i64" },
  /** memfd_create(2): a file in memory without a name; Linux, glibc 2.27. */
  memfd_create: { args: ["ptr", "u32"], returns: "i32" },
  /** execve(2): replaces this process; returns only when it could not. */
  execve: { args: ["ptr", "ptr", "ptr"], returns: "i32" },
} as const satisfies Record<string, Declaration>;

interface Declaration {
  /** The symbol's own name, where ours differs. */
  readonly name?: string;
  readonly args: readonly FFITypeOrString[];
  readonly returns: FFITypeOrString;
}

/** The functions by our names. */
export type Libc = Library<typeof FUNCTIONS>["symbols"];

const musl = `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`;
const LIBRARIES: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  darwin: ["libSystem.B.dylib"],
  // Before glibc 2.32 pthread_sigmask is in libpthread, which this process has loaded in any case.
  linux: ["libc.so.6", "libpthread.so.0", musl],
};

const found = new Map<string, unknown>();

/**
 * These functions of the system's C library, or undefined when one of them (or the library) is not there. Each is looked up
 * by itself and once: 0.1 ms, the first of all 2.6 ms. Always undefined on Windows.
 */
export function libc<Name extends keyof Libc>(...names: readonly Name[]): Pick<Libc, Name> | undefined {
  for (const name of names) {
    if (!found.has(name)) found.set(name, lookUp(FUNCTIONS[name], name));
    if (found.get(name) === undefined) return undefined;
  }
  // Every name asked for is a key, and its function was made from the declaration that the type is made from.
  return Object.fromEntries(names.map((name) => [name, found.get(name)])) as Pick<Libc, Name>;
}

/** As `libc`, for functions that every system we support has; throws an Error that names what is missing. */
export function requireLibc<Name extends keyof Libc>(...names: readonly Name[]): Pick<Libc, Name> {
  const functions = libc(...names);
  if (functions) return functions;
  const missing = names.filter((name) => found.get(name) === undefined);
  throw new Error(`the system's C library lacks ${missing.join(", ")}, or could not be loaded`);
}

function lookUp(declared: Declaration, name: string): unknown {
  const symbol = declared.name ?? name;
  for (const library of LIBRARIES[process.platform] ?? []) {
    try {
      return dlopen(library, { [symbol]: declared }).symbols[symbol];
    } catch {
      // Not this library, or it has no such function.
    }
  }
  return undefined;
}

/**
 * Memory that C may keep the address of: over an ArrayBuffer of its own. A typed array made by its length lives in the
 * collector's heap and moves when `subarray` is first called; the address once taken is then somebody else's.
 */
export function memory(bytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new ArrayBuffer(bytes));
}

/** The text as C has it: UTF-8 with a NUL behind it. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  const bytes = memory(Buffer.byteLength(text) + 1);
  new TextEncoder().encodeInto(text, bytes);
  return bytes;
}

/** `char *const[]` with its final null, and what it points to, which must be kept as long as it is used. */
export function cStrings(texts: readonly string[]): {
  readonly table: BigUint64Array<ArrayBuffer>;
  readonly kept: readonly Uint8Array[];
} {
  const kept = texts.map(cString);
  const table = new BigUint64Array(new ArrayBuffer(8 * (texts.length + 1)));
  for (const [i, text] of kept.entries()) table[i] = BigInt(ptr(text));
  return { table, kept };
}
