// How many processes and threads may still be started here: looked at before anything else, since the runtime ends itself with a
// crash report where it gets no thread. Linux says; elsewhere nothing is known.

/** Threads of a Coven process, the first among them, each a process to these limits. How many are there when our first line runs differs. */
const NEEDED = 7;
/** A limit beyond it is not what anybody runs into, and counting all processes of a user would cost every start a millisecond. */
const TIGHT = 1_024;

/** Why there is too little room, in a sentence; undefined where there is enough, or nothing is known. */
export function lackOfProcesses(): string | undefined {
  if (process.platform !== "linux") return undefined;
  const own = entries("/proc/self/task").length;
  for (const { limit, used, by } of [ofGroup(), ofUser()].filter((one) => one !== undefined)) {
    const left = Math.max(0, limit - used + own);
    if (left >= NEEDED) continue;
    return `Coven can't run here: of ${limit} processes and threads that ${by} allows, ${left} are left for it, and it needs ${NEEDED} (runtime_unavailable).`;
  }
  return undefined;
}

interface Room {
  readonly limit: number;
  readonly used: number;
  readonly by: string;
}

/** By the tightest of the control groups we are in (pids.max), of either version. */
function ofGroup(): Room | undefined {
  const line =
    /^\d+:pids:(.*)$/m.exec(read("/proc/self/cgroup")) ?? /^0::(.*)$/m.exec(read("/proc/self/cgroup"));
  if (!line) return undefined;
  const root = line[0].startsWith("0::") ? "/sys/fs/cgroup" : "/sys/fs/cgroup/pids";
  let tightest: Room | undefined;
  for (let path = line[1] ?? ""; path !== ""; path = path.slice(0, path.lastIndexOf("/"))) {
    const limit = Number.parseInt(read(`${root}${path}/pids.max`), 10);
    // "max", or there is no such file.
    if (Number.isNaN(limit)) continue;
    const used = Number(read(`${root}${path}/pids.current`));
    if (tightest && tightest.limit - tightest.used <= limit - used) continue;
    tightest = { limit, used, by: "its control group (pids.max)" };
  }
  return tightest;
}

/** By RLIMIT_NPROC, which binds everybody but root. */
function ofUser(): Room | undefined {
  const user = process.getuid?.() ?? 0;
  const limit = Number(/^Max processes +(\d+)/m.exec(read("/proc/self/limits"))?.[1] ?? Number.NaN);
  if (user === 0 || !(limit <= TIGHT)) return undefined;
  const { statSync } = process.getBuiltinModule("node:fs");
  let used = 0;
  for (const pid of entries("/proc").filter((name) => /^\d+$/.test(name))) {
    const owner = statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid;
    if (owner === user) used += entries(`/proc/${pid}/task`).length;
  }
  return { limit, used, by: "your user's limit (ulimit -u)" };
}

function read(path: string): string {
  try {
    return process.getBuiltinModule("node:fs").readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function entries(path: string): readonly string[] {
  try {
    return process.getBuiltinModule("node:fs").readdirSync(path);
  } catch {
    return [];
  }
}
