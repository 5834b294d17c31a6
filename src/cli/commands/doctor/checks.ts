// Findings: each fact as OK, warning or problem, with the next step. Pure.

import type { CovenError } from "../../../errors.ts";
import type { HarnessWord } from "../../../harness/questions.ts";
import type { CovenPaths } from "../../../paths.ts";
import type { Found, Inspection } from "../../../supervise/inspect.ts";
import { type DaemonStatus, HUNG_HINT } from "../../../supervise/lifecycle.ts";
import { isCrowded } from "../../../supervise/probe.ts";
import type { Storage } from "../../client/facts.ts";
import type { Place } from "../../client/project.ts";
import { standstill } from "../../client/storage.ts";
import { counted, harmless } from "../../ui/text.ts";
import { size, span } from "../../ui/time.ts";

/** How bad it is. Only a problem makes doctor exit 1. */
export type Level = "ok" | "warning" | "problem";

/** One line of doctor. */
export interface Finding {
  readonly area: string;
  readonly level: Level;
  readonly what: string;
  /** A command line or a plain instruction. */
  readonly next: string;
}

/** Makes the findings of one area. */
export function findingsOn(area: string) {
  return (level: Level, what: string, next: string): Finding => ({ area, level, what, next });
}

/** Below this not even a ledger can be made. */
const NO_SPACE = 1_000_000;

/** A disk that is full within so many days is worth a warning. */
const FEW_DAYS = 3;

/** Below this a single long session can fill the disk. */
const LITTLE_SPACE = 500_000_000;

/** COVEN_HOME: whether it exists, is private and belongs to us. */
export function homeFinding(paths: CovenPaths, home: Inspection["home"]): Finding {
  const line = findingsOn("home");
  if (home.error)
    return line("problem", home.error.message, "set COVEN_HOME to a private directory of yours");
  if (home.kind === "missing")
    return line("ok", `${paths.home} (made at the first start)`, "coven daemon start");
  if (isOpen(home)) {
    return line("warning", `${paths.home} lets others in (${octal(home)})`, `chmod 700 ${paths.home}`);
  }
  return line("ok", `${paths.home}, only you can read it`, "coven sessions --all");
}

const REPAIR = "coven daemon stop, then: coven ledger repair   (works on a copy)";

/** What a quick check of a ledger's pages came to, where one was made. */
export type QuickCheck = { readonly problem: string | null } | "unfinished" | undefined;

/** The ledger: readable, sound, of our schema, with room to grow. */
export function storeFinding(paths: CovenPaths, ledger: Inspection["ledger"], quick?: QuickCheck): Finding {
  const line = findingsOn("store");
  const { report, freeBytes, file } = ledger;
  if (file.kind !== "missing" && file.kind !== "file") {
    return line("problem", `${paths.ledger} must be a plain file, and it is not`, `mv ${paths.ledger} ~/`);
  }
  const free = freeBytes === null ? "" : `, ${size(freeBytes)} free`;
  if (!report.ok) {
    switch (report.reason) {
      case "missing":
        return spaceOr(
          line("ok", `no ledger yet${free} (made at the first start)`, "coven run demo 'say hello'"),
        );
      case "newer":
        return line("problem", report.error.message, "install the newest coven, or set COVEN_HOME elsewhere");
      case "damaged":
        return line("problem", report.error.message, REPAIR);
      case "unavailable":
        // A daemon that can only read shares no memory, which would need room.
        if (isLocked(report.error) && freeBytes !== null && freeBytes < NO_SPACE) {
          const what = "the daemon reads it, and nobody else can while the disk is full";
          return line("warning", what, "free some disk space");
        }
        return line("problem", report.error.message, `ls -l ${paths.ledger}`);
    }
  }
  const bytes = size(ledger.ledgerBytes + ledger.walBytes);
  if (quick && quick !== "unfinished" && quick.problem !== null) {
    return line("problem", `The ledger is damaged: ${harmless(quick.problem)}`, REPAIR);
  }
  const whole = report.checked
    ? ", every page checked"
    : quick === "unfinished"
      ? ", too large for a quick check"
      : "";
  const what = `${counted(report.sessions, "session")}, ${counted(report.events, "event")}, ${bytes}${free}${whole}`;
  return spaceOr(line("ok", what, "coven sessions --all"));

  function spaceOr(finding: Finding): Finding {
    if (freeBytes === null || freeBytes >= LITTLE_SPACE) return finding;
    const level = freeBytes < NO_SPACE ? "problem" : "warning";
    return { ...finding, level, next: "free some disk space, or: coven sacrifice ID" };
  }
}

function isLocked({ details }: CovenError): boolean {
  return String(details?.["code"]).startsWith("SQLITE_BUSY");
}

/** The disk as the daemon finds it, which writes to it. */
export function diskFinding({ state, daysLeft }: Pick<Storage, "state" | "daysLeft">): Finding {
  const line = findingsOn("disk");
  if (state === "full") {
    return line("problem", standstill(state) ?? "", "free some disk space, or: coven sacrifice ID");
  }
  if (state !== "ok") return line("problem", standstill(state) ?? "", "coven logs --level error");
  if (daysLeft === null || daysLeft > FEW_DAYS)
    return line("ok", "what agents print is being recorded", "coven daemon status");
  const full = `full in ${counted(daysLeft, "day")} if the ledger goes on growing like this`;
  return line("warning", full, "coven sacrifice ID, or set retention: coven config list");
}

