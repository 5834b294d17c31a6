// Finds the process that holds the lock when it no longer answers, and proves that it is that process.
import { readdirSync, realpathSync, statSync } from "node:fs";
import { readIdentity } from "../daemon/identity.ts";

/**
 * The daemon that holds `lock`, or undefined when it can't be told for sure: of our user, with the lock file open at this
 * moment (a recycled pid has not), and named by daemon.json where several have.
 */
export function lockHolder(paths: { readonly lock: string; readonly identity: string }): number | undefined {
  const openers = openersOf(paths.lock);
  const noted = readIdentity(paths.identity)?.pid;
  if (noted !== undefined && openers.includes(noted)) return noted;
  return openers.length === 1 ? openers[0] : undefined;
}

/** Whether `pid` has the lock file open now; asked again before each signal. */
export function opens(pid: number, lock: string): boolean {
  return process.platform === "linux" ? hasOpen(pid, lock) : openersOf(lock).includes(pid);
}

/** Our user's processes that have the file open, this one apart. */
function openersOf(path: string): number[] {
  const pids = process.platform === "linux" ? linuxPids() : listed(path);
  return pids.filter((pid) => pid !== process.pid && (process.platform !== "linux" || hasOpen(pid, path)));
}

function linuxPids(): number[] {
  const me = process.getuid?.();
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && ownerOf(`/proc/${name}`) === me)
    .map(Number);
}

function ownerOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.uid;
}

function hasOpen(pid: number, path: string): boolean {
  try {
    const { dev, ino } = statSync(realpathSync(path));
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      const found = statSync(`/proc/${pid}/fd/${fd}`, { throwIfNoEntry: false });
      return found?.ino === ino && found.dev === dev;
    });
  } catch {
    // Gone meanwhile, or not ours to look into.
    return false;
  }
}

/** Where there is no /proc: macOS has lsof, and `-t` prints pids only. */
function listed(path: string): number[] {
  try {
    const { stdout } = Bun.spawnSync(["lsof", "-t", "--", path], { stdin: "ignore", stderr: "ignore" });
    return stdout.toString().split("\n").map(Number).filter(Boolean);
  } catch {
    return [];
  }
}
