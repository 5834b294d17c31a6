// Holds what doctor makes of the machine around the home: one line per fact, the level and the next step.

import { describe, expect, test } from "bun:test";
import type { Finding, Level } from "../../src/cli/commands/doctor/checks.ts";
import type { Install } from "../../src/cli/commands/doctor/install.ts";
import * as checks from "../../src/cli/commands/doctor/machine.ts";
import { CovenError } from "../../src/errors.ts";
import { pathOfProcess, terminalCount } from "../../src/os/machine.ts";
import { driverLimit } from "../../src/pty/drivers.ts";
import type { HarnessInfo } from "../../src/session/ports/harnesses.ts";
import { HUNG_HINT } from "../../src/supervise/lifecycle.ts";
import { commandLine } from "../support/command-line.ts";
import { notLinux, testUnless } from "../support/unless.ts";
import { until } from "../support/until.ts";

const error = new CovenError("runtime_unavailable", "It says why.");
const free = { held: false, pid: null, error: null };
const held = { held: true, pid: 7, error: null };
const alone: Install = { self: "/opt/coven", fromSource: false, wrapper: undefined, onPath: undefined };
const wrapper = (version: string) => ({ name: "@opencoven/cli", version });
const codex = (path: string | null): HarnessInfo => ({
  ...{ id: "codex", label: "Codex", executable: "codex", available: path !== null, path },
  ...{ hint: "", source: "built-in", stream: false },
  ...{ enabled: true, maturity: "launched here", version: null },
});
const shell = { path: "/usr/bin:/bin", harnesses: [codex("/usr/bin/codex")] };
const screen = { isTerminal: true, cols: 80, rows: 24, colour: true };

