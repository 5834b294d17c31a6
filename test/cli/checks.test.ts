// Holds what doctor makes of facts that are hard to bring about: one line per fact, the level and the next step.

import { describe, expect, test } from "bun:test";
import * as checks from "../../src/cli/commands/doctor/checks.ts";
import { CovenError } from "../../src/errors.ts";
import { covenPaths } from "../../src/paths.ts";
import type { HarnessInfo } from "../../src/session/ports/harnesses.ts";
import type { Inspection } from "../../src/supervise/inspect.ts";
import { HUNG_HINT } from "../../src/supervise/lifecycle.ts";

const paths = covenPaths({ COVEN_HOME: "/h" });
const error = new CovenError("runtime_unavailable", "It says why.");
const whole = { ok: true, userVersion: 1, sessions: 1, events: 2, checked: false } as const;

function ledger(
  report: Inspection["ledger"]["report"],
  freeBytes: number | null = 1e12,
): Inspection["ledger"] {
  return { file: { kind: "file", mode: 0o600 }, report, ledgerBytes: 4096, walBytes: 0, freeBytes };
}

function running(version: string) {
  return {
    state: "running",
    pid: 7,
    socket: "/h/coven.sock",
    startedAt: "2026-01-01T00:00:00.000Z",
    uptimeSeconds: 61,
    version,
    apiVersion: "coven.daemon.v1",
  } as const;
}

const CASES: readonly (readonly [
  name: string,
  finding: checks.Finding,
  level: checks.Level,
  next: string,
])[] = [
  [
    "a home not made yet",
    checks.homeFinding(paths, { kind: "missing", mode: null, error: null }),
    "ok",
    "coven daemon start",
  ],
  [
    "a home others can enter",
    checks.homeFinding(paths, { kind: "directory", mode: 0o755, error: null }),
    "warning",
    "chmod 700 /h",
  ],
  [
    "a home that must not be used",
    checks.homeFinding(paths, { kind: "link", mode: 0o777, error }),
    "problem",
    "set COVEN_HOME to a private directory of yours",
  ],
  [
    "no ledger yet",
    checks.storeFinding(paths, ledger({ ok: false, reason: "missing", error })),
    "ok",
    "coven run demo 'say hello'",
  ],
  ["a ledger", checks.storeFinding(paths, ledger(whole)), "ok", "coven sessions --all"],
  [
    "a full disk",
    checks.storeFinding(paths, ledger(whole, 1e6)),
    "warning",
    "free some disk space, or: coven sacrifice ID",
  ],
  [
    "a disk with no space at all",
    checks.storeFinding(paths, ledger(whole, 0)),
    "problem",
    "free some disk space, or: coven sacrifice ID",
  ],
  ["no word on the disk", checks.storeFinding(paths, ledger(whole, null)), "ok", "coven sessions --all"],
  [
    "a newer ledger",
    checks.storeFinding(paths, ledger({ ok: false, reason: "newer", error })),
    "problem",
    "install the newest coven, or set COVEN_HOME elsewhere",
  ],
  [
    "a damaged ledger",
    checks.storeFinding(paths, ledger({ ok: false, reason: "damaged", error })),
    "problem",
    "coven daemon stop, then: coven ledger repair   (works on a copy)",
  ],
  [
    "an unreadable ledger",
    checks.storeFinding(paths, ledger({ ok: false, reason: "unavailable", error })),
    "problem",
    "ls -l /h/coven.db",
  ],
  [
    "a disk that takes nothing any more",
    checks.diskFinding({ state: "full", daysLeft: 0 }),
    "problem",
    "free some disk space, or: coven sacrifice ID",
  ],
  [
    "a disk that fails",
    checks.diskFinding({ state: "failing", daysLeft: null }),
    "problem",
    "coven logs --level error",
  ],
  [
    "a disk that is full tomorrow",
    checks.diskFinding({ state: "ok", daysLeft: 1 }),
    "warning",
    "coven sacrifice ID, or set retention: coven config list",
  ],
  ["a disk", checks.diskFinding({ state: "ok", daysLeft: 40 }), "ok", "coven daemon status"],
  [
    "a repository",
    checks.projectFinding({ projectRoot: "/p", cwd: "/p", isRepository: true }),
    "ok",
    "coven run demo 'say hello'",
  ],
  [
    "no repository",
    checks.projectFinding({ projectRoot: "/p", cwd: "/p", isRepository: false }),
    "warning",
    "cd to a project, or: git init",
  ],
  ["a daemon", checks.daemonFinding(running("1.0.0"), "1.0.0"), "ok", "coven daemon status"],
  [
    "a daemon of another version",
    checks.daemonFinding(running("0.9.0"), "1.0.0"),
    "warning",
    "coven daemon restart",
  ],
  [
    "no daemon",
    checks.daemonFinding({ state: "stopped", socket: "/h/coven.sock" }, "1.0.0"),
    "ok",
    "coven daemon start",
  ],
  [
    "a hung daemon",
    checks.daemonFinding({ state: "hung", socket: "/h/coven.sock", pid: 7 }, "1.0.0"),
    "problem",
    HUNG_HINT,
  ],
  ["a stranger", checks.daemonFinding(error, "1.0.0"), "problem", "set COVEN_HOME to another directory"],
  [
    "no socket",
    checks.socketFinding(paths, { kind: "missing", mode: null }, false),
    "ok",
    "coven daemon start",
  ],
  [
    "a stale socket",
    checks.socketFinding(paths, { kind: "socket", mode: 0o600 }, false),
    "ok",
    "coven daemon start",
  ],
  [
    "an open socket",
    checks.socketFinding(paths, { kind: "socket", mode: 0o666 }, true),
    "problem",
    "coven daemon restart",
  ],
  [
    "a file for a socket",
    checks.socketFinding(paths, { kind: "file", mode: 0o600 }, false),
    "problem",
    "move it away: mv /h/coven.sock ~/",
  ],
];

