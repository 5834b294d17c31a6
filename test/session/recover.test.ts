// Holds what a new daemon does about sessions it finds unsettled: the record at once, their processes soon, all of them.

import { afterEach, expect } from "bun:test";
import { realWorld } from "../../src/daemon/world.ts";
import { systemProcesses } from "../../src/os/processes.ts";
import type { Log } from "../../src/session/ports/world.ts";
import { recoverOrphans } from "../../src/session/recover.ts";
import { program } from "../pty/play.ts";
import { startTestDaemon, type TestDaemon } from "../support/test-daemon.ts";
import { notLinux, testUnless } from "../support/unless.ts";
import { until } from "../support/until.ts";

let daemon: TestDaemon;
const left: Bun.Subprocess[] = [];
afterEach(async () => {
  for (const one of left.splice(0)) one.kill("SIGKILL");
  await daemon.close();
});

const quiet: Log = { info: () => {}, warn: () => {}, error: () => {} };

/** A row that says `running`, as a daemon that was killed leaves it, with its harness still there. */
function orphan(): { id: string; child: Bun.Subprocess } {
  const id = crypto.randomUUID();
  const now = realWorld.now();
  daemon.ledger.create({ ...daemon.finished([]), id, status: "created", exit_code: null });
  const child = Bun.spawn([program("setsid"), "sleep", "60"], {
    env: { COVEN_SESSION_ID: id },
    stdio: ["ignore", "ignore", "ignore"],
  });
  left.push(child);
  daemon.ledger.started(id, { pid: child.pid, startedAt: null }, now);
  return { id, child };
}

// Each session's processes were looked for before the next row was touched and before the daemon answered: 150 orphans
// kept `daemon start` waiting for three and a half seconds.
testUnless(notLinux)(
  "every row says orphaned before the first look at a process; then all of them are ended",
  async () => {
    daemon = await startTestDaemon();
    const orphans = Array.from({ length: 20 }, orphan);
    const processes = systemProcesses();
    let looks = 0;
    const list = () => {
      looks += 1;
      return processes.list();
    };
    const counted = { ...processes, list };

    recoverOrphans({ ledger: daemon.ledger, processes: counted, world: realWorld, log: quiet }, 300);

    expect(looks).toBe(0);
    for (const { id } of orphans) expect(daemon.coven.session(id).status).toBe("orphaned");
    await Promise.all(orphans.map(({ child }) => child.exited));
    const kinds = (id: string) =>
      Array.from(daemon.ledger.events({ sessionId: id, limit: 10 }), (event) =>
        JSON.parse(event.payload_json),
      );
    for (const { id } of orphans) {
      await until("what was ended is told", () => kinds(id).length === 2);
      expect(kinds(id).map((payload) => payload.event)).toEqual(["orphaned", "leftovers_ended"]);
    }
  },
);
