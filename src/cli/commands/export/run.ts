// `coven export`: a session as a recording, as text or as a page, to stdout or into a file.
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { beginReplacing } from "../../../os/replace-file.ts";
import { covenPaths } from "../../../paths.ts";
import { outputCheckOf } from "../../../supervise/inspect.ts";
import { connect } from "../../client/connect.ts";
import { type Recording, recordingOf } from "../../client/recording.ts";
import { shortId } from "../../client/session-id.ts";
import { sayRemoved } from "../../client/watch.ts";
import { flagValue, has, type Invocation, type Run, word } from "../../framework/command.ts";
import { sessionMeant } from "../../terminal/which-session.ts";
import { Failure, UsageError } from "../../ui/failure.ts";
import { nearest } from "../../ui/nearest.ts";
import { say, write } from "../../ui/out.ts";
import { withProgress } from "../../ui/progress.ts";
import { harmless, quoted } from "../../ui/text.ts";
import { size } from "../../ui/time.ts";

type Render = (recording: Recording) => AsyncIterable<string>;

/** Each loads only what it needs; the page brings an emulator of half a megabyte. */
const FORMATS: Readonly<Record<string, () => Promise<Render>>> = {
  cast: async () => (await import("./cast.ts")).castOf,
  text: async () => (await import("../../client/recorded-text.ts")).textOf,
  html: async () => (await import("./html.ts")).pageOf,
};

/** The format that the ending of a file name stands for. */
const ENDINGS: Readonly<Record<string, string>> = {
  cast: "cast",
  txt: "text",
  text: "text",
  html: "html",
  htm: "html",
};

export const run: Run = async (invocation) => {
  const typed = quoted(word(invocation, 0) || "ID");
  const output = flagValue(invocation, "output");
  const format = formatOf(invocation, output);
  const toFile = output !== undefined && output !== "-";
  if (!toFile && format === "html" && process.stdout.isTTY) {
    throw new Failure("An HTML page can't be read in a terminal.", [
      `coven export ${typed} --output session.html`,
      `coven export ${typed} --format text`,
    ]);
  }
  // A pipe or a device is written to, not over.
  if (toFile && !has(invocation, "force") && statSync(resolve(output), { throwIfNoEntry: false })?.isFile()) {
    throw new Failure(`${quoted(output)} is there already.`, [
      `coven export ${typed} --output ${quoted(output)} --force`,
      "another name",
    ]);
  }
  const client = await connect();
  const session = await client.session(await sessionMeant(client, invocation, "session"));
  sayRemoved(session);
  const load = FORMATS[format];
  if (!load) throw new Error(format);
  const render = await load();
  const pieces = render(await recordingOf(client, session));
  if (!toFile) {
    for await (const piece of pieces) await write(piece);
    return sayWhetherWhole(session.id);
  }
  const bytes = await withProgress(`Writing ${harmless(output)}`, () => intoFile(resolve(output), pieces));
  say(`Wrote session ${shortId(session.id)} to ${quoted(output)} (${size(bytes)}).`);
  return sayWhetherWhole(session.id);
};

/** What was exported is what the ledger gave; 1, and a sentence, when that is not what was recorded. */
function sayWhetherWhole(id: string): number {
  if (outputCheckOf(covenPaths().ledger, id) !== "differs") return 0;
  say(
    `What ${shortId(id)} printed is not what was recorded: the disk has changed it.  Try: coven doctor --deep`,
  );
  return 1;
}

function formatOf(invocation: Invocation, output: string | undefined): string {
  const id = quoted(word(invocation, 0));
  const given = flagValue(invocation, "format");
  if (given !== undefined) {
    if (Object.hasOwn(FORMATS, given)) return given;
    const guess = ENDINGS[given] ?? nearest(given, Object.keys(FORMATS)) ?? "text";
    throw new UsageError(`There is no format ${quoted(given)}: it is cast, text or html.`, [
      `coven export ${id} --format ${guess}`,
    ]);
  }
  const ending = /\.([a-z]+)$/i.exec(output ?? "")?.[1]?.toLowerCase() ?? "";
  const format = Object.hasOwn(ENDINGS, ending) ? ENDINGS[ending] : undefined;
  if (format !== undefined) return format;
  throw new UsageError("It isn't clear which format is wanted: cast, text or html.", [
    `coven export ${id} --format text`,
    `coven export ${id} --output session.html`,
  ]);
}

/** Writes the pieces to a file that only its owner may read, since output may hold secrets; resolves to the bytes written. */
async function intoFile(path: string, pieces: AsyncIterable<string>): Promise<number> {
  try {
    const file = beginReplacing(path);
    let written = 0;
    try {
      for await (const piece of pieces) {
        const bytes = Buffer.from(piece);
        file.write(bytes);
        written += bytes.length;
      }
    } catch (error) {
      file.discard();
      throw error;
    }
    file.commit();
    return written;
  } catch (error) {
    if (!(error instanceof Error) || !("syscall" in error)) throw error;
    throw new Failure(`${quoted(path)} cannot be written: ${error.message.replace(/, [a-z]+ .*$/s, "")}`, [
      "--output with a path you may write to",
    ]);
  }
}
