// Owns what the system says of our own terminal, and its driver's settings: raw as in cfmakeraw(3), and back to exactly
// what they were. Bun's setRawMode leaves output processing on, which turns every LF a full-screen program sends into CR LF.
import { dlopen, ptr } from "bun:ffi";

/** How to take the terminal, and how to give it back. Both may be called again and again, in turn. */
export interface Termios {
  raw(): void;
  /**
   * While it is raw: tells Bun so, which then gives the terminal back should we end in a way nobody thought of. Apart,
   * because `process.stdin` takes longer to make than a screen to come.
   */
  tellRuntime(): void;
  /**
   * Also throws away what was typed and not read: reports of a mouse the next program knows nothing of. `deaf`: the
   * terminal takes nothing, and is not to be waited for.
   */
  restore(deaf: boolean): void;
  /** Waits until a terminal takes output again, at most so many milliseconds. */
  awaitRoom(fd: number, ms: number): void;
}

const SYMBOLS = {
  tcgetattr: { args: ["i32", "ptr"], returns: "i32" },
  tcsetattr: { args: ["i32", "i32", "ptr"], returns: "i32" },
  tcflush: { args: ["i32", "i32"], returns: "i32" },
  cfmakeraw: { args: ["ptr"], returns: "void" },
  poll: { args: ["ptr", "u64", "i32"], returns: "i32" },
  isatty: { args: ["i32"], returns: "i32" },
  ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
} as const;

const STDIN = 0;
const STDOUT = 1;
const TCSANOW = 0;
const POLLOUT = 4;
const TCIFLUSH = process.platform === "darwin" ? 1 : 0;
/** Larger than struct termios of every system we know (60 on Linux, 72 on macOS). */
const TERMIOS_BYTES = 256;
/** Of Linux. Elsewhere a function of that many kinds of arguments is called in ways of its own. */
const TIOCGWINSZ = 0x5413;

/** A window's size in cells, each at least 1. */
export interface WindowSize {
  readonly columns: number;
  readonly rows: number;
}

/** Whether a standard descriptor (0, 1 or 2) is a terminal: what `process.stdout.isTTY` says, which takes 3 ms to be made. */
export function isTerminal(fd: 0 | 1 | 2): boolean {
  const libc = opened();
  if (libc) return libc.isatty(fd) === 1;
  return [process.stdin, process.stdout, process.stderr][fd]?.isTTY === true;
}

/** The size of standard output's terminal as it is now; undefined where it is none, or doesn't say. */
export function windowSize(): WindowSize | undefined {
  const libc = process.platform === "linux" ? opened() : undefined;
  if (!libc) {
    const { columns, rows } = process.stdout;
    return columns > 0 && rows > 0 ? { columns, rows } : undefined;
  }
  // struct winsize: rows, columns, and two nobody fills in.
  const size = new Uint16Array(4);
  if (libc.ioctl(STDOUT, TIOCGWINSZ, ptr(size)) !== 0) return undefined;
  const [rows = 0, columns = 0] = size;
  return columns > 0 && rows > 0 ? { columns, rows } : undefined;
}

/** Reads the settings of standard input, which must be a terminal. */
export function termios(): Termios {
  const libc = opened();
  const before = new Uint8Array(TERMIOS_BYTES);
  if (libc?.tcgetattr(STDIN, ptr(before)) !== 0) {
    return {
      raw: () => setRawMode(true),
      tellRuntime: () => {},
      restore: () => setRawMode(false),
      awaitRoom: (_fd, ms) => Bun.sleepSync(ms),
    };
  }
  const rawly = before.slice();
  // Bun waits until all that was written is taken. Where that may be long (no Linux pseudo-terminal), it is told first.
  const late = process.platform === "linux";
  let told = false;
  // struct pollfd: int fd, short events, short revents.
  const room = new Int32Array(2);
  libc.cfmakeraw(ptr(rawly));
  return {
    raw() {
      if (!late) setRawMode(true);
      libc.tcsetattr(STDIN, TCSANOW, ptr(rawly));
    },
    tellRuntime() {
      if (!late || told) return;
      told = true;
      // Never out of raw mode in between: the driver would eat what is being typed.
      setRawMode(true);
      libc.tcsetattr(STDIN, TCSANOW, ptr(rawly));
    },
    restore(deaf) {
      // What it found was raw, and must not be what the next who asks for it gets back.
      if (told && !deaf) {
        told = false;
        setRawMode(false);
      }
      libc.tcflush(STDIN, TCIFLUSH);
      libc.tcsetattr(STDIN, TCSANOW, ptr(before));
    },
    awaitRoom(fd, ms) {
      room.set([fd, POLLOUT]);
      libc.poll(ptr(room), 1, ms);
    },
  };
}

function setRawMode(on: boolean): void {
  try {
    process.stdin.setRawMode(on);
  } catch {
    // The terminal is gone; there is nothing to set.
  }
}

type Libc = NonNullable<ReturnType<typeof open>>;
let found: { readonly libc: Libc | undefined } | undefined;

function opened(): Libc | undefined {
  found ??= { libc: open() };
  return found.libc;
}

function open() {
  if (process.platform === "win32") return undefined;
  const musl = `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`;
  for (const name of process.platform === "darwin" ? ["libSystem.B.dylib"] : ["libc.so.6", musl]) {
    try {
      return dlopen(name, SYMBOLS).symbols;
    } catch {
      // The next name, or without.
    }
  }
  return undefined;
}
