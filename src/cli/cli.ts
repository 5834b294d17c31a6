// Owns the command line as a whole: parse, load the one command, run it, and tell whatever went wrong in plain words.

import { tell } from "./client/report-error.ts";
import { COMMANDS } from "./commands/table.ts";
import type { CommandLine } from "./framework/command.ts";
import { parse } from "./framework/parse.ts";
import { readPreference } from "./ui/preference.ts";

const LINE: CommandLine = { commands: COMMANDS, perform: cli };

/** Runs what the words ask for; resolves to the exit code: 0 ok, 1 failure, 2 usage, or the harness's own. Never rejects. */
export async function cli(argv: readonly string[]): Promise<number> {
  try {
    return await perform(argv);
  } catch (error) {
    return tell(error);
  }
}

async function perform(argv: readonly string[]): Promise<number> {
  // Asked by a shell at each Tab, so before anything else is loaded.
  if (argv[0] === "__complete")
    return (await import("./commands/completions/answer.ts")).complete(argv.slice(1), COMMANDS);
  const decision = parse(argv, COMMANDS);
  // Before any command is loaded: colours are chosen when the first line is painted.
  await readPreference();
  if (decision.kind === "run") return (await decision.command.load())(decision.invocation, LINE);
  if (decision.kind === "version") {
    const { run } = await import("./commands/version/run.ts");
    return run({ name: "version", words: [], flags: {} }, LINE);
  }
  const { helpText } = await import("./framework/help.ts");
  if (decision.kind === "nothing") {
    const { atTerminal } = await import("./ui/out.ts");
    if (atTerminal()) {
      return (await import("./commands/tui/run.ts")).run({ name: "tui", words: [], flags: {} }, LINE);
    }
    // Nothing was asked, so nothing belongs on stdout.
    console.error(helpText([], COMMANDS).trimEnd());
    return 2;
  }
  const { write } = await import("./ui/out.ts");
  await write(helpText(decision.topic, COMMANDS));
  return 0;
}
