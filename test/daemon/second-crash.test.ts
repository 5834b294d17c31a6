// Crashes in a row: what is left of a session is ended by whichever daemon lives long enough, and never forgotten before.

import { expect } from "bun:test";
import { systemProcesses } from "../../src/os/processes.ts";
import { daemonHome } from "../support/daemon-home.ts";
import { runs, signalOwn } from "../support/signal.ts";
import { notLinux, testUnless } from "../support/unless.ts";
import { until } from "../support/until.ts";

/** Ignores whatever it may ignore, in a session of its own, with a parent that is gone. */
const RESISTS = `trap "" HUP TERM INT; while :; do sleep 1; done`;

// Regression: recovery settled every row first and ended the processes after, once. A daemon that was killed in between left them to nobody: six of
// seven lived on, and the row said `orphaned` for ever.
testUnless(notLinux)(
  "a tree that resists, and a daemon that is killed while it ends it: the next one ends it",
  async () => {
    await using home = daemonHome();
    const each = `(setsid sh -c '${RESISTS}' </dev/null >/dev/null 2>&1 & echo "pid $!")`;
    home.script(
      "codex",
      `trap "" HUP TERM INT; ${Array(6).fill(each).join("; ")}; echo up; while :; do sleep 1; done`,
    );
    const first = await home.start();
    const launched = await home.client.launch({ projectRoot: home.project, harness: "codex", prompt: "go" });
    const { id, pid: leader } = launched;
    if (leader === null) throw new Error("a live session has a pid");
    const printed = async () => (await home.client.screen(id)).lines.join("\n");
    while (!(await printed()).includes("up")) await Bun.sleep(20);
    const pids = [
      leader,
      ...Array.from((await printed()).matchAll(/pid (\d+)/g), (found) => Number(found[1])),
    ];
    expect(pids).toHaveLength(7);
    const processes = systemProcesses();
    const before = pids.map((pid) => processes.identify(pid)?.startedAt);

    signalOwn(first, "SIGKILL");
    const second = await home.start();
    expect((await home.client.session(id)).status).toBe("orphaned");
    // It has asked them to end, which they ignore, and has not lost patience yet.
    signalOwn(second, "SIGKILL");
    const living = pids.filter((pid, i) => processes.identify(pid)?.startedAt === before[i] && runs(pid));
    expect(living.length).toBeGreaterThan(1);

    await home.start();
    await until(
      "all of them are gone",
      () => !pids.some((pid, i) => processes.identify(pid)?.startedAt === before[i] && runs(pid)),
      20_000,
    );
    for (;;) {
      const { events } = await home.client.events(id);
      const said = events
        .filter(({ kind }) => kind === "metadata")
        .map(({ payload_json }) => JSON.parse(payload_json));
      const last = said.find(({ event }) => event === "leftovers_ended");
      if (last) {
        expect(said.map(({ event }) => event)).toEqual(["orphaned", "leftovers_ended"]);
        expect(last.survived).toEqual([]);
        break;
      }
      await Bun.sleep(20);
    }
  },
  60_000,
);
