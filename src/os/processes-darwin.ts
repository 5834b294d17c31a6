// Reads macOS's process table from ps(1), the only way without native code.
import { type ProcessInfo, type ProcessTable, shownName } from "./process-table.ts";

const COLUMNS = "pid=,ppid=,pgid=,stat=,lstart=,comm=";

/** Some milliseconds for each call; start times are to the second, sessions are not told (0). */
export function darwinTable(): ProcessTable {
  return {
    list: () => parsePs(ps("-axo", COLUMNS)),
    identify: (pid) => parsePs(ps("-o", COLUMNS, "-p", String(pid)))[0],
    marked(entry) {
      const found = parseMarked(ps("-axwwEo", "pid=,uid=,command="), entry, process.geteuid?.() ?? -1);
      return parsePs(ps("-axo", COLUMNS)).filter(({ pid }) => found.has(pid));
    },
  };
}

/** Rows of `ps -o pid=,ppid=,pgid=,stat=,lstart=,comm=`; lstart is five words ("Sat Nov 21 00:23:01 2026"). */
export function parsePs(text: string): ProcessInfo[] {
  return text.split("\n").flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\S+\s+\S+\s+\S+\s+\S+\s+\d{4})\s+(.*)$/.exec(line);
    if (!match) return [];
    const [, pid = "", parent, group, state = "", startedAt = "", command = ""] = match;
    return {
      pid: Number(pid),
      startedAt: startedAt.replace(/\s+/g, " "),
      parent: Number(parent),
      group: Number(group),
      session: 0,
      // comm is a path there; arguments are not in it.
      name: shownName(command.slice(command.lastIndexOf("/") + 1).trim()),
      dead: state.startsWith("Z"),
    };
  });
}

/** Pids of `uid` in `ps -E` rows whose environment shows the entry as a word; ps joins entries by spaces. */
export function parseMarked(text: string, entry: string, uid: number): Set<number> {
  const pids = new Set<number>();
  for (const line of text.split("\n")) {
    const match = /^\s*(\d+)\s+(\d+)\s(.*)$/.exec(line);
    if (match && Number(match[2]) === uid && `${match[3]} `.includes(` ${entry} `))
      pids.add(Number(match[1]));
  }
  return pids;
}

/** What ps prints in the C locale, or nothing when it can't be run. */
function ps(...args: string[]): string {
  try {
    const run = Bun.spawnSync(["/bin/ps", ...args], { env: { LC_ALL: "C", TZ: "UTC" }, stderr: "ignore" });
    return run.stdout.toString();
  } catch {
    return "";
  }
}
