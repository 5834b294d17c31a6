// The real time and chance behind the domain's port `World`.
import { randomUUID } from "node:crypto";
import type { World } from "../session/ports.ts";

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
