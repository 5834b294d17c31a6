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

/**
 * Counts the processes that the kernel has ended for want of memory in the group this one is in now, as often as it is asked; on the whole machine
 * where there are no groups. Undefined where the system doesn't say.
 */
export function memoryKills(pid: number): () => number | undefined {
  const file = [...groupFiles(pid), "/proc/vmstat"].find((path) => countedIn(path) !== undefined);
  return () => (file === undefined ? undefined : countedIn(file));
}

const countedIn = (path: string) => numberOf(path, /^oom_kill (\d+)$/m);

/** Where a process's group counts: Documentation/admin-guide/cgroup-v2.rst, memory.events, and cgroup-v1/memory.rst, memory.oom_control. */
function groupFiles(pid: number): readonly string[] {
  const groups = read(`/proc/${pid}/cgroup`) ?? "";
  const [, older] = /^\d+:memory:(.*)$/m.exec(groups) ?? [];
  const [, newer] = /^0::(.*)$/m.exec(groups) ?? [];
  return [
    ...(older === undefined ? [] : [`/sys/fs/cgroup/memory${older}/memory.oom_control`]),
    ...(newer === undefined ? [] : [`/sys/fs/cgroup${newer}/memory.events`]),
  ];
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
