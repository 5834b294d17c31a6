// What the operating system is asked about processes; a signal goes only to one that is still the same.
import { readdirSync, readlinkSync } from "node:fs";
import { freeDescriptors } from "./descriptors.ts";
import { freeMemory, memoryKills } from "./memory.ts";
import type { ProcessInfo, ProcessTable } from "./process-table.ts";
import { darwinTable } from "./processes-darwin.ts";
import { linuxTable } from "./processes-linux.ts";
import { windowsTable } from "./processes-windows.ts";
import { signalProcess } from "./signal.ts";

type Identity = Pick<ProcessInfo, "pid" | "startedAt">;

const EMPTY: ProcessTable = { list: () => [], marked: () => [], identify: () => undefined };

/** The most open files of one process that are looked at. */
const MOST_FILES = 4_096;

/** The system's processes: /proc on Linux, `ps` on macOS, a snapshot on Windows, nothing elsewhere. Every call is synchronous and throws nothing. */
export function systemProcesses() {
  const table = tableOf(process.platform);
  /** True when it was sent: pid and start time still belong together. */
  const signal = (target: Identity, name: NodeJS.Signals): boolean => {
    if (target.pid <= 1 || target.pid === process.pid || target.startedAt === null) return false;
    // Some microseconds after the check. A recycled pid would need the whole pid space to go round in between.
    return signalProcess(target.pid, name, () => isSame(table.identify(target.pid), target));
  };
  return {
    self: process.pid,
    list: () => table.list(),
    marked: (sessionId: string, silent?: (one: ProcessInfo) => void) =>
      sessionId === "" || sessionId.includes("\0")
        ? []
        : table.marked(`COVEN_SESSION_ID=${sessionId}`, silent),
    identify: (pid: number) => table.identify(pid),
    memoryKills,
    freeMemory,
    freeDescriptors,
    openFiles,
    signal,
  };
}

/** Linux alone says it, of processes of our own user. */
function openFiles(pid: number): string[] {
  const directory = `/proc/${pid}/fd`;
  try {
    return readdirSync(directory)
      .slice(0, MOST_FILES)
      .flatMap((name) => {
        try {
          const path = readlinkSync(`${directory}/${name}`);
          return path.startsWith("/") ? [path] : [];
        } catch {
          return [];
        }
      });
  } catch {
    return [];
  }
}

function tableOf(platform: NodeJS.Platform): ProcessTable {
  if (platform === "linux") return linuxTable();
  if (platform === "win32") return windowsTable();
  return platform === "darwin" ? darwinTable() : EMPTY;
}

function isSame(found: ProcessInfo | undefined, target: Identity): boolean {
  return found !== undefined && found.pid === target.pid && found.startedAt === target.startedAt;
}
