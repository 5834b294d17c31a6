// Findings about the machine around the home: install, lock, terminals, PATH, this terminal. Pure.

import { delimiter } from "node:path";
import type { HarnessInfo } from "../../../session/ports/harnesses.ts";
import type { Inspection } from "../../../supervise/inspect.ts";
import { HUNG_HINT } from "../../../supervise/lifecycle.ts";
import { isUnicode } from "../../ui/glyphs.ts";
import { quoted } from "../../ui/text.ts";
import { type Finding, findingsOn } from "./checks.ts";
import type { Install } from "./install.ts";

/** From this share of the machine's pseudo-terminals on, doctor warns. */
const MANY_TERMINALS = 0.9;

/** This program: whether its npm parts fit together, and whether the `coven` people type is this one. */
export function installFinding(install: Install, version: string): Finding {
  const line = findingsOn("install");
  const { wrapper, onPath } = install;
  if (wrapper && wrapper.version !== version) {
    const what = `${wrapper.name} is ${wrapper.version}, and its executable is ${version}: half an update`;
    return line("problem", what, `npm install --global --include=optional ${wrapper.name}@latest`);
  }
  if (onPath && onPath.version !== version) {
    const what = `${onPath.path} on your PATH is version ${onPath.version ?? "unknown"}, this is ${version} (${install.self})`;
    return line("warning", what, "type -a coven   (then remove the one you don't want)");
  }
  const how = wrapper ? `, by npm (${wrapper.name})` : "";
  return line(
    "ok",
    install.fromSource ? `from source (${install.self})` : `${install.self}${how}`,
    "coven version",
  );
}

/** The lock that decides who is the daemon. */
export function lockFinding(lock: Inspection["lock"], answers: boolean, earlier = false): Finding {
  const line = findingsOn("lock");
  if (lock.error) return line("problem", lock.error.message, "coven daemon stop, then remove that file");
  const who = lock.pid === null ? "a process" : `pid ${lock.pid}`;
  if (lock.held && answers)
    return line("ok", `held by the daemon (${who}), as it should be`, "coven daemon status");
  if (lock.held) return line("warning", `held by ${who}, which does not answer`, HUNG_HINT);
  if (earlier) return line("ok", "free: the earlier daemon knows no such lock", "coven daemon restart");
  if (answers) return line("problem", "free, although a daemon answers", "coven daemon restart");
  return line("ok", "free: no daemon runs", "coven daemon start");
}

/** Pseudo-terminals: each live session takes one. `limit` is what this system's way of reading them can't do. */
export function terminalsFinding(
  terminals: Inspection["terminals"],
  limit?: Inspection["terminalLimit"],
): Finding {
  const line = findingsOn("terminals");
  if (limit) return line(limit.next === null ? "ok" : "warning", limit.what, limit.next ?? "coven sessions");
  if (!terminals) return line("ok", "this system doesn't say how many are in use", "coven sessions");
  const what = `${terminals.used} of the ${terminals.limit} of this machine in use`;
  if (terminals.used < terminals.limit * MANY_TERMINALS) return line("ok", what, "coven sessions");
  return line("warning", what, "end what you don't need: coven kill ID");
}

/** The PATH of this shell against the daemon's: a client that sends no environment gets the daemon's programs. */
export function pathFinding(
  mine: { readonly path: string; readonly harnesses: readonly HarnessInfo[] },
  daemon: { readonly path: string | null; readonly harnesses: readonly HarnessInfo[] } | undefined,
): Finding {
  const line = findingsOn("path");
  if (!daemon) return line("ok", "a daemon will take this shell's PATH when it starts", "coven daemon start");
  const moved = mine.harnesses
    .filter((one) => one.enabled)
    .flatMap((one) => {
      const theirs = daemon.harnesses.find(({ id }) => id === one.id)?.path ?? null;
      return theirs === one.path || one.id === "demo"
        ? []
        : [`${one.id} is ${one.path ?? "missing"} here and ${theirs ?? "missing"} for the daemon`];
    });
  if (moved.length > 0) {
    return line("warning", `${moved.join("; ")} (coven run goes by this shell)`, "coven daemon restart");
  }
  const there = new Set((daemon.path ?? mine.path).split(delimiter));
  const here = new Set(mine.path.split(delimiter));
  const lacks = Array.from(here).filter((one) => one !== "" && !there.has(one));
  const more = Array.from(there).filter((one) => one !== "" && !here.has(one));
  if (lacks.length === 0 && more.length === 0) {
    return line("ok", "the daemon finds the same programs as this shell", "coven run demo 'say hello'");
  }
  const differ = [
    ...lacks.map((one) => `without ${quoted(one)}`),
    ...more.map((one) => `with ${quoted(one)}`),
  ];
  const some = differ.slice(0, 2).join(", ");
  const rest = differ.length > 2 ? ` and ${differ.length - 2} more` : "";
  return line(
    "ok",
    `the daemon finds the same agents as this shell, with another PATH: ${some}${rest}`,
    "coven run demo 'say hello'",
  );
}

type Env = Readonly<Record<string, string | undefined>>;

/** What this terminal can show. */
export function terminalFinding(
  env: Env,
  terminal: {
    readonly isTerminal: boolean;
    readonly cols: number;
    readonly rows: number;
    readonly colour: boolean;
  },
): Finding {
  const line = findingsOn("terminal");
  if (!terminal.isTerminal) return line("ok", "none here: output goes to a file or a program", "coven help");
  const term = env["TERM"] ?? "";
  if (term === "" || term === "dumb") {
    return line(
      "warning",
      `TERM is ${term || "not set"}: no palette, no colour`,
      "export TERM=xterm-256color",
    );
  }
  const colour = terminal.colour ? "colour" : "no colour";
  const size = `${term}, ${terminal.cols}x${terminal.rows}, ${colour}`;
  if (isUnicode(env)) return line("ok", `${size}, Unicode`, "coven");
  return line("warning", `${size}, only ASCII by its locale`, "export LANG=C.UTF-8");
}