/** Where a run from here would happen. */
export function projectFinding(place: Place): Finding {
  const what = place.isRepository
    ? `${place.projectRoot} (git repository)`
    : `${place.projectRoot} (no .git here or above)`;
  return {
    area: "project",
    level: place.isRepository ? "ok" : "warning",
    what,
    next: place.isRepository ? "coven run demo 'say hello'" : "cd to a project, or: git init",
  };
}

/** The daemon, or the error that kept us from asking it. */
export function daemonFinding(found: DaemonStatus | CovenError, ownVersion: string): Finding {
  const line = findingsOn("daemon");
  if (found instanceof Error) {
    const next = isCrowded(found) ? String(found.details?.["hint"]) : "set COVEN_HOME to another directory";
    return line("problem", found.message, next);
  }
  if (found.state === "stopped")
    return line("ok", "not running; starts by itself when needed", "coven daemon start");
  if (found.state === "hung") {
    const who = found.pid === null ? "a process" : `process ${found.pid}`;
    return line("problem", `${who} holds the lock and does not answer`, HUNG_HINT);
  }
  const what = `running (pid ${found.pid}, up ${span(found.uptimeSeconds * 1000)}, version ${found.version})`;
  if (found.version === ownVersion) return line("ok", what, "coven daemon status");
  if (found.earlier) {
    return line(
      "problem",
      `${what}: an earlier coven, which this one can't use`,
      "coven daemon restart   (asks before it ends live sessions)",
    );
  }
  return line("warning", `${what}, and this is ${ownVersion}`, "coven daemon restart");
}

/** The socket's file, seen together with whether anybody answers on it. */
export function socketFinding(paths: CovenPaths, socket: Found, answers: boolean): Finding {
  const line = findingsOn("socket");
  if (socket.kind === "missing")
    return line("ok", `${paths.socket} (made when the daemon starts)`, "coven daemon start");
  if (socket.kind !== "socket") {
    return line("problem", `${paths.socket} is not a socket`, `move it away: mv ${paths.socket} ~/`);
  }
  if (!answers)
    return line(
      "ok",
      `${paths.socket} (nobody answers on it; the next start replaces it)`,
      "coven daemon start",
    );
  if (isOpen(socket))
    return line("problem", `${paths.socket} lets others in (${octal(socket)})`, "coven daemon restart");
  return line("ok", `${paths.socket}, only you can connect`, "coven daemon status");
}

/** Each harness as a run from this shell would find it, and manifests that were refused. */
export function harnessFindings(
  seen: Pick<Inspection, "harnesses" | "manifestProblems">,
  words: ReadonlyMap<string, HarnessWord>,
): Finding[] {
  const found = seen.harnesses.flatMap((one): Finding[] => {
    const line = findingsOn(one.id);
    const { version, login } = words.get(one.id) ?? {};
    if (one.id === "demo") return [line("ok", "part of coven; needs no agent", "coven run demo 'say hello'")];
    const what = `${one.path}${version === undefined ? "" : ` (${version})`}`;
    const tried = one.maturity === null || one.maturity === "launched here" ? "" : `, ${one.maturity}`;
    if (!one.enabled) {
      if (one.path === null) return [];
      return [
        line(
          "ok",
          `${what}, off (coven harnesses enable ${one.id}), ${one.maturity}`,
          `coven harnesses enable ${one.id}`,
        ),
      ];
    }
    if (!one.available) {
      return [line("warning", `not installed: no ${one.executable} on your PATH${tried}`, one.hint)];
    }
    if (login?.in === false) return [line("warning", `${what}${tried}, not logged in`, login.start)];
    return [line("ok", `${what}${tried}${login ? ", logged in" : ""}`, `coven run ${one.id} 'your task'`)];
  });
  const unseen = seen.harnesses.filter((one) => !one.enabled && one.path === null).map(({ id }) => id);
  const known: Finding[] =
    unseen.length > 0
      ? [
          findingsOn("harnesses")(
            "ok",
            `known, off and not installed: ${unseen.join(", ")}`,
            "coven harnesses",
          ),
        ]
      : [];
  const refused = seen.manifestProblems.map((one) =>
    findingsOn("manifest")("warning", `${one.file} ${one.reason}`, "mend or remove it"),
  );
  return [...found, ...known, ...refused];
}

/** Adapters of the control plane: as the daemon knows them, or without it as their manifests stand. */
export function adapterFindings({ adapters, problems }: Adapters): Finding[] {
  const line = findingsOn("adapter");
  return [
    ...adapters.map(({ id, missing, problem = null, pid = null, state }) => {
      if (missing !== null)
        return line("warning", `${id} needs ${missing}, which is not on the PATH`, `install ${missing}`);
      if (state === "running") return line("ok", `${id}, running (pid ${pid})`, "coven approvals");
      if (problem !== null) {
        return line("warning", `${id}: ${problem}`, `look at logs/adapter-${id}.log in COVEN_HOME`);
      }
      return line("ok", `${id}, started when it is needed`, "coven approvals");
    }),
    ...problems.map(({ file, reason }) => line("warning", `${file} ${reason}`, "mend or remove it")),
  ];
}

/** What is known of each: less where no daemon says it. */
interface Adapters {
  readonly adapters: readonly {
    readonly id: string;
    readonly missing: string | null;
    readonly state?: string;
    readonly pid?: number | null;
    readonly problem?: string | null;
  }[];
  readonly problems: Inspection["adapters"]["problems"];
}

/** Whether anybody but the owner is let in. */
export function isOpen(found: Found): boolean {
  return found.mode !== null && (found.mode & 0o077) !== 0;
}

/** The mode as chmod takes it. */
export function octal(found: Found): string {
  return (found.mode ?? 0).toString(8).padStart(4, "0");
}
