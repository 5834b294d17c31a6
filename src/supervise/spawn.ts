// Starts one daemon process: this program again, in a session of its own, until it reports how that went.
import { spawn } from "node:child_process";
import { closeSync, fstatSync, ftruncateSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseReport, REPORT_VARIABLE, type Report } from "../daemon/report.ts";
import { CovenError } from "../errors.ts";
import { codeOf, fileFailure } from "../os/file-failure.ts";
import type { CovenPaths } from "../paths.ts";
import { selfCommand } from "../program.ts";
import { SESSION_MARK } from "../session/environment.ts";

/** What the runtime itself prints when it dies ends here; past this it begins anew. */
const STDERR_BYTES = 256 * 1024;

/** The descriptor the daemon reports on: the first after the standard ones. */
const REPORT_FD = 3;

/** Has the program look whether a daemon of it could start: throws its reason, and when the program itself can't be started. */
export async function requireStartable(
  paths: CovenPaths,
  options: { readonly command?: readonly string[]; readonly timeoutMs: number },
): Promise<void> {
  const command = [...(options.command ?? [...selfCommand(), "daemon", "serve"]), "--check"];
  const said = await spawnDaemon(paths, { ...options, command });
  if (said.outcome === "failed") throw said.error;
}

/**
 * Starts `serve` detached and waits for its report, at most `timeoutMs`. The process has no terminal, no directory and
 * no descriptor of ours. When it ends without a report the result is `failed` with its last words.
 */
export async function spawnDaemon(
  paths: CovenPaths,
  options: { readonly command?: readonly string[]; readonly timeoutMs: number },
): Promise<Report> {
  const [program, ...args] = options.command ?? [...selfCommand(), "daemon", "serve"];
  if (program === undefined) throw new Error("an empty command");
  const words = openWords(join(paths.logs, "daemon.stderr"));
  try {
    const child = spawn(program, args, {
      // Own session: no terminal can hang it up, and no directory is kept busy by it.
      detached: true,
      cwd: "/",
      env: daemonEnvironment(paths.home),
      stdio: ["ignore", words.fd, words.fd, "pipe"],
    });
    const pipe = child.stdio[REPORT_FD];
    const said = await new Promise<Report | undefined>((resolve) => {
      let text = "";
      const overdue = setTimeout(() => resolve(late(options.timeoutMs)), options.timeoutMs);
      const done = (said: Report | undefined) => {
        clearTimeout(overdue);
        resolve(said);
      };
      child.on("error", (error) => done({ outcome: "failed", error: notSpawned(error, program) }));
      pipe?.on("data", (chunk: Buffer) => {
        text += chunk;
      });
      // The end of the pipe comes with the report and with the process's own end, whichever is first.
      pipe?.on("close", () => done(parseReport(text)));
      pipe?.on("error", () => done(undefined));
    });
    child.unref();
    pipe?.destroy();
    return said ?? { outcome: "failed", error: silent(words.last()) };
  } finally {
    closeSync(words.fd);
  }
}

/** Ours, without what would make the daemon part of an outer session or another program. */
function daemonEnvironment(home: string): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    COVEN_HOME: home,
    [REPORT_VARIABLE]: String(REPORT_FD),
  };
  // A daemon that carried a session's mark would be ended with that session; and whichever service this is, the daemon is not its main process.
  for (const name of [SESSION_MARK, "NOTIFY_SOCKET", "BUN_OPTIONS", "BUN_BE_BUN"]) delete env[name];
  return env;
}

function openWords(path: string): { fd: number; last(): string } {
  try {
    const fd = openSync(path, "a", 0o600);
    if (fstatSync(fd).size > STDERR_BYTES) ftruncateSync(fd);
    const from = fstatSync(fd).size;
    return { fd, last: () => readFileSync(path).subarray(from).toString().trim() };
  } catch (error) {
    throw fileFailure(error, path);
  }
}

function notSpawned(error: unknown, program: string): CovenError {
  if (codeOf(error) !== "EAGAIN") return fileFailure(error, program);
  const message = "The daemon could not be started: no process more may be started here.";
  return new CovenError("runtime_unavailable", message, { cause: "EAGAIN", hint: PROCESS_HINT });
}

const PROCESS_HINT =
  "end what is not needed here, or raise the limit of processes (ulimit -u; in a container, pids.max)";

function silent(words: string): CovenError {
  const last = reasonIn(words);
  // Bun ends itself in this way where it gets no thread; its report says that it is its own fault.
  const crash = /^panic\([^\n]*/m.exec(Bun.stripANSI(words))?.[0];
  if (crash !== undefined) {
    const message = `The daemon ended while starting: its runtime gave up (${crash}), as it does where no process or thread more may be started.`;
    return new CovenError("runtime_unavailable", message, { hint: PROCESS_HINT });
  }
  return new CovenError(
    "runtime_unavailable",
    last ? `The daemon ended while starting: ${last}` : "The daemon ended while starting, without a word.",
  );
}

/**
 * Why it ended, of its last words: what stands after the last `Error:`. Its own advice, the runtime's stack and version
 * are left out; whoever tells this says what to try.
 */
function reasonIn(words: string): string {
  // With FORCE_COLOR the runtime colours them also into a file.
  const lines = Bun.stripANSI(words)
    .split("\n")
    .filter((line) => !/^(?:Try: |Bun v\d|\s+at )/.test(line));
  const from = lines.findLastIndex((line) => /^\w*error: /i.test(line));
  const said = from === -1 ? lines : lines.slice(from).map((line) => line.replace(/^\w*error: /i, ""));
  return said.join("\n").trim().split("\n").slice(-5).join("\n");
}

function late(timeoutMs: number): Report {
  const message = `The daemon did not say within ${timeoutMs} ms that it serves.`;
  return { outcome: "failed", error: new CovenError("runtime_unavailable", message) };
}
