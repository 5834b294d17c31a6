// Output: results go to stdout, everything else to stderr.
import { PipeClosed } from "./failure.ts";
import { asTyped, nameNote } from "./own-name.ts";
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
 * Prints one line of result. It is written to the descriptor itself: creating `process.stdout` takes longer than all
 * else that a short command does. While a session runs use `write`, which lets signals through. Throws as `write`.
 */
export async function print(line: string): Promise<void> {
  // A Windows console takes text, not bytes, and only the stream knows the difference.
  if (process.platform === "win32" || listening) return write(`${line}\n`);
  // Loaded here: commands that show a session print nothing before its first screen.
  const { writeSync } = await import("node:fs");
  let rest = new TextEncoder().encode(`${line}\n`);
  try {
    while (rest.length > 0) rest = rest.subarray(writeSync(STDOUT, rest));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EPIPE") throw new PipeClosed();
    if (code !== "EAGAIN") throw error;
    // The pipe is non-blocking, set so by another process; the stream waits for its reader.
    await write(rest);
  }
}

/** A JSON document on stdout, on one line, as scripts grep it. */
export function printJson(value: unknown): Promise<void> {
  return print(harmlessJson(JSON.stringify(value)));
}

let quiet = false;

/** From now on nothing is said on stderr but errors (`--quiet`). */
export function sayNothing(): void {
  quiet = true;
}

/** Prints one line on stderr, unless nothing is to be said; command lines of ours as they can be typed here. */
export function say(line: string): void {
  if (!quiet) console.error(asTyped(line));
}

/** Says under a page of help what to type for `coven`, where that is something else. */
export function sayName(): void {
  const note = nameNote();
  if (note !== undefined) console.error(`\n${note}`);
}

/** The width of a stream's terminal, else the fallback. */
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