describe("doctor", () => {
  for (const [name, finding, level, next] of CASES) {
    test(`${name}: ${level}`, () => {
      expect([finding.level, finding.next]).toEqual([level, next]);
      expect(finding.what).not.toBe("");
    });
  }

  test("a harness: version, install hint, the demo, and a manifest that was not taken", () => {
    const row = (id: string, available: boolean, more: Partial<HarnessInfo> = {}): HarnessInfo => ({
      id,
      label: id,
      executable: id,
      available,
      path: available ? `/b/${id}` : null,
      hint: `get ${id}`,
      source: "built-in",
      enabled: true,
      maturity: "launched here",
      version: null,
      stream: false,
      ...more,
    });
    const seen = {
      harnesses: [
        row("codex", true),
        row("claude", false),
        row("demo", true),
        row("qwen", true, { maturity: "argv tested" }),
        row("gemini", false, { enabled: false, path: "/b/gemini" }),
        row("goose", false, { enabled: false, maturity: "researched" }),
        row("aider", false, { enabled: false, maturity: "researched" }),
      ],
      manifestProblems: [{ file: "/h/harnesses/x.json", reason: "is not valid JSON" }],
    };
    const findings = checks.harnessFindings(
      seen,
      new Map([["codex", { version: "codex-cli 1", login: { in: true, start: "codex login" } }]]),
    );
    expect(findings.map((one) => [one.area, one.level, one.what, one.next])).toEqual([
      ["codex", "ok", "/b/codex (codex-cli 1), logged in", "coven run codex 'your task'"],
      ["claude", "warning", "not installed: no claude on your PATH", "get claude"],
      ["demo", "ok", "part of coven; needs no agent", "coven run demo 'say hello'"],
      ["qwen", "ok", "/b/qwen, argv tested", "coven run qwen 'your task'"],
      [
        "gemini",
        "ok",
        "/b/gemini, off (coven harnesses enable gemini), launched here",
        "coven harnesses enable gemini",
      ],
      ["harnesses", "ok", "known, off and not installed: goose, aider", "coven harnesses"],
      ["manifest", "warning", "/h/harnesses/x.json is not valid JSON", "mend or remove it"],
    ]);
  });
});
