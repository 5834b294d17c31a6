// `coven logs`: reads the log files of the daemon, so it works with the daemon down too.

import { covenPaths } from "../../../paths.ts";
import { NAME } from "../../../session/name.ts";
import { readLog } from "../../../supervise/log-reader.ts";
import { connect, probe } from "../../client/connect.ts";
import { printOutput } from "../../client/print-output.ts";
import { fullId } from "../../client/session-id.ts";
import { sayRemoved, watch } from "../../client/watch.ts";
import { flagValue, has, type Invocation, type Run, word } from "../../framework/command.ts";
import { out } from "../../ui/colour.ts";
import { Failure, UsageError } from "../../ui/failure.ts";
import { nearest } from "../../ui/nearest.ts";
import { say, write } from "../../ui/out.ts";
import { quoted } from "../../ui/text.ts";
import {
  isWanted,
  jsonLine,
  LOG_LEVELS,
  type LogEntry,
  type LogFilter,
  type LogLevel,
  logEntry,
  shownLine,
} from "./lines.ts";

/** How many old lines `--follow` shows first. */
const BEFORE_FOLLOWING = 20;
/** How often the files are read, in milliseconds: often enough to seem immediate, seldom enough to cost nothing. */
const LOOK_MS = 200;
/** Characters written at a time. */
const PIECE = 64 * 1024;

const PAINT: Readonly<Record<LogLevel, (text: string) => string>> = {
  info: out.dim,
  warn: out.yellow,
  error: out.red,
};

export const run: Run = async (invocation) => {
  if (invocation.words.length > 0) return sessionOutput(invocation);
  const filter = await filterOf(invocation);
  const shown = has(invocation, "json")
    ? jsonLine
    : (entry: LogEntry) => shownLine(entry, (level, text) => PAINT[level](text));
  const paths = covenPaths();
  const reader = readLog(paths.log);
  try {
    const follow = has(invocation, "follow");
    const wanted = function* (): Generator<string> {
      for (const line of reader.lines()) {
        const entry = logEntry(line);
        if (isWanted(entry, filter)) yield shown(entry);
      }
    };
    const most = linesOf(invocation) ?? (follow ? BEFORE_FOLLOWING : Number.POSITIVE_INFINITY);
    const count = await writeLines(most === Number.POSITIVE_INFINITY ? wanted() : last(wanted(), most));
    if (count === 0 && !follow) {
      say(`Nothing in ${paths.log}${filter.session || filter.level !== "info" ? " that fits" : " yet"}.`);
    }
    while (follow) {
      await Bun.sleep(LOOK_MS);
      await writeLines(wanted());
    }
    return 0;
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error && "code" in error)) throw error;
    throw new Failure(`The log in ${quoted(paths.logs)} cannot be read (${String(error.code)}).`, [
      "coven doctor",
    ]);
  } finally {
    reader.close();
  }
};

async function filterOf(invocation: Invocation): Promise<LogFilter> {
  const asked = flagValue(invocation, "level");
  const level = LOG_LEVELS.find((one) => one === (asked ?? "info").toLowerCase());
  if (!level) {
    throw new UsageError(`There is no level ${quoted(asked ?? "")}: it is info, warn or error.`, [
      `coven logs --level ${nearest(asked ?? "", [...LOG_LEVELS]) ?? "warn"}`,
    ]);
  }
  const session = await sessionOf(flagValue(invocation, "session"));
  return { level, session };
}

/** The beginning of an id as it is, also with the daemon down; what stands for one, a name or `-`, as its id. Throws `UsageError`. */
async function sessionOf(typed: string | undefined): Promise<string | undefined> {
  if (typed === undefined) return undefined;
  if (typed === "-" || NAME.test(typed)) {
    try {
      return await fullId(probe().client, typed);
    } catch (error) {
      if (typed === "-") throw error;
    }
  }
  if (/^[A-Za-z0-9._:-]{4,128}$/.test(typed)) return typed;
  throw new UsageError(
    `${quoted(typed)} is no session id, nor the first four or more characters of one, nor a name.`,
    ["coven sessions --all"],
  );
}

function linesOf(invocation: Invocation): number | undefined {
  const asked = flagValue(invocation, "lines");
  if (asked === undefined) return undefined;
  if (/^\d{1,9}$/.test(asked)) return Number(asked);
  throw new UsageError(`--lines takes a number, and ${quoted(asked)} is none.`, ["coven logs --lines 100"]);
}

function last(lines: Iterable<string>, most: number): string[] {
  const kept: string[] = [];
  for (const line of lines) {
    kept.push(line);
    if (kept.length > 2 * most + 100) kept.splice(0, kept.length - most);
  }
  return most === 0 ? [] : kept.slice(-most);
}

/** Writes the lines; resolves to how many there were. */
async function writeLines(lines: Iterable<string>): Promise<number> {
  let piece = "";
  let count = 0;
  for (const line of lines) {
    piece += `${line}\n`;
    count += 1;
    if (piece.length < PIECE) continue;
    await write(piece);
    piece = "";
  }
  await write(piece);
  return count;
}

/** The output of a session to where it is now, or to its end; resolves to 0, also where the harness failed. */
async function sessionOutput(invocation: Invocation): Promise<number> {
  const daemons = ["session", "level", "lines", "json"].find((flag) => has(invocation, flag));
  if (daemons !== undefined) {
    throw new UsageError(`--${daemons} is about the daemon's log, and an id means a session's output.`, [
      `coven logs ${quoted(word(invocation, 0))}`,
      "coven logs --session ID   (what the daemon wrote about a session)",
    ]);
  }
  const client = await connect();
  const id = await fullId(client, word(invocation, 0));
  const session = await client.session(id);
  sayRemoved(session);
  if (has(invocation, "follow")) {
    await watch({ client, session, raw: false, json: false, interrupt: "leave" });
    return 0;
  }
  await printOutput(client, id);
  return 0;
}
