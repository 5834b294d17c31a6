// What is said of the machine: what it is, how busy it is, and the wait until it is quiet.
import { cpus, loadavg, totalmem } from "node:os";

/** Above this share of all processors the machine counts as busy. */
const QUIET = 0.1;
const LOOK_MS = 500;

interface Ticks {
  readonly busy: number;
  readonly all: number;
}

function ticks(): Ticks {
  let [busy, all] = [0, 0];
  for (const { times } of cpus()) {
    const sum = times.user + times.nice + times.sys + times.irq + times.idle;
    all += sum;
    busy += sum - times.idle;
  }
  return { busy, all };
}

/** How busy the processors are over a moment, 0..1. */
export async function busyNow(ms = LOOK_MS): Promise<number> {
  const before = ticks();
  await Bun.sleep(ms);
  const after = ticks();
  return (after.busy - before.busy) / Math.max(1, after.all - before.all);
}

/** Waits until the machine is quiet, at most so long; resolves to how busy it was when the waiting ended, 0..1. */
export async function quiet(patienceMs: number): Promise<number> {
  const until = performance.now() + patienceMs;
  for (;;) {
    const busy = await busyNow();
    if (busy < QUIET || performance.now() > until) return busy;
  }
}

/** In one line. */
export function machine(): string {
  const [first] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} x ${first?.model.trim() ?? "processor"}, ${memory} GB, ${process.platform} ${process.arch}`;
}

/** The load averages as the system gives them. */
export function load(): string {
  return loadavg()
    .map((one) => one.toFixed(2))
    .join(" ");
}
