// A program that holds a terminal while it replaces itself by execve(2), again and again, as a daemon does that is replaced under running agents.
import { ptr } from "bun:ffi";
import { appendFileSync, readFileSync } from "node:fs";
import { cString, cStrings, requireLibc } from "../../src/os/libc.ts";
import { ptyHost } from "../../src/pty/drivers.ts";
import type { HeldTerminal, Pty } from "../../src/session/ports/pty.ts";

const F_SETFD = 2;
const HOPS = 12;
/** How much of the flood goes by before each of them. */
const BYTES_A_HOP = 1_000_000;

/** What one image leaves the next. */
interface Handed extends Omit<HeldTerminal, "unwritten"> {
  readonly hops: number;
  readonly unwritten: string;
}

const [, , out = "", ...argv] = process.argv;
const size = { cols: 120, rows: 40 };
const host = ptyHost({ COVEN_PTY: "posix" });
const handed: Handed | undefined = process.env["HANDED"] && JSON.parse(process.env["HANDED"]);
const hops = handed?.hops ?? 0;
let got = 0;
let going = false;

const events = {
  data(bytes: Uint8Array): undefined {
    appendFileSync(out, bytes);
    got += bytes.length;
    if (got > BYTES_A_HOP && hops < HOPS && !going) {
      going = true;
      setImmediate(hop);
    }
  },
  exit(exit: unknown): void {
    console.log(JSON.stringify({ pid: process.pid, hops, exit }));
  },
};

const pty: Pty = handed
  ? host.adopt({ ...handed, unwritten: Buffer.from(handed.unwritten, "base64"), ...size }, events)
  : host.spawn({ argv, cwd: "/", env: { PATH: process.env["PATH"] ?? "" }, ...size }, events);
// Typed once, at the start and in the middle of everything: a line of its own for the program to read.
if (!handed) pty.write(Buffer.from("typed before\n"));

async function hop(): Promise<void> {
  if (!pty.release) throw new Error("it can't release");
  const { unwritten, ...terminal } = await pty.release();
  const next = { ...terminal, hops: hops + 1, unwritten: Buffer.from(unwritten ?? []).toString("base64") };
  const { fcntl, execve } = requireLibc("fcntl", "execve");
  fcntl(terminal.fd, F_SETFD, 0);
  const words = cStrings(readFileSync("/proc/self/cmdline", "utf8").split("\0").slice(0, -1));
  const variables = cStrings([`PATH=${process.env["PATH"]}`, `HANDED=${JSON.stringify(next)}`]);
  execve(ptr(cString(process.execPath)), ptr(words.table), ptr(variables.table));
  throw new Error(`execve failed; ${words.kept.length + variables.kept.length} strings`);
}
