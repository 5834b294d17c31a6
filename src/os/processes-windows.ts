// Reads Windows' process table from a snapshot of kernel32 (tlhelp32.h). Sessions, groups and other processes' environments
// are not told there; a parent is a number that may long mean somebody else.
import { dlopen, ptr } from "bun:ffi";
import { type ProcessInfo, type ProcessTable, shownName } from "./process-table.ts";

/** PROCESSENTRY32W of a 64-bit process: its size, and where its members lie. */
const ENTRY = { bytes: 568, pid: 8, parent: 32, name: 44 } as const;
const TH32CS_SNAPPROCESS = 2;
const PROCESS_QUERY_LIMITED_INFORMATION = 0x1000;
const INVALID_HANDLE = 0xffff_ffff_ffff_ffffn;

const SYMBOLS = {
  CreateToolhelp32Snapshot: { args: ["u32", "u32"], returns: "u64" },
  Process32FirstW: { args: ["u64", "ptr"], returns: "i32" },
  Process32NextW: { args: ["u64", "ptr"], returns: "i32" },
  OpenProcess: { args: ["u32", "i32", "u32"], returns: "u64" },
  GetProcessTimes: { args: ["u64", "ptr", "ptr", "ptr", "ptr"], returns: "i32" },
  CloseHandle: { args: ["u64"], returns: "i32" },
} as const;

/** One row of the snapshot, with the time the process began: 100 ns since 1601, undefined where we may not know. */
export interface Row {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  readonly began: bigint | undefined;
}

/** About a millisecond for each call. Nobody is ever found by mark. */
export function windowsTable(): ProcessTable {
  const { symbols } = dlopen("kernel32.dll", SYMBOLS);

  function rows(): Row[] {
    const snapshot = symbols.CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    if (snapshot === INVALID_HANDLE) return [];
    const entry = new DataView(new ArrayBuffer(ENTRY.bytes));
    entry.setUint32(0, ENTRY.bytes, true);
    const found: Row[] = [];
    try {
      for (let more = symbols.Process32FirstW(snapshot, ptr(entry)); more !== 0; ) {
        const row = parseEntry(entry);
        found.push({ ...row, began: beginning(row.pid) });
        more = symbols.Process32NextW(snapshot, ptr(entry));
      }
    } finally {
      symbols.CloseHandle(snapshot);
    }
    return found;
  }

  function beginning(pid: number): bigint | undefined {
    const handle = symbols.OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, pid);
    if (handle === 0n) return undefined;
    const times = new BigUint64Array(4);
    const at = (place: number) => ptr(times, place * times.BYTES_PER_ELEMENT);
    const told = symbols.GetProcessTimes(handle, at(0), at(1), at(2), at(3));
    symbols.CloseHandle(handle);
    return told === 0 ? undefined : times[0];
  }

  const list = () => processesOf(rows());
  return { list, marked: () => [], identify: (pid) => list().find((one) => one.pid === pid) };
}

/** A PROCESSENTRY32W as the system filled it in. */
export function parseEntry(entry: DataView): Omit<Row, "began"> {
  let name = "";
  for (let at = ENTRY.name; at + 1 < ENTRY.bytes; at += 2) {
    const unit = entry.getUint16(at, true);
    if (unit === 0) break;
    name += String.fromCharCode(unit);
  }
  return {
    pid: entry.getUint32(ENTRY.pid, true),
    parent: entry.getUint32(ENTRY.parent, true),
    name,
  };
}

/**
 * The rows as the domain knows processes. A parent counts only if it began before its child: Windows gives out a dead
 * parent's number again, and a stranger's tree must not become ours by that.
 */
export function processesOf(rows: readonly Row[]): ProcessInfo[] {
  const began = new Map(rows.map((row) => [row.pid, row.began]));
  return rows.map((row) => {
    const parents = began.get(row.parent);
    const older = parents !== undefined && row.began !== undefined && parents <= row.began;
    return {
      pid: row.pid,
      startedAt: row.began === undefined ? null : String(row.began),
      parent: older ? row.parent : 0,
      group: 0,
      session: 0,
      name: shownName(row.name),
      dead: false,
    };
  });
}
