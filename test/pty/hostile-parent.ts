// A parent in bad shape (signals ignored and blocked, descriptors open, other terminals held) that spawns one child.

import { dlopen, ptr } from "bun:ffi";
import { ptyHost } from "../../src/pty/drivers.ts";
import { signalOwn } from "../support/signal.ts";
import { play, program, run } from "./play.ts";

const { pthread_sigmask } = dlopen("libc.so.6", {
  pthread_sigmask: { args: ["i32", "ptr", "ptr"], returns: "i32" },
}).symbols;
const SIG_BLOCK = 0;
// HUP, USR1 and TERM, as bits of the first byte and the second.
pthread_sigmask(SIG_BLOCK, ptr(Uint8Array.from({ length: 128 }, (_, i) => [0x01, 0x42][i] ?? 0)), null);
const host = ptyHost(process.env);
const others = [1, 2, 3].map(() => play(host, { argv: [program("sleep"), "60"] }));
const own = await run(host, { argv: [program("grep"), "Sig", "/proc/self/status"] });
const open = await run(host, { argv: [program("ls"), "/proc/self/fd"] });
for (const { pty } of others) signalOwn(pty.pid, "SIGKILL");
await Promise.all(others.map(({ exit }) => exit));
console.log(JSON.stringify({ status: own.text, open: open.text }));
