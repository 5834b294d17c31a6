// A daemon that was itself started inside the session it ends: marked, and with a marked parent.

import { realWorld } from "../../src/daemon/world.ts";
import { systemProcesses } from "../../src/os/processes.ts";
import { endLeftovers } from "../../src/session/stop.ts";

const report = await endLeftovers({
  processes: systemProcesses(),
  world: realWorld,
  graceMs: 2_000,
  sessionId: process.env["COVEN_SESSION_ID"] ?? "",
  leader: undefined,
});
console.log(JSON.stringify({ self: process.pid, parent: process.ppid, report }));
