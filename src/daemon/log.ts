// The evidence: logs/daemon.log, one JSON document a line, redacted, capped in size, never in anybody's way.
import { closeSync, constants, fstatSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { isSecretName, REDACTED, redact } from "../redact.ts";
import type { Log } from "../session/ports/world.ts";

/** Figures a test may lower. */
export interface LogLimits {
  /** The file is rotated before it would pass this; default 5 MB. */
  readonly fileBytes?: number;
  /** How many rotated files stay (`daemon.log.1` the youngest); default 3. */
  readonly kept?: number;
  /** No line is longer; default 16 KiB. */
  readonly lineBytes?: number;
}

type Level = "info" | "warn" | "error";

const MOST_DEPTH = 4;
const MOST_MEMBERS = 64;
const MOST_TEXT = 4096;

/**
 * The log at `file`; the daemon, and nobody else, writes it. A line has `ts` (RFC 3339 UTC, milliseconds), `level`, `event`, `pid`
 * and the fields given, beside what `context` says at that moment. Never throws: what could not be written is counted, and the next line that can be says so.
 */
export function openLog(
  file: string,
  now: () => string,
  limits: LogLimits = {},
  context: () => Readonly<Record<string, unknown>> = () => ({}),
): Log & { close(): void } {
  const { fileBytes = 5_000_000, kept = 3, lineBytes = 16 * 1024 } = limits;
  let fd: number | undefined;
  let lost = 0;
  let torn = false;

  function open(): number {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0);
    return openSync(file, flags, 0o600);
  }

  function close(): void {
    if (fd !== undefined) closeSync(fd);
    fd = undefined;
  }

  function rotate(): void {
    close();
    rmSync(`${file}.${kept}`, { force: true });
    for (let age = kept - 1; age >= 1; age--) moveIfThere(`${file}.${age}`, `${file}.${age + 1}`);
    moveIfThere(file, `${file}.1`);
    fd = open();
  }

  function append(line: string): void {
    fd ??= open();
    let { size, nlink } = fstatSync(fd);
    if (nlink === 0) {
      // Somebody removed it; lines into a file without a name would be lost.
      close();
      fd = open();
      ({ size, nlink } = fstatSync(fd));
    }
    const bytes = Buffer.from(`${torn ? "\n" : ""}${line}\n`);
    if (size > 0 && size + bytes.length > fileBytes) rotate();
    const written = writeSync(fd, bytes);
    torn = written < bytes.length;
    if (torn) throw new Error("short write");
  }

  function write(level: Level, event: string, fields: Readonly<Record<string, unknown>> = {}): void {
    try {
      const head = { ts: now(), level, event: redact(event).slice(0, 128), pid: process.pid };
      if (lost > 0) {
        append(encode({ ts: head.ts, level: "warn", event: "log_lines_lost", pid: head.pid, count: lost }));
        lost = 0;
      }
      const line = encode({ ...shown({ ...context(), ...fields }), ...head });
      const fits = Buffer.byteLength(line) + 2 <= lineBytes;
      append(fits ? line : encode({ ...head, truncated: true, fields: Object.keys(fields).slice(0, 16) }));
    } catch {
      lost++;
    }
  }

  return {
    info: (event, fields) => write("info", event, fields),
    warn: (event, fields) => write("warn", event, fields),
    error: (event, fields) => write("error", event, fields),
    close,
  };
}

/** The members of an error a reader of the log needs, its causes included by the text of the stack. */
export function errorFields(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  const code = "code" in error ? { code: String(error.code) } : {};
  return { name: error.name, message: error.message, ...code, stack: error.stack ?? "" };
}

function moveIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch {
    // Not there yet.
  }
}

/** JSON that a terminal can show: what JSON leaves bare of what controls it, or turns its reading direction, is escaped too. */
function encode(value: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function shown(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const clean: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields).slice(0, MOST_MEMBERS)) {
    clean[redact(name).slice(0, 128)] = isSecretName(name) ? REDACTED : plain(value, 1);
  }
  return clean;
}

/** The value as JSON can hold it, its texts redacted and bounded, its depth and width too. */
function plain(value: unknown, depth: number): unknown {
  if (typeof value === "string") {
    const text = redact(value);
    return text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}…` : text;
  }
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth > MOST_DEPTH) return "…";
  if (value instanceof Error) return plain(errorFields(value), depth);
  if (ArrayBuffer.isView(value)) return `(${value.byteLength} bytes)`;
  if (Array.isArray(value)) return value.slice(0, MOST_MEMBERS).map((member) => plain(member, depth + 1));
  const members = Object.entries(value).slice(0, MOST_MEMBERS);
  return Object.fromEntries(
    members.map(([name, member]) => [name, isSecretName(name) ? REDACTED : plain(member, depth + 1)]),
  );
}
