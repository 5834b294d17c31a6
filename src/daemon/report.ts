// What a starting daemon says to whoever started it: one line on an inherited pipe. Works on a full disk, and at once.
import { closeSync, fstatSync, writeSync } from "node:fs";
import { CovenError, ERROR_CODES, type ErrorDetails, isCovenError } from "../errors.ts";

/** The variable that names the pipe's descriptor; the daemon takes it out of its environment. */
export const REPORT_VARIABLE = "COVEN_REPORT_FD";

/** How a start ended: it serves, another process holds the lock, or it could not and says why; `ready`: it could (`check`), and understands these versions of the handover. */
export type Report =
  | { readonly outcome: "serving"; readonly pid: number }
  | { readonly outcome: "held" }
  | { readonly outcome: "ready"; readonly handover?: readonly number[] }
  | { readonly outcome: "failed"; readonly error: CovenError };

/** EX_CONFIG of sysexits.h. An init system that starts the daemon again after a failure need not try after this one. */
export const LASTING_EXIT = 78;

/** What of a ledger's own state keeps every daemon of this program from opening it. */
const LASTING_CODES = /^(?:foreign|not_a_file|journal_mode|SQLITE_NOTADB.*|SQLITE_CORRUPT.*)$/;

/**
 * The exit code of a daemon that could not start: whether it could without anything done about it. It could not with settings or a home that are refused,
 * beside another daemon, and with a ledger that is a newer coven's, another program's or damaged.
 */
export function exitCodeOf(error: unknown): number {
  if (!isCovenError(error)) return 1;
  const { code, reason, found } = error.details ?? {};
  const lasting =
    error.code === "invalid_request" ||
    reason === "held" ||
    found !== undefined ||
    LASTING_CODES.test(String(code));
  return lasting ? LASTING_EXIT : 1;
}

/**
 * The way to report to whoever waits, if somebody does: writes one line and closes the pipe; what is said after that is
 * dropped. Takes the variable out of the environment. Never throws: whoever waited may have gone.
 */
export function reporter(env: Record<string, string | undefined>): (said: Report) => void {
  let fd: number | undefined = pipeOf(env[REPORT_VARIABLE]);
  delete env[REPORT_VARIABLE];
  return (said) => {
    if (fd === undefined) return;
    const pipe = fd;
    // Once closed, the number may stand for any other file of this process.
    fd = undefined;
    try {
      writeSync(pipe, `${encode(said)}\n`);
      closeSync(pipe);
    } catch {
      // The one who started us is gone; the daemon stays.
    }
  };
}

/** The descriptor, if it is one and a pipe: a stray variable must not make us write into something else. */
function pipeOf(word: string | undefined): number | undefined {
  const fd = Number(word);
  if (!Number.isInteger(fd) || fd < 3) return undefined;
  try {
    const kind = fstatSync(fd);
    return kind.isFIFO() || kind.isSocket() ? fd : undefined;
  } catch {
    return undefined;
  }
}

function encode(said: Report): string {
  if (said.outcome !== "failed") return JSON.stringify(said);
  const { code, message, details } = said.error;
  return JSON.stringify({ outcome: said.outcome, error: { code, message, details } });
}

/** The report in what came through the pipe, or undefined when the process ended without one. */
export function parseReport(text: string): Report | undefined {
  try {
    const said: unknown = JSON.parse(text);
    if (typeof said !== "object" || said === null || !("outcome" in said)) return undefined;
    if (said.outcome === "held") return { outcome: "held" };
    if (said.outcome === "ready") {
      const handover = "handover" in said && Array.isArray(said.handover) ? said.handover.map(Number) : [];
      return { outcome: "ready", handover };
    }
    if (said.outcome === "serving" && "pid" in said && typeof said.pid === "number") {
      return { outcome: "serving", pid: said.pid };
    }
    if (said.outcome === "failed" && "error" in said)
      return { outcome: "failed", error: errorOf(said.error) };
    return undefined;
  } catch {
    return undefined;
  }
}

/** Any failure as an error of ours; what was not thrown on purpose keeps its own message. */
export function asCovenError(error: unknown): CovenError {
  if (isCovenError(error)) return error;
  return new CovenError("runtime_unavailable", error instanceof Error ? error.message : String(error));
}

function errorOf(said: unknown): CovenError {
  const { code, message, details } =
    // Written by `encode` of this very program; every member is looked at before it is used.
    (said ?? {}) as { code?: unknown; message?: unknown; details?: ErrorDetails };
  const known = ERROR_CODES.find((word) => word === code) ?? "runtime_unavailable";
  return new CovenError(known, String(message ?? "The daemon did not start."), details);
}
