// `coven doctor`: looks at everything, starts and changes nothing, and says what to do.
import { existsSync } from "node:fs";
import { covenClient, isUnreachable } from "../../../api/client.ts";
import { type CovenError, isCovenError } from "../../../errors.ts";
import { environment } from "../../../os/environment.ts";
import { pathOfProcess } from "../../../os/machine.ts";
import { type CovenPaths, covenPaths } from "../../../paths.ts";
import { inspect, quickCheckOf } from "../../../supervise/inspect.ts";
import { type DaemonStatus, daemonStatus } from "../../../supervise/lifecycle.ts";
import { isCrowded } from "../../../supervise/probe.ts";
import { COVEN_VERSION } from "../../../version.ts";
import { IMPORT_HINT } from "../../client/connect.ts";
import { type Facts, factsOf } from "../../client/facts.ts";
import { harnessWords } from "../../client/harness-words.ts";
import { placeOf } from "../../client/project.ts";
import { notable } from "../../client/weighed.ts";
import { has, type Run } from "../../framework/command.ts";
import { out } from "../../ui/colour.ts";
import { Failure } from "../../ui/failure.ts";
import { columns, printJson, write } from "../../ui/out.ts";
import { asTyped } from "../../ui/own-name.ts";
import { withProgress } from "../../ui/progress.ts";
import { counted, harmless } from "../../ui/text.ts";
import { padded, wrapped } from "../../ui/width.ts";
import { workingDirectory } from "../../ui/working-directory.ts";
import {
  adapterFindings,
  daemonFinding,
  diskFinding,
  type Finding,
  harnessFindings,
  homeFinding,
  type Level,
  projectFinding,
  socketFinding,
  storeFinding,
} from "./checks.ts";
import { configFindings, fileFindings } from "./files.ts";
import { installOf } from "./install.ts";
import { installFinding, lockFinding, pathFinding, terminalFinding, terminalsFinding } from "./machine.ts";

export const run: Run = async (invocation) => {
  const deep = has(invocation, "deep");
  const findings = await withProgress(deep ? "Checking every page of the ledger" : "Looking around", () =>
    examine(deep),
  );
  const broken = findings.filter((one) => one.level === "problem").length;
  if (has(invocation, "json")) {
    await printJson({ ok: broken === 0, version: COVEN_VERSION, checks: findings });
  } else {
    await write(`${rendered(findings).join("\n")}\n`);
  }
  return broken === 0 ? 0 : 1;
};

/** Everything doctor finds; `deep` checks every page of the ledger. Diagnostics ask too. */
export async function examine(deep: boolean): Promise<Finding[]> {
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
  const env = environment();
  const path = env["PATH"] ?? "";
  const seen = inspect(paths, env, { deep });
  const { report } = seen.ledger;
  const [daemon, words, install, quick] = await Promise.all([
    look(paths),
    harnessWords(seen.harnesses, seen.questions),
    installOf(path),
    report.ok && !report.checked ? quickCheckOf(paths.ledger) : undefined,
  ]);
  const answers = "state" in daemon && daemon.state === "running";
  const theirs = answers ? await daemonPath(paths, daemon.pid) : undefined;
  const facts = answers ? await factsOf(paths.socket) : undefined;
  const { isTTY, columns: cols = 0, rows = 0 } = process.stdout;
  return [
    ...findings,
    installFinding(install, COVEN_VERSION),
    homeFinding(paths, seen.home),
    ...configFindings(paths, seen.config, existsSync(paths.config)),
    ...fileFindings(paths, seen),
    storeFinding(paths, seen.ledger, quick),
    ...earlierFindings(paths, facts),
    ...(facts ? notable(facts, Date.now()).map(sizeFinding) : []),
    ...(facts?.storage ? [diskFinding(facts.storage)] : []),
    lockFinding(seen.lock, answers || isCrowded(daemon), "earlier" in daemon),
    socketFinding(paths, seen.socket, answers || isCrowded(daemon)),
    daemonFinding(daemon, COVEN_VERSION),
    terminalsFinding(seen.terminals, seen.terminalLimit),
    projectHere(),
    pathFinding({ path, harnesses: seen.harnesses }, theirs),
    terminalFinding(env, { isTerminal: isTTY === true, cols, rows, colour: out.isColorSupported }),
    ...harnessFindings(seen, words),
    ...adapterFindings((answers ? await daemonAdapters(paths) : undefined) ?? seen.adapters),
  ];
}

