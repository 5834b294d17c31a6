// What is checked before a spawn, so that an error names the thing that is wrong and not its neighbour.
import { accessSync, closeSync, constants, openSync, readSync, statSync } from "node:fs";
import { isAbsolute } from "node:path";
import type { PtySpawn } from "../session/ports/pty.ts";

/** Throws a RangeError unless both are whole numbers in 1..1000. */
export function requireSize(cols: number, rows: number): void {
  for (const [name, value] of [
    ["cols", cols],
    ["rows", rows],
  ] as const) {
    if (!Number.isInteger(value) || value < 1 || value > 1000) {
      throw new RangeError(`${name} must be a whole number in 1..1000, and ${value} is not`);
    }
  }
}

/**
 * Throws an Error with one sentence when this can't be started: size (RangeError), a NUL in argv or environment,
 * a program that is missing, no file, not executable, or a
 * script without a usable interpreter line. The kernel's own answer to a missing interpreter is ENOENT with
 * the program's name, and a forked child could only print its reason into the terminal.
 */
export function requireLaunchable({ argv, env, cols, rows }: PtySpawn): void {
  requireSize(cols, rows);
  const [program] = argv;
  if (program === undefined || !isAbsolute(program)) {
    throw new Error(`the program ${JSON.stringify(program ?? "")} is not an absolute path`);
  }
  if (argv.some((part) => part.includes("\0"))) throw new Error("an argument contains a NUL character");
  for (const [name, value] of Object.entries(env)) {
    if (`${name}${value}`.includes("\0"))
      throw new Error(`the variable ${JSON.stringify(name)} contains a NUL`);
  }
  requireProgram(program);
}

function requireProgram(program: string): void {
  const shown = JSON.stringify(program);
  const found = statSync(program, { throwIfNoEntry: false });
  if (!found) throw new Error(`the program ${shown} does not exist`);
  if (!found.isFile()) throw new Error(`the program ${shown} is not a file`);
  if (!permits(program)) throw new Error(`the program ${shown} is not executable`);
  const head = firstBytes(program);
  if (head === undefined) return;
  if (!head.startsWith("#!")) {
    // execvp would hand such a text to /bin/sh, posix_spawn refuses it; we never start a shell by ourselves.
    if (head.includes("\0")) return;
    throw new Error(`the program ${shown} is a text without an interpreter line (#!)`);
  }
  const interpreter = /^#![ \t]*([^ \t\r\n]+)/.exec(head)?.[1];
  if (interpreter === undefined || !permits(interpreter)) {
    throw new Error(
      `the interpreter ${JSON.stringify(interpreter ?? "")} of ${shown} is missing or not executable`,
    );
  }
}

function permits(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The first 256 bytes, or undefined for a program we may run and not read. */
function firstBytes(path: string): string | undefined {
  const bytes = Buffer.alloc(256);
  try {
    const fd = openSync(path, "r");
    try {
      return bytes.toString("latin1", 0, readSync(fd, bytes, 0, bytes.length, 0));
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}
