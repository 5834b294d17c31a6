// Output: results go to stdout, everything else to stderr.
import { PipeClosed } from "./failure.ts";
import { isTerminal } from "./termios.ts";
import { harmlessJson } from "./text.ts";
import { workingDirectory } from "./working-directory.ts";

const STDOUT = 1;

let listening = false;

/**
 * Writes to stdout and resolves when the bytes are taken, so that a slow reader slows us and nothing is cut off at
 * exit. Throws `PipeClosed` when nobody reads any more.
 */
export function write(data: string | Uint8Array): Promise<void> {
  if (!listening) {
    // Without a listener the same error would also be thrown as an uncaught exception.
    process.stdout.on("error", () => {});
    listening = true;
  }
  if (data.length === 0) return Promise.resolve();
  return new Promise((resolve, reject) => {
    process.stdout.write(data, (error) => {
      if (!error) resolve();
      else reject("code" in error && error.code === "EPIPE" ? new PipeClosed() : error);
    });
  });
}

/**
 * One line of result on stdout. Straight to the descriptor: to make `process.stdout` takes longer than all else a
 * short command does. Who prints while a session runs uses `write`, which leaves room for signals. Throws as `write`.
 */
export async function print(line: string): Promise<void> {
  // A Windows console takes text, not bytes, and only the stream knows the difference.
  if (process.platform === "win32" || listening) return write(`${line}\n`);
  // Of all commands, those at a terminal print nothing before its first screen, and need not wait for this.
  const { writeSync } = await import("node:fs");
  let rest = new TextEncoder().encode(`${line}\n`);
  try {
    while (rest.length > 0) rest = rest.subarray(writeSync(STDOUT, rest));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EPIPE") throw new PipeClosed();
    if (code !== "EAGAIN") throw error;
    // Somebody else has set the pipe not to wait for its reader; the stream waits.
    await write(rest);
  }
}

/** A JSON document on stdout, on one line, as scripts grep it. */
export function printJson(value: unknown): Promise<void> {
  return print(harmlessJson(JSON.stringify(value)));
}

/** One line of coven's own words on stderr. */
export function say(line: string): void {
  console.error(line);
}

/** Columns to write into: the terminal's, else the fallback. */
export function columns(
  stream: { readonly columns?: number; readonly isTTY?: boolean },
  fallback: number,
): number {
  return stream.isTTY && stream.columns ? stream.columns : fallback;
}

/**
 * A person is there to answer: both ends are terminals. Throws `Failure` in a directory that was deleted: Bun makes no
 * `process.stdin` of a terminal there (1.4: `uv_cwd`).
 */
export function atTerminal(): boolean {
  workingDirectory();
  return isTerminal(0) && isTerminal(1);
}