function sizeFinding(what: string): Finding {
  return {
    area: "sessions",
    level: "warning",
    what,
    next: "coven attach ID to look at it, coven kill ID to end it",
  };
}

/** What coven 0.4 has left, until it is imported; without a daemon nobody knows whether it was. */
function earlierFindings(paths: CovenPaths, facts: Facts | undefined): Finding[] {
  if (facts ? !facts.earlierLedger : !existsSync(paths.earlierLedger)) return [];
  const perhaps = facts ? "" : `; if they were not imported: ${IMPORT_HINT}`;
  const what = `sessions of coven 0.4 in ${paths.earlierLedger}${perhaps}`;
  return [{ area: "import", level: facts ? "warning" : "ok", what, next: IMPORT_HINT }];
}

/** What the daemon finds on its own PATH; undefined when it went meanwhile. */
async function daemonPath(paths: CovenPaths, pid: number): Promise<Parameters<typeof pathFinding>[1]> {
  try {
    const harnesses = await covenClient(paths.socket, { timeoutMs: 3_000 }).harnesses();
    return { path: pathOfProcess(pid), harnesses };
  } catch {
    return undefined;
  }
}

/** What the daemon says of the adapters of its control plane; undefined when it went meanwhile, or knows of none. */
async function daemonAdapters(paths: CovenPaths): Promise<Parameters<typeof adapterFindings>[0] | undefined> {
  try {
    return await covenClient(paths.socket, { timeoutMs: 3_000 }).adapters();
  } catch {
    return undefined;
  }
}

function projectHere(): Finding {
  try {
    return projectFinding(placeOf(workingDirectory(), undefined));
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    const next = (error instanceof Failure && error.hints[0]) || "cd to a directory that exists";
    return { area: "project", level: "problem", what, next };
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

const WORDS: Readonly<Record<Level, { word: string; paint: (text: string) => string }>> = {
  ok: { word: "OK", paint: out.green },
  warning: { word: "warning", paint: out.yellow },
  problem: { word: "problem", paint: out.red },
};

/** One line each, below it what to try where something is wrong, and at the end what may be done now. */
function rendered(findings: readonly Finding[]): string[] {
  const width = columns(process.stdout, Number.POSITIVE_INFINITY);
  const area = Math.max(...findings.map((one) => one.area.length));
  const narrow = width < 60;
  const indent = narrow ? "  " : " ".repeat("problem".length + area + 4);
  const lines = findings.flatMap((one) => {
    const { word, paint } = WORDS[one.level];
    const name = `${paint(padded(word, "problem".length))}  ${padded(harmless(one.area), area)}`;
    const [first = "", ...more] = folded(asTyped(harmless(one.what)), indent, width);
    const head = narrow
      ? [`${paint(word)} ${out.bold(harmless(one.area))}`, first, ...more]
      : [`${name}  ${first.trimStart()}`, ...more];
    if (one.level === "ok") return head;
    return [...head, ...folded(`Try: ${asTyped(harmless(one.next))}`, indent, width)];
  });
  const count = (level: Level) => findings.filter((one) => one.level === level).length;
  const [problems, warnings] = [count("problem"), count("warning")];
  const sum = problems > 0 ? out.red(counted(problems, "problem")) : "No problems";
  // The first agent that is ready; the demo always is.
  const ready = findings.filter(({ level, next }) => level === "ok" && next.startsWith("coven run "));
  const then =
    problems > 0 ? undefined : (ready.find(({ next }) => !/^coven run demo /.test(next)) ?? ready[0]);
  return [
    ...lines,
    "",
    `${sum}${warnings > 0 ? `, ${counted(warnings, "warning")}` : ""}.`,
    ...(then ? folded(`Next: ${asTyped(harmless(then.next))}`, "", width) : []),
  ];
}

function folded(text: string, indent: string, width: number): string[] {
  if (!Number.isFinite(width)) return [`${indent}${text}`];
  return wrapped(text, Math.max(10, width - indent.length)).map((row) => `${indent}${row}`);
}
