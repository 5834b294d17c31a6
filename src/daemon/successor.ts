// The program that may go on in this daemon's place: whether it may be run at all, and what it says of this home.
import { spawn } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { CovenError } from "../errors.ts";
import { fileFailure } from "../os/file-failure.ts";
import { signalGroup } from "../os/signal.ts";
import { ASKED, HANDOVER_VARIABLE, type HandoverVersion } from "./handover.ts";
import { parseReport, REPORT_VARIABLE, type Report } from "./report.ts";

/** How long it may take to look at a home, in milliseconds. */
const CHECK_MS = 10_000;
const REPORT_FD = 3;

/**
 * Throws `invalid_request` for a command whose program or whose files (each word that is an absolute path) are not the user's or root's own, or may be changed by
 * anybody, or don't exist, or whose program can't be run.
 */
export function requireTrusted(command: readonly string[]): void {
  const [program = "", ...words] = command;
  if (!program.startsWith("/")) throw refusal("must begin with an absolute path", program);
  for (const path of [program, ...words.filter((word) => word.startsWith("/"))]) {
    if (path.includes("\0")) throw refusal("must not hold a NUL", path);
    const found = statSync(path, { throwIfNoEntry: false });
    if (!found?.isFile()) throw refusal("is no file", path);
    if (found.uid !== 0 && found.uid !== process.getuid?.()) throw refusal("belongs to another user", path);
    if ((found.mode & 0o002) !== 0) throw refusal("may be changed by anybody", path);
  }
  try {
    accessSync(program, constants.X_OK);
  } catch {
    throw refusal("may not be executed", program);
  }
}

function refusal(why: string, path: string): CovenError {
  return new CovenError("invalid_request", `The program to go on with is refused: ${path} ${why}.`, {
    field: "command",
    path,
  });
}

/**
 * Runs `COMMAND daemon serve --check` with this environment and resolves when it says that it could be the daemon here and knows one of these `versions` of the handover: with the first that it knows.
 * Rejects with its reason; with ours where it is silent, crashes, takes longer than 10 s or is of an older make.
 */
export async function requireAble(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  versions: readonly HandoverVersion[],
  timeoutMs = CHECK_MS,
): Promise<HandoverVersion> {
  const said = await checkOf(command, env, timeoutMs);
  if (said.outcome === "failed") throw said.error;
  const known = said.outcome === "ready" ? said.handover : undefined;
  const version = versions.find((one) => known?.includes(one));
  if (version !== undefined) return version;
  throw unable("it knows no way to take over from this daemon; it is of an older make, or no coven");
}

function checkOf(
  [program = "", ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
  timeoutMs: number,
): Promise<Report> {
  return new Promise((resolve) => {
    const child = spawn(program, [...args, "daemon", "serve", "--check"], {
      cwd: "/",
      env: { ...env, [REPORT_VARIABLE]: String(REPORT_FD), [HANDOVER_VARIABLE]: ASKED },
      stdio: ["ignore", "ignore", "ignore", "pipe"],
      // A program that hangs takes its children with it.
      detached: true,
    });
    let text = "";
    let how: string | undefined;
    const end = (said: Report) => {
      clearTimeout(overdue);
      pipe?.destroy();
      if (child.pid !== undefined)
        signalGroup(child.pid, "SIGKILL", () => child.exitCode === null && child.signalCode === null);
      resolve(said);
    };
    const failed = (why: string) => end({ outcome: "failed", error: unable(why) });
    const overdue = setTimeout(() => failed(`it did not answer within ${timeoutMs} ms`), timeoutMs);
    const pipe = child.stdio[REPORT_FD];
    child.on("error", (error) => end({ outcome: "failed", error: fileFailure(error, program) }));
    // Either may come first, and what it has said may come behind its end. Its end is waited for: nobody would reap it once we are another program.
    let silent = false;
    const over = () => {
      if (!silent || how === undefined) return;
      const said = parseReport(text);
      if (said) end(said);
      else failed(`it ended without a word (${how})`);
    };
    child.on("exit", (code, signal) => {
      how = signal === null ? `exit code ${code}` : signal;
      over();
    });
    if (pipe && "on" in pipe) {
      pipe.on("data", (chunk: Buffer) => {
        text += chunk;
        if (text.length > 64 * 1024) failed("it says far too much");
      });
      pipe.on("error", () => {});
      pipe.on("close", () => {
        silent = true;
        over();
      });
    }
  });
}

function unable(why: string): CovenError {
  return new CovenError(
    "runtime_unavailable",
    `The program to go on with can't be the daemon here: ${why}.`,
    {
      reason: "successor",
    },
  );
}
