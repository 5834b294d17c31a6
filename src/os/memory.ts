// When memory runs out: who goes first, whether somebody went, and how much is left. Linux says; elsewhere nothing is known.
import { readFileSync, writeFileSync } from "node:fs";

/** By how much a harness is likelier to be ended than the daemon that keeps its output: as if it had half of the memory more (proc(5), oom_score_adj). */
const AHEAD = 500;
const MOST = 1_000;

/** Has the kernel end this process, and what it starts from now on, before ourselves. To raise the score of one's own needs no right. */
export function endBeforeUs(pid: number): void {
  const own = Number(read("/proc/self/oom_score_adj") ?? Number.NaN);
  if (Number.isNaN(own)) return;
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, String(Math.min(MOST, own + AHEAD)));
  } catch {
    // It is gone already, or this kernel has no such file.
  }
}

/** How many processes the kernel has ended for want of memory since it started, in any group; undefined where it doesn't say. */
export function memoryKills(): number | undefined {
  return numberOf("/proc/vmstat", /^oom_kill (\d+)$/m);
}

/** Bytes that programs could still get, without swapping; undefined where the system doesn't say. */
export function freeMemory(): number | undefined {
  const kilobytes = numberOf("/proc/meminfo", /^MemAvailable: +(\d+) kB$/m);
  return kilobytes === undefined ? undefined : kilobytes * 1024;
}

function numberOf(path: string, line: RegExp): number | undefined {
  const found = line.exec(read(path) ?? "")?.[1];
  return found === undefined ? undefined : Number(found);
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
