// Owns the terminal driver's settings of our own terminal: raw as in cfmakeraw(3), and back to exactly what they were.
// Bun's setRawMode leaves output processing on, which turns every LF a full-screen program sends into CR LF.
import { dlopen, ptr } from "bun:ffi";

/** How to take the terminal, and how to give it back. Both may be called again and again, in turn. */
export interface Termios {
  raw(): void;
  /** Also throws away what was typed and not read: reports of a mouse the next program knows nothing of. */
  restore(): void;
  /** Waits until a terminal takes output again, at most so many milliseconds. */
  awaitRoom(fd: number, ms: number): void;
}

const SYMBOLS = {
  tcgetattr: { args: ["i32", "ptr"], returns: "i32" },
  tcsetattr: { args: ["i32", "i32", "ptr"], returns: "i32" },
  tcflush: { args: ["i32", "i32"], returns: "i32" },
  cfmakeraw: { args: ["ptr"], returns: "void" },
  poll: { args: ["ptr", "u64", "i32"], returns: "i32" },
} as const;

const STDIN = 0;
const TCSANOW = 0;
const POLLOUT = 4;
const TCIFLUSH = process.platform === "darwin" ? 1 : 0;
/** Larger than struct termios of every system we know (60 on Linux, 72 on macOS). */
const TERMIOS_BYTES = 256;

/** Reads the settings of standard input, which must be a terminal. */
export function termios(): Termios {
  const libc = open();
  const before = new Uint8Array(TERMIOS_BYTES);
  if (libc?.tcgetattr(STDIN, ptr(before)) !== 0) {
    return {
      raw: () => setRawMode(true),
      restore: () => setRawMode(false),
      awaitRoom: (_fd, ms) => Bun.sleepSync(ms),
    };
  }
  const rawly = before.slice();
  // struct pollfd: int fd, short events, short revents.
  const room = new Int32Array(2);
  libc.cfmakeraw(ptr(rawly));
  return {
    raw() {
      // For Bun's own sake, which gives the terminal back should we end in a way nobody thought of.
      setRawMode(true);
      libc.tcsetattr(STDIN, TCSANOW, ptr(rawly));
    },
    restore() {
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
