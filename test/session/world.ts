// Owns the real clock as the domain's World, for tests with real processes.
import type { World } from "../../src/session/ports.ts";

export const realWorld: World = {
  now: () => new Date().toISOString(),
  newId: () => crypto.randomUUID(),
  monotonic: () => performance.now(),
  soon: (run) => {
    setImmediate(run);
  },
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
