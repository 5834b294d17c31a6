// What must hold when a session's leader ends.

import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { systemProcesses } from "../../src/os/processes.ts";
import type { PtyHost } from "../../src/session/ports/pty.ts";
import { claim, signalOwn, signalOwnGroup } from "../support/signal.ts";
import { until } from "../support/until.ts";
import { play, program, run, script } from "./play.ts";

const processes = systemProcesses();

/** Part of conformance.test.ts; `dir` is the suite's own directory. */
export function exits(host: PtyHost, dir: string): void {
  describe("the end of the leader", () => {
    for (const code of [0, 1, 3, 127, 255]) {
      test(`exit ${code}`, async () => {
        const { exitCode, signal } = await run(host, { argv: script(`exit ${code}`) });
        expect({ exitCode, signal }).toEqual({ exitCode: code, signal: null });
      });
    }

    const names =
      "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM XCPU XFSZ VTALRM PROF SYS";
    test.each(names.split(" ").map((word) => `SIG${word}` as NodeJS.Signals))("%s", async (signal) => {
      const it = play(host, { argv: [program("sleep"), "30"], cwd: dir });
      signalOwn(it.pty.pid, signal);
      expect(await it.exit).toEqual({ exitCode: null, signal });
    });

    test("everything sent to the process group ends everybody in it", async () => {
      const it = play(host, { argv: script("sleep 60 & sleep 60 & echo up; wait") });
      await it.printed("up");
      const members = () => processes.list().filter((one) => one.group === it.pty.pid && !one.dead);
      expect(members().length).toBeGreaterThanOrEqual(3);
      signalOwnGroup(it.pty.pid, "SIGKILL");
      expect(await it.exit).toEqual({ exitCode: null, signal: "SIGKILL" });
      await until("the group to be gone", () => members().length === 0);
    });

    test("a grandchild that holds the terminal delays the exit to the deadline, and costs no output", async () => {
      const started = performance.now();
      const mark = crypto.randomUUID();
      claim(`TEST_MARK=${mark}`);
      const it = play(host, {
        argv: script("trap '' HUP; sleep 60 & echo grandchild $!; seq 1 5000; exit 5"),
        env: { PATH: process.env["PATH"] ?? "", TEST_MARK: mark },
      });
      expect(await it.exit).toEqual({ exitCode: 5, signal: null });
      const took = performance.now() - started;
      expect(took).toBeGreaterThan(450);
      expect(took).toBeLessThan(5_000);
      const lines = it.bytes().toString().trimEnd().split("\r\n");
      expect(lines.length).toBe(5001);
      expect(lines.at(-1)).toBe("5000");
      signalOwn(Number(lines[0]?.split(" ")[1]), "SIGKILL");
    });

    test("a grandchild that lets go in time lets the exit go at once, with what it still printed", async () => {
      const { text, exitCode } = await run(host, {
        argv: script("trap '' HUP; (sleep 0.1; echo last words) & exit 4"),
      });
      expect(text).toBe("last words\r\n");
      expect(exitCode).toBe(4);
    });

    test("who still sits at the terminal after the exit can't write there any more", async () => {
      const mark = join(dir, `noticed-${host.driver}`);
      const tick = '(while echo tick; do sleep 0.05; done; echo $? >"$1") 2>/dev/null &';
      const { exitCode } = await run(host, { argv: script(`trap '' HUP; ${tick} exit 8`, mark) });
      expect(exitCode).toBe(8);
      await until("the write that fails", () => existsSync(mark));
    });
  });
}
