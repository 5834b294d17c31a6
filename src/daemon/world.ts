// The real time and chance behind the domain's port `World`.
import { randomUUID } from "node:crypto";
import type { World } from "../session/ports/world.ts";

/** The machine's own clock, chance and event loop. */
export const realWorld: World = {
  now: () => new Date().toISOString(),
  newId: () => randomUUID(),
  monotonic: () => performance.now(),
  soon: (run) => {
    setImmediate(run);
  },
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** Runs it every `ms` milliseconds, counted from the end of the run before; returns the way to stop. */
export function every(world: Pick<World, "after">, ms: number, run: () => unknown): () => void {
  let stopped = false;
  let cancel = (): void => {};
  const plan = (): void => {
    if (stopped) return;
    cancel = world.after(ms, () => {
      const running = run();
      if (running instanceof Promise) void running.finally(plan);
      else plan();
    });
  };
  plan();
  return () => {
    stopped = true;
    cancel();
  };
}
