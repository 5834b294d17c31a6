// `coven diagnostics`: gathers, redacts, and lists what is inside. Starts and changes nothing.
import { resolve } from "node:path";
import { replaceFile } from "../../../os/replace-file.ts";
import { flagValue, flagValues, has, type Run } from "../../framework/command.ts";
import { Failure, UsageError } from "../../ui/failure.ts";
import { say, write } from "../../ui/out.ts";
import { withProgress } from "../../ui/progress.ts";
import { pairs } from "../../ui/table.ts";
import { harmlessLines, quoted } from "../../ui/text.ts";
import { size } from "../../ui/time.ts";
import { type Attachment, attachments } from "./attachments.ts";

/** The directory inside the archive. */
const FOLDER = "coven-diagnostics";

export const run: Run = async (invocation) => {
  const wanted = flagValues(invocation, "include-output").flatMap((ids) => ids.split(" "));
  const print = has(invocation, "print");
  if (print && has(invocation, "output")) {
    throw new UsageError("--print writes no file, so --output has nothing to do.", [
      "coven diagnostics --print",
    ]);
  }
  const gathered = await withProgress("Gathering", () => attachments(wanted));
  const all = [readme(gathered), ...gathered];
  if (print) {
    for (const { name, text } of all) await write(`==> ${name} <==\n${harmlessLines(text).trimEnd()}\n\n`);
    return 0;
  }
  const path = flagValue(invocation, "output") ?? `coven-diagnostics-${stamp()}.tar.gz`;
  const bytes = await packed(all);
  writeArchive(resolve(path), bytes);
  say(`Wrote ${quoted(path)} (${size(bytes.length)}). Inside:`);
  for (const line of listing(all)) say(line);
  say(`Look before you share it:  tar -xzOf ${quoted(path)} | less`);
  return 0;
};

/** Lists what is inside, and says what was redacted. */
function readme(gathered: readonly Attachment[]): Attachment {
  const text = [
    "Diagnostics of Coven, gathered by `coven diagnostics`.",
    "",
    ...listing(gathered),
    "",
    "Look before you share this. Replaced: values shaped like secrets ([redacted]), COVEN_HOME (<coven-home>), project",
    "directories (<project-1>, ...), your home directory (~). Kept: titles of sessions (the first words of their prompts),",
    "names of harnesses, and paths outside those directories. Environment values are not here, but for what doctor",
    "says of PATH. What sessions printed is here only where a file is named output/...",
    "",
  ].join("\n");
  return { name: "README.txt", what: "this list", text };
}

function listing(all: readonly Attachment[]): string[] {
  return pairs(
    all.map(({ name, what, text }): [string, string] => [name, `${what} (${size(Buffer.byteLength(text))})`]),
  );
}

async function packed(all: readonly Attachment[]): Promise<Uint8Array> {
  const files = Object.fromEntries(all.map(({ name, text }) => [`${FOLDER}/${name}`, text]));
  return await new Bun.Archive(files, { compress: "gzip" }).bytes();
}

/** Writes a file that only its owner may read. It replaces an older one once it is complete. */
function writeArchive(path: string, bytes: Uint8Array): void {
  try {
    replaceFile(path, bytes);
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
    throw new Failure(`${quoted(path)} cannot be written (${String(error.code)}).`, [
      "coven diagnostics --output with a path you may write to",
      "coven diagnostics --print",
    ]);
  }
}

/** `20261121-101500`, UTC. */
function stamp(): string {
  return new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");
}