const CASES: readonly (readonly [string, Finding, Level, says: string, next: string])[] = [
  ["an executable of its own", checks.installFinding(alone, "1.0.0"), "ok", "/opt/coven", "coven version"],
  [
    "from source",
    checks.installFinding({ ...alone, self: "/src", fromSource: true }, "1.0.0"),
    "ok",
    "from source (/src)",
    "coven version",
  ],
  [
    "by npm",
    checks.installFinding({ ...alone, wrapper: wrapper("1.0.0") }, "1.0.0"),
    "ok",
    "/opt/coven, by npm (@opencoven/cli)",
    "coven version",
  ],
  [
    "half an update",
    checks.installFinding({ ...alone, wrapper: wrapper("1.1.0") }, "1.0.0"),
    "problem",
    "@opencoven/cli is 1.1.0, and its executable is 1.0.0: half an update",
    "npm install --global --include=optional @opencoven/cli@latest",
  ],
  [
    "another on the PATH",
    checks.installFinding({ ...alone, onPath: { path: "/b/coven", version: "0.9.0" } }, "1.0.0"),
    "warning",
    "/b/coven on your PATH is version 0.9.0, this is 1.0.0 (/opt/coven)",
    "type -a coven   (then remove the one you don't want)",
  ],
  [
    "a copy on the PATH",
    checks.installFinding({ ...alone, onPath: { path: "/b/coven", version: "1.0.0" } }, "1.0.0"),
    "ok",
    "/opt/coven",
    "coven version",
  ],
  [
    "a lock that is free",
    checks.lockFinding(free, false),
    "ok",
    "free: no daemon runs",
    "coven daemon start",
  ],
  [
    "a lock the daemon holds",
    checks.lockFinding(held, true),
    "ok",
    "held by the daemon (pid 7), as it should be",
    "coven daemon status",
  ],
  [
    "a lock nobody answers for",
    checks.lockFinding(held, false),
    "warning",
    "held by pid 7, which does not answer",
    HUNG_HINT,
  ],
  [
    "a lock that is free beside a daemon",
    checks.lockFinding(free, true),
    "problem",
    "free, although a daemon answers",
    "coven daemon restart",
  ],
  [
    "a lock that can't be read",
    checks.lockFinding({ ...free, error }, false),
    "problem",
    "It says why.",
    "coven daemon stop, then remove that file",
  ],
  [
    "few terminals",
    checks.terminalsFinding({ used: 5, limit: 4096 }),
    "ok",
    "5 of the 4096 of this machine in use",
    "coven sessions",
  ],
  [
    "nearly no terminals left",
    checks.terminalsFinding({ used: 95, limit: 100 }),
    "warning",
    "95 of the 100 of this machine in use",
    "end what you don't need: coven kill ID",
  ],
  [
    "terminals read by Bun where a newer system would do better",
    checks.terminalsFinding({ used: 5, limit: 4096 }, driverLimit("bun", "linux")),
    "warning",
    "Bun reads the terminals: a program that prints without end holds up other sessions, and a full disk can't hold it back",
    "unset COVEN_PTY, or use glibc 2.29 or later",
  ],
  [
    "terminals read by Bun where nothing else is to be had",
    checks.terminalsFinding({ used: 5, limit: 999 }, driverLimit("bun", "darwin")),
    "ok",
    "Bun reads the terminals: a program that prints without end holds up other sessions, and a full disk can't hold it back",
    "coven sessions",
  ],
  [
    "terminals read by ourselves",
    checks.terminalsFinding({ used: 5, limit: 4096 }, driverLimit("posix", "linux")),
    "ok",
    "5 of the 4096 of this machine in use",
    "coven sessions",
  ],
  [
    "terminals nobody counts",
    checks.terminalsFinding(null),
    "ok",
    "this system doesn't say how many are in use",
    "coven sessions",
  ],
  [
    "no daemon to compare with",
    checks.pathFinding(shell, undefined),
    "ok",
    "a daemon will take this shell's PATH when it starts",
    "coven daemon start",
  ],
  [
    "the same PATH",
    checks.pathFinding(shell, shell),
    "ok",
    "the daemon finds the same programs as this shell",
    "coven run demo 'say hello'",
  ],
  [
    "a PATH that can't be seen",
    checks.pathFinding(shell, { ...shell, path: null }),
    "ok",
    "the daemon finds the same programs as this shell",
    "coven run demo 'say hello'",
  ],
  [
    "a PATH that differs in what doesn't matter",
    checks.pathFinding(shell, { ...shell, path: "/usr/bin:/opt/x:/a:/b" }),
    "ok",
    "the daemon finds the same agents as this shell, with another PATH: without /bin, with /opt/x and 2 more",
    "coven run demo 'say hello'",
  ],
  [
    "a harness the daemon misses",
    checks.pathFinding(shell, { path: "/bin", harnesses: [codex(null)] }),
    "warning",
    "codex is /usr/bin/codex here and missing for the daemon (coven run goes by this shell)",
    "coven daemon restart",
  ],
  [
    "a terminal",
    checks.terminalFinding({ TERM: "xterm", LANG: "C.UTF-8" }, screen),
    "ok",
    "xterm, 80x24, colour, Unicode",
    "coven",
  ],
  [
    "no terminal",
    checks.terminalFinding({}, { ...screen, isTerminal: false }),
    "ok",
    "none here: output goes to a file or a program",
    "coven help",
  ],
  [
    "a dumb terminal",
    checks.terminalFinding({ TERM: "dumb" }, screen),
    "warning",
    "TERM is dumb: no palette, no colour",
    "export TERM=xterm-256color",
  ],
  [
    "an ASCII locale",
    checks.terminalFinding({ TERM: "xterm", LANG: "C" }, { ...screen, colour: false }),
    "warning",
    "xterm, 80x24, no colour, only ASCII by its locale",
    "export LANG=C.UTF-8",
  ],
];

testUnless(notLinux)("doctor says which driver's limits a daemon of this shell would have", async () => {
  await using line = commandLine();
  const said = async (pty: string) => (await line.coven(["doctor"], { env: { COVEN_PTY: pty } })).out;
  expect(await said("")).not.toContain("Bun reads the terminals");
  expect(await said("bun")).toContain("Bun reads the terminals");
  expect(await said("tmux")).toContain("COVEN_PTY must be posix, bun or node-pty");
});

describe("doctor on the machine", () => {
  for (const [name, finding, level, says, next] of CASES) {
    test(`${name}: ${level}`, () =>
      expect([finding.level, finding.what, finding.next]).toEqual([level, says, next]));
  }
});

testUnless(notLinux)(
  "Linux says how many terminals there are, and the PATH of a process of ours",
  async () => {
    const count = terminalCount();
    expect(count?.limit).toBeGreaterThan(0);
    expect(count?.used).toBeGreaterThanOrEqual(0);
    const child = Bun.spawn(["/bin/sleep", "60"], { env: { PATH: "/one:/two" } });
    // Until it has become another program its environment is not its own yet.
    await until("it runs", () => pathOfProcess(child.pid) === "/one:/two");
    child.kill();
    await child.exited;
    expect(pathOfProcess(child.pid)).toBeNull();
    expect(pathOfProcess(0)).toBeNull();
  },
);
