// Linux's process table, read from /proc (proc_pid_stat(5), proc_pid_environ(5)).
import { readdirSync, readFileSync, statSync } from "node:fs";
import { type ProcessInfo, type ProcessTable, shownName } from "./process-table.ts";

/** About 10 us for each process and call; a process that vanishes while it is read is left out. */
export function linuxTable(): ProcessTable {
  // Start times are ticks since boot: equal ones from two boots must not name the same process.
  const boot = readText("/proc/sys/kernel/random/boot_id")?.trim() ?? "";
  const identify = (pid: number): ProcessInfo | undefined => {
    const stat = readText(`/proc/${pid}/stat`);
    return stat === undefined ? undefined : parseStat(stat, boot);
  };
  return {
    identify,
    list() {
      const found: ProcessInfo[] = [];
      everyPid((pid) => {
        const info = identify(pid);
        if (info) found.push(info);
      });
      return found;
    },
    marked(entry, silent) {
      const needle = Buffer.from(entry);
      const found: ProcessInfo[] = [];
      everyPid((pid) => {
        const environ = readBytes(`/proc/${pid}/environ`);
        if (!environ || (environ.length > 0 && !carries(environ, needle)) || !isOurs(pid)) return;
        const info = identify(pid);
        // Threads of the kernel have no environment and never will.
        if (!info || info.dead || info.pid === KTHREADD || info.parent === KTHREADD) return;
        // Asked again, so that name and mark are of one process also when the pid changed hands in between.
        const again = environ.length > 0 ? readBytes(`/proc/${pid}/environ`) : environ;
        if (again && carries(again, needle)) found.push(info);
        else if (again?.length === 0) silent?.(info);
      });
      return found;
    },
  };
}

/** The parent of every thread of the kernel. */
const KTHREADD = 2;

const MOST_ROUNDS = 5;

/**
 * Visits every pid once, and then those that came meanwhile: a pass takes long enough for a quick chain of processes
 * to move on, and the newest must be looked at last to be caught.
 */
function everyPid(visit: (pid: number) => void): void {
  const seen = new Set<number>();
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const before = seen.size;
    for (const entry of readdirSync("/proc")) {
      const pid = Number(entry);
      if (!(pid > 0) || seen.has(pid)) continue;
      seen.add(pid);
      visit(pid);
    }
    if (seen.size === before) return;
  }
}

/** One line of /proc/<pid>/stat. The name stands in parentheses and may itself contain spaces and parentheses. */
export function parseStat(line: string, boot: string): ProcessInfo | undefined {
  const open = line.indexOf("(");
  const close = line.lastIndexOf(")");
  if (open < 0 || close < open) return undefined;
  const [state, parent, group, session, ...rest] = line.slice(close + 2).split(" ", 20);
  // Field 22, the start time in ticks since boot.
  const ticks = rest[15];
  if (state === undefined || ticks === undefined) return undefined;
  return {
    pid: Number.parseInt(line, 10),
    startedAt: `${ticks}@${boot}`,
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    name: shownName(line.slice(open + 1, close)),
    dead: state === "Z" || state === "X" || state === "x",
  };
}

/** The environment as it was at exec holds exactly this entry, not merely its text within another. */
function carries(environ: Buffer, entry: Buffer): boolean {
  for (let at = environ.indexOf(entry); at >= 0; at = environ.indexOf(entry, at + 1)) {
    const end = at + entry.length;
    if ((at === 0 || environ[at - 1] === 0) && (end === environ.length || environ[end] === 0)) return true;
  }
  return false;
}

function isOurs(pid: number): boolean {
  try {
    return statSync(`/proc/${pid}`).uid === process.geteuid?.();
  } catch {
    return false;
  }
}

/** Undefined when the process is gone or may not be looked at. */
function readBytes(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

/** As readBytes; a string at once is a third cheaper over a whole table. */
function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
