// A process by a descriptor (pidfd_open(2)), which never stands for another one: whether it runs, and how it ended although it is no child of ours. Linux.
import { ptr } from "bun:ffi";
import { closeSync } from "node:fs";
import { type ChildExit, parseStatus } from "./children.ts";
import { libc, memory, requireLibc } from "./libc.ts";

/** The same number for every processor; Linux 5.3. */
const SYS_PIDFD_OPEN = 434n;
const POLLIN = 1;
/** Linux 6.15, <linux/pidfd.h>: PIDFD_GET_INFO of a struct of 64 bytes, asked for how the process ended. */
const PIDFD_GET_INFO = 0xc040ff0bn;
const INFO_BYTES = 64;
const PIDFD_INFO_EXIT = 8n;
const EXIT_CODE_AT = 60;

/** A descriptor of this process, not inherited by any other; undefined where there is no such process, or no such descriptors. */
export function openProcess(pid: number): number | undefined {
  const syscall = process.platform === "linux" ? libc("syscall")?.syscall : undefined;
  const fd = syscall ? Number(syscall(SYS_PIDFD_OPEN, BigInt(pid), 0n)) : -1;
  return fd < 0 ? undefined : fd;
}

/** How often it is looked whether one has ended, in milliseconds, and how often whether its parent has learnt how. */
const LOOK_MS = 250;
const REAPED_MS = 5;
/** Its parent may never want to know; and before Linux 6.15 nobody else is told. */
const REAPED_LOOKS = 200;

/** A watch over one process. */
export interface ProcessWatch {
  /** Looks at once, rather than at the next of its times. */
  look(): void;
  /** Ends it; the descriptor stays open. */
  stop(): void;
}

/** Calls `ended` once, in a later turn of the loop; both members null where nobody can say how it ended. The descriptor is closed before. */
export function watchProcess(fd: number, ended: (exit: ChildExit) => void): ProcessWatch {
  let timer: Timer | undefined;
  let over = false;
  let looks = 0;
  const look = (): void => {
    clearTimeout(timer);
    if (over) return;
    if (!hasEnded(fd)) {
      timer = setTimeout(look, LOOK_MS);
      return;
    }
    const exit = exitOf(fd);
    if (!exit && looks < REAPED_LOOKS) {
      looks += 1;
      timer = setTimeout(look, REAPED_MS);
      return;
    }
    over = true;
    closeSync(fd);
    ended(exit ?? { exitCode: null, signal: null });
  };
  timer = setTimeout(look, 0);
  return {
    look() {
      clearTimeout(timer);
      timer = setTimeout(look, 0);
    },
    stop() {
      over = true;
      clearTimeout(timer);
    },
  };
}

function hasEnded(fd: number): boolean {
  const asked = memory(8);
  const view = new DataView(asked.buffer);
  view.setInt32(0, fd, true);
  view.setInt16(4, POLLIN, true);
  return requireLibc("poll").poll(ptr(asked), 1, 0) > 0;
}

/** Undefined until its parent has learnt it, and where this kernel doesn't tell. */
function exitOf(fd: number): ChildExit | undefined {
  const info = memory(INFO_BYTES);
  const view = new DataView(info.buffer);
  view.setBigUint64(0, PIDFD_INFO_EXIT, true);
  if (requireLibc("ioctlAt").ioctlAt(fd, PIDFD_GET_INFO, ptr(info)) !== 0)
    return { exitCode: null, signal: null };
  if ((view.getBigUint64(0, true) & PIDFD_INFO_EXIT) === 0n) return undefined;
  return parseStatus(view.getInt32(EXIT_CODE_AT, true));
}
