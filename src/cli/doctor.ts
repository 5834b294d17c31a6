// Owns `coven doctor`: looks, starts nothing, changes nothing, and says what to do.
import { isUnreachable } from "../api/client.ts";
import { inspect } from "../daemon/inspect.ts";
import { type DaemonStatus, daemonStatus } from "../daemon/lifecycle.ts";
import { type CovenError, isCovenError } from "../errors.ts";
import { type CovenPaths, covenPaths } from "../paths.ts";
import type { HarnessInfo } from "../session/ports.ts";
import { COVEN_VERSION } from "../version.ts";
import {
  daemonFinding,
  type Finding,
  harnessFindings,
  homeFinding,
  type Level,
  projectFinding,
  socketFinding,
  storeFinding,
} from "./checks.ts";
import { has, type Run } from "./command.ts";
import { environment } from "./environment.ts";
import { placeOf } from "./project.ts";
import { out } from "./ui/colour.ts";
import { printJson, write } from "./ui/out.ts";
import { harmless } from "./ui/text.ts";
import { padded } from "./ui/width.ts";

/** How long a harness may take to say its version before doctor goes on without it. */
const VERSION_MS = 3_000;

export const run: Run = async (invocation) => {
  const findings = await examine();
  const broken = findings.filter((one) => one.level === "problem").length;
  if (has(invocation, "json")) {
    await printJson({ ok: broken === 0, version: COVEN_VERSION, checks: findings });
  } else {
    await write(`${rendered(findings).join("\n")}\n`);
  }
  return broken === 0 ? 0 : 1;
};

async function examine(): Promise<Finding[]> {
  const findings: Finding[] = [
    {
      area: "coven",
      level: "ok",
      what: `version ${COVEN_VERSION} on ${process.platform} ${process.arch} (bun ${Bun.version})`,
      next: "coven help",
    },
  ];
  let paths: CovenPaths;
  try {
    paths = covenPaths();
  } catch (error) {
    if (!isCovenError(error)) throw error;
    const next = "set COVEN_HOME to a short absolute path";
    return [...findings, { area: "home", level: "problem", what: error.message, next }, projectHere()];
  }
  const seen = inspect(paths, environment());
  const [daemon, versions] = await Promise.all([look(paths), harnessVersions(seen.harnesses)]);
  return [
    ...findings,
    homeFinding(paths, seen.home),
    storeFinding(paths, seen.ledger),
    projectHere(),
    daemonFinding(daemon, COVEN_VERSION),
    socketFinding(paths, seen.socket, "state" in daemon && daemon.state === "running"),
    ...harnessFindings(seen, versions),
  ];
}

function projectHere(): Finding {
  try {
    return projectFinding(placeOf(process.cwd(), undefined));
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    return { area: "project", level: "problem", what, next: "cd to a directory that exists" };
  }
}

async function look(paths: CovenPaths): Promise<DaemonStatus | CovenError> {
  try {
    return await daemonStatus(paths);
  } catch (error) {
    if (isCovenError(error) || isUnreachable(error)) return error;
    throw error;
  }
}

/** What installed agents say their version is; one that says nothing in time is left out. */
async function harnessVersions(list: readonly HarnessInfo[]): Promise<Map<string, string>> {
  const known = list.filter((one) => one.available && one.source === "built-in" && one.id !== "demo");
  const asked = known.map(async (one): Promise<[string, string] | undefined> => {
    if (one.path === null) return undefined;
    try {
      const child = Bun.spawn([one.path, "--version"], {
        stdin: "ignore",
        stderr: "ignore",
        stdout: "pipe",
        timeout: VERSION_MS,
        killSignal: "SIGKILL",
      });
      const [text, code] = await Promise.all([new Response(child.stdout).text(), child.exited]);
      const first = text.trim().split("\n", 1)[0] ?? "";
      return code === 0 && first !== "" ? [one.id, harmless(first).slice(0, 60)] : undefined;
    } catch {
      // It can't be started; a run will say why.
      return undefined;
    }
  });
  return new Map((await Promise.all(asked)).filter((answer) => answer !== undefined));
}

const WORDS: Readonly<Record<Level, { word: string; paint: (text: string) => string }>> = {
  ok: { word: "OK", paint: out.green },
  warning: { word: "warning", paint: out.yellow },
  problem: { word: "problem", paint: out.red },
};

function rendered(findings: readonly Finding[]): string[] {
  const area = Math.max(...findings.map((one) => one.area.length));
  const indent = " ".repeat("problem".length + area + 4);
  const lines = findings.flatMap((one) => {
    const { word, paint } = WORDS[one.level];
    const head = `${paint(padded(word, "problem".length))}  ${padded(harmless(one.area), area)}  ${harmless(one.what)}`;
    const next = harmless(one.next);
    return [head, one.level === "ok" ? out.dim(`${indent}next: ${next}`) : `${indent}Try: ${next}`];
  });
  const count = (level: Level) => findings.filter((one) => one.level === level).length;
  const [problems, warnings] = [count("problem"), count("warning")];
  const sum = problems > 0 ? out.red(tally(problems, "problem")) : "No problems";
  return [...lines, "", `${sum}${warnings > 0 ? `, ${tally(warnings, "warning")}` : ""}.`];
}

function tally(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
