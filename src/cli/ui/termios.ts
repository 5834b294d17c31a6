// What the system says of our own terminal, and its driver's settings: raw as in cfmakeraw(3), and back to exactly
// what they were. Bun's setRawMode leaves output processing on, which turns every LF a full-screen program sends into CR LF.
import { ptr } from "bun:ffi";
import { libc, memory } from "../../os/libc.ts";

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
  const c = libc("isatty");
  if (c) return c.isatty(fd) === 1;
  return [process.stdin, process.stdout, process.stderr][fd]?.isTTY === true;
}

/** The size of standard output's terminal as it is now; undefined where it is none, or doesn't say. */
export function windowSize(): WindowSize | undefined {
  const c = process.platform === "linux" ? libc("ioctlAt") : undefined;
  if (!c) {
    const { columns, rows } = process.stdout;
    return columns > 0 && rows > 0 ? { columns, rows } : undefined;
  }
  // struct winsize: rows, columns, and two nobody fills in.
  const size = new Uint16Array(new ArrayBuffer(8));
  if (c.ioctlAt(STDOUT, TIOCGWINSZ, ptr(size)) !== 0) return undefined;
  const [rows = 0, columns = 0] = size;
  return columns > 0 && rows > 0 ? { columns, rows } : undefined;
}

/** Reads the settings of standard input, which must be a terminal. */
export function termios(): Termios {
  const c = libc("tcgetattr", "tcsetattr", "tcflush", "cfmakeraw", "poll");
  const before = memory(TERMIOS_BYTES);
  if (c?.tcgetattr(STDIN, ptr(before)) !== 0) {
    return {
      raw: () => setRawMode(true),
      tellRuntime: () => {},
      restore: () => setRawMode(false),
      awaitRoom: (_fd, ms) => Bun.sleepSync(ms),
    };
  }
  const rawly = memory(TERMIOS_BYTES);
  rawly.set(before);
  // Bun waits until all that was written is taken. Where that may be long (no Linux pseudo-terminal), it is told first.
  const late = process.platform === "linux";
  let told = false;
  // struct pollfd: int fd, short events, short revents.
  const room = new Int32Array(new ArrayBuffer(8));
  c.cfmakeraw(ptr(rawly));
  return {
    raw() {
      if (!late) setRawMode(true);
      c.tcsetattr(STDIN, TCSANOW, ptr(rawly));
    },
    tellRuntime() {
      if (!late || told) return;
      told = true;
      // Never out of raw mode in between: the driver would eat what is being typed.
      setRawMode(true);
      c.tcsetattr(STDIN, TCSANOW, ptr(rawly));
    },
    restore(deaf) {
      // What it found was raw, and must not be what the next who asks for it gets back.
      if (told && !deaf) {
        told = false;
        setRawMode(false);
      }
      c.tcflush(STDIN, TCIFLUSH);
      c.tcsetattr(STDIN, TCSANOW, ptr(before));
    },
    awaitRoom(fd, ms) {
      room.set([fd, POLLOUT]);
      c.poll(ptr(room), 1, ms);
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
