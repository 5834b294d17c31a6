// Facts of the machine: how many terminals are in use, and the PATH of another process.
import { readdirSync, readFileSync } from "node:fs";

/** Pseudo-terminals of the whole machine. */
export interface TerminalCount {
  readonly used: number;
  readonly limit: number;
}

/** How many are in use and how many there may be; null where the system doesn't say. */
export function terminalCount(platform: NodeJS.Platform = process.platform): TerminalCount | null {
  try {
    if (platform === "linux") {
      // Documentation/admin-guide/sysctl/kernel.rst, "pty".
      return { used: numberIn("/proc/sys/kernel/pty/nr"), limit: numberIn("/proc/sys/kernel/pty/max") };
    }
    if (platform === "darwin") {
      const { stdout } = Bun.spawnSync(["/usr/sbin/sysctl", "-n", "kern.tty.ptmx_max"], { stdin: "ignore" });
      const limit = Number(stdout.toString());
      // A device is made when its terminal is opened: xnu's bsd/kern/tty_ptmx.c.
      const used = readdirSync("/dev").filter((name) => /^ttys\d{3,}$/.test(name)).length;
      return limit > 0 ? { used, limit } : null;
    }
  } catch {
    // A container may hide it.
  }
  return null;
}

function numberIn(file: string): number {
  const number = Number(readFileSync(file, "utf8"));
  if (Number.isSafeInteger(number)) return number;
  throw new Error(`${file} holds no number`);
}

/** The PATH a process of ours was started with; null where the system doesn't tell or it is somebody else's. */
export function pathOfProcess(pid: number, platform: NodeJS.Platform = process.platform): string | null {
  if (platform !== "linux") return null;
  try {
    const entries = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    return entries.find((entry) => entry.startsWith("PATH="))?.slice("PATH=".length) ?? null;
  } catch {
    return null;
  }
}
