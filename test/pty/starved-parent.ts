// A parent that spawns until its descriptors run out, and then lets everything go.

import { closeSync, openSync, readdirSync } from "node:fs";
import { isCovenError } from "../../src/errors.ts";
import { systemProcesses } from "../../src/os/processes.ts";
import { ptyHost } from "../../src/pty/drivers.ts";
import { signalOwn } from "../support/signal.ts";
import { until } from "../support/until.ts";
import { type Play, play, program, run } from "./play.ts";

const host = ptyHost(process.env);
const processes = systemProcesses();
await run(host, { argv: [program("true")] });
const descriptors = () => readdirSync("/proc/self/fd").length;
const before = descriptors();
const plays: Play[] = [];
let message = "";
let code = "";
const spare = openSync("/dev/null", "r");
// The lowered limit is far below this.
while (message === "" && plays.length < 500) {
  try {
    plays.push(play(host, { argv: [program("sleep"), "60"] }));
  } catch (error) {
    message = error instanceof Error ? error.message : String(error);
    code = isCovenError(error) ? error.code : "";
  }
}
const live = () => processes.list().filter((one) => one.parent === process.pid && !one.dead).length;
// Looking at /proc takes a descriptor, also to find out whom a signal would go to.
closeSync(spare);
const first = plays[0];
if (first) signalOwn(first.pty.pid, "SIGKILL");
await first?.exit;
await until("as many children as sessions", () => live() === plays.length - 1);
for (const { pty } of plays.slice(1)) signalOwn(pty.pid, "SIGKILL");
await Promise.all(plays.map(({ exit }) => exit));
Bun.gc(true);
await until("the descriptors to be back", () => descriptors() <= before);
console.log(JSON.stringify({ message, code, sessions: plays.length }));
