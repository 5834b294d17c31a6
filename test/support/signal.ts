// The only place in test/ that signals a process by its pid, and only after it was found that this test run started it.
import { readFileSync } from "node:fs";

/** `NAME=value` entries by which a process that no longer descends from the run is known as the run's. */
const claims = new Set<string>();

/** Every process with `entry` (`NAME=value`) in its environment counts as started by this run: a daemon has left its family. */
export function claim(entry: string): void {
  claims.add(entry);
}

/**
 * Signals one process. False when it has gone. Throws a RangeError when `pid` names no single other process (0 is the
 * runner's own group: a test that used it once ended the whole run without a closing line), and an Error when this run
 * has not started it. Where there is no /proc, only the first is looked at.
 */
export function signalOwn(pid: number, name: NodeJS.Signals): boolean {
  requireSingle(pid);
  if (!runs(pid)) return false;
  requireOurs(pid);
  return process.kill(pid, name);
}

/** Signals the process group that `leader` leads; throws as `signal`. */
export function signalOwnGroup(leader: number, name: NodeJS.Signals): boolean {
  requireSingle(leader);
  requireOurs(leader);
  if (process.platform === "linux" && stat(leader)?.group !== leader) {
    throw new Error(`process ${leader} leads no group`);
  }
  return process.kill(-leader, name);
}

/** True while a process of this id runs; a zombie does not. Throws a RangeError for what names no single process. */
export function runs(pid: number): boolean {
  requireSingle(pid);
  if (process.platform === "linux") return !["Z", "X", undefined].includes(stat(pid)?.state);
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function requireSingle(pid: number): void {
  if (Number.isSafeInteger(pid) && pid > 1 && pid !== process.pid) return;
  throw new RangeError(`${pid} is not the id of another process`);
}

function requireOurs(pid: number): void {
  if (process.platform === "linux" && !isOurs(pid)) throw new Error(`this run did not start process ${pid}`);
}

/** It descends from this process, or it or what it descends from is claimed. */
function isOurs(pid: number): boolean {
  for (let one = pid; one > 1; ) {
    if (one === process.pid || environment(one).some((entry) => claims.has(entry))) return true;
    const parent = stat(one)?.parent;
    if (parent === undefined) return false;
    one = parent;
  }
  return false;
}

function environment(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return [];
  }
}

/** proc(5): `pid (comm) state ppid pgrp …`, where comm may hold anything, parentheses and spaces included. */
function stat(pid: number): { state: string; parent: number; group: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state = "", parent, group] = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state, parent: Number(parent), group: Number(group) };
  } catch {
    return undefined;
  }
}
