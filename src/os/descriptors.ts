// Our descriptors: how many there are and may be, and which of them children inherit.
import { readdirSync } from "node:fs";
import { libc, requireLibc } from "./libc.ts";

const linux = process.platform === "linux";
/** ioctl(2), <sys/ioctl.h>. */
const F_SETFD = 2;
const FD_CLOEXEC = 1;
const FIOCLEX = linux ? 0x5451 : 0x20006601;

/** Marks every descriptor of ours but 0-2 close-on-exec, for a way of starting programs that closes none itself. */
export function closeOnExec(): void {
  const { ioctl } = requireLibc("ioctl");
  for (const entry of readdirSync(linux ? "/proc/self/fd" : "/dev/fd")) {
    if (Number(entry) > 2) ioctl(Number(entry), FIOCLEX);
  }
}

/** Marks exactly these, beside 0-2, as what the program that replaces this one by execve(2) gets. Linux. */
export function keepOnExec(kept: readonly number[]): void {
  closeOnExec();
  const { fcntl } = requireLibc("fcntl");
  for (const fd of kept) {
    if (fcntl(fd, F_SETFD, 0) !== 0) throw new Error(`descriptor ${fd} could not be kept`);
  }
}

/** Takes that back for one that was kept. */
export function keepNoLonger(fd: number): void {
  requireLibc("fcntl").fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/** How many descriptors this process has open; undefined where that can't be read, as when it has all it may. */
export function openDescriptors(): number | undefined {
  try {
    // One of them is the directory being read.
    return readdirSync(linux ? "/proc/self/fd" : "/dev/fd").length - 1;
  } catch {
    return undefined;
  }
}

/** How many this process may have; undefined where the system doesn't say. */
export function descriptorLimit(): number | undefined {
  return libc("getdtablesize")?.getdtablesize();
}

/** How many it may still open: none when it can't even look; undefined where the system doesn't say. */
export function freeDescriptors(): number | undefined {
  const limit = descriptorLimit();
  return limit === undefined ? undefined : limit - (openDescriptors() ?? limit);
}
