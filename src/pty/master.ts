// The master side of a pseudo-terminal on Linux: ioctl_tty(2), pty(7), termios(3).
import { ptr } from "bun:ffi";
import { closeSync, constants, openSync } from "node:fs";
import { type Libc, memory } from "../os/libc.ts";

const TIOCSPTLCK = 0x40045431n;
const TIOCGPTN = 0x80045430n;
const TIOCSWINSZ = 0x5414n;
const F_SETFD = 2;
const FD_CLOEXEC = 1;
const F_GETFL = 3;
const F_SETFL = 4;
const TCSANOW = 0;
/** More than struct termios takes (60 bytes); its first four members are c_iflag, c_oflag, c_cflag and c_lflag, 32 bits each. */
const TERMIOS_BYTES = 256;
/** <termios.h>, on x64 and arm64 alike. */
const BRKINT = 0x2;
const ICRNL = 0x100;
const IXON = 0x400;
const IXANY = 0x800;
const IMAXBEL = 0x2000;
const IUTF8 = 0x4000;
const HUPCL = 0x400;

type Calls = Pick<Libc, "ioctlAt" | "fcntl" | "tcgetattr" | "tcsetattr">;

/** Opens a pseudo-terminal: its master, and its slave's name. Throws what the system says where there is none left. */
export function openMaster(calls: Calls): { readonly fd: number; readonly path: string } {
  const fd = openSync("/dev/ptmx", constants.O_RDWR | constants.O_NOCTTY);
  const unlock = memory(4);
  if (calls.ioctlAt(fd, TIOCSPTLCK, ptr(unlock)) === 0) {
    const path = slaveOf(calls, fd);
    if (path !== undefined) return { fd, path };
  }
  closeSync(fd);
  throw new Error("the new terminal could not be unlocked");
}

/** The slave's name, or undefined where this is no master. */
export function slaveOf(calls: Calls, fd: number): string | undefined {
  const number = new Uint32Array(new ArrayBuffer(4));
  return calls.ioctlAt(fd, TIOCGPTN, ptr(number)) === 0 ? `/dev/pts/${number[0]}` : undefined;
}

/** Its reads and writes don't wait, and no child inherits it. */
export function makeOurs(calls: Calls, fd: number): void {
  calls.fcntl(fd, F_SETFD, FD_CLOEXEC);
  calls.fcntl(fd, F_SETFL, calls.fcntl(fd, F_GETFL, 0) | constants.O_NONBLOCK);
}

/** The settings that people know from login and from other terminals: UTF-8 is erased by characters, any key lets stopped output go on. */
export function setDefaults(calls: Calls, fd: number): void {
  const settings = new Uint32Array(new ArrayBuffer(TERMIOS_BYTES));
  if (calls.tcgetattr(fd, ptr(settings)) !== 0) return;
  settings[0] = (settings[0] ?? 0) | BRKINT | ICRNL | IXON | IXANY | IMAXBEL | IUTF8;
  settings[2] = (settings[2] ?? 0) | HUPCL;
  calls.tcsetattr(fd, TCSANOW, ptr(settings));
}

/** Gives it a size in cells, each 1..1000; the kernel tells the program if it is another than before. */
export function setSize(calls: Calls, fd: number, cols: number, rows: number): void {
  // struct winsize: rows, columns, and two that nobody fills in.
  const size = new Uint16Array(new ArrayBuffer(8));
  size.set([rows, cols]);
  if (calls.ioctlAt(fd, TIOCSWINSZ, ptr(size)) !== 0) throw new Error("the terminal did not take the size");
}
