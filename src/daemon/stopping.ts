// Owns how the daemon goes: once, in order, and to the end even when a step of it fails.
import type { Log } from "../session/ports.ts";
import { errorFields } from "./log.ts";

/** One thing to do, and how long it may take before the next one follows anyway (milliseconds). */
export interface Step {
  readonly name: string;
  readonly ms: number;
  run(): unknown;
}

/** Does the steps one after the other. A step that throws or is late is in the log, and the next one follows. Never rejects. */
export async function takeDown(steps: readonly Step[], log: Log): Promise<void> {
  for (const { name, ms, run } of steps) {
    try {
      if (!(await within(ms, run()))) log.warn("stop_step_late", { step: name, ms });
    } catch (error) {
      log.error("stop_step_failed", { step: name, ...errorFields(error) });
    }
  }
}

/** Whether the work came to its end within so many milliseconds; rejects as it does. */
async function within(ms: number, work: unknown): Promise<boolean> {
  if (!(work instanceof Promise)) return true;
  let timer: Timer | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
