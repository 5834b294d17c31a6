// Runs one program in a real pseudo-terminal and keeping what it did, in the order it happened.
import { readdirSync } from "node:fs";
import type { Pty, PtyExit, PtyHost, PtySpawn } from "../../src/session/ports/pty.ts";

/** A program from the PATH of the machine, absolute. */
export function program(name: string): string {
  const path = Bun.which(name);
  if (path === null) throw new Error(`${name} is not on the PATH`);
  return path;
}

/** argv of a shell script; further words are `$1`, `$2`, … */
export function script(text: string, ...words: string[]): string[] {
  return [program("sh"), "-c", text, "sh", ...words];
}

/** One program in a terminal. */
export interface Play {
  readonly pty: Pty;
  /** Everything printed so far. */
  bytes(): Buffer;
  /** Resolves once the text was printed. */
  printed(text: string): Promise<void>;
  readonly exit: Promise<PtyExit>;
}

/** Callbacks that broke the port's promise: data after exit, or a second exit. Empty in every test. */
export const broken: string[] = [];

/** Starts it; `PATH` is all the environment unless given. */
export function play(host: PtyHost, options: Partial<PtySpawn> & Pick<PtySpawn, "argv">): Play {
  const chunks: Uint8Array[] = [];
  const exited = Promise.withResolvers<PtyExit>();
  let wake = () => {};
  let over = false;
  const pty = host.spawn(
    { cwd: "/", env: { PATH: process.env["PATH"] ?? "" }, cols: 80, rows: 24, ...options },
    {
      data(bytes) {
        if (over) broken.push(`${bytes.length} bytes after the exit of ${options.argv.join(" ")}`);
        chunks.push(bytes);
        wake();
      },
      exit(exit) {
        if (over) broken.push(`a second exit of ${options.argv.join(" ")}`);
        over = true;
        exited.resolve(exit);
        wake();
      },
    },
  );
  const bytes = () => Buffer.concat(chunks);
  return {
    pty,
    bytes,
    exit: exited.promise,
    async printed(text) {
      while (!bytes().includes(text)) {
        if (over) throw new Error(`it ended without printing ${text}: ${bytes()}`);
        await new Promise<void>((go) => {
          wake = go;
        });
      }
    },
  };
}

/** Runs it to its end. */
export async function run(
  host: PtyHost,
  options: Partial<PtySpawn> & Pick<PtySpawn, "argv">,
): Promise<PtyExit & { readonly bytes: Buffer; readonly text: string }> {
  const it = play(host, options);
  const exit = await it.exit;
  const bytes = it.bytes();
  return { ...exit, bytes, text: bytes.toString("utf8") };
}

/** How many descriptors this process has open. */
export function descriptors(): number {
  return readdirSync(process.platform === "linux" ? "/proc/self/fd" : "/dev/fd").length;
}
