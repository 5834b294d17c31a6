// The command line as a whole: reads the words, loads the one command they name, runs it, and reports what went wrong.
import { reportError } from "./client/report-error.ts";
import { COMMANDS } from "./commands/table.ts";
import type { CommandLine } from "./framework/command.ts";
import { parse, tokens } from "./framework/parse.ts";
import { Failure, UsageError } from "./ui/failure.ts";
import { commandsAre } from "./ui/own-name.ts";
import { readPreference } from "./ui/preference.ts";
import { quoted } from "./ui/text.ts";

commandsAre(COMMANDS.map(({ name }) => name));

const LINE: CommandLine = { commands: COMMANDS, perform: cli };

/** Runs what the words ask for; resolves to the exit code: 0 ok, 1 failure, 2 usage, or the harness's own (then 125 to 127 are ours). Never rejects. */
export async function cli(argv: readonly string[]): Promise<number> {
  try {
    return await perform(argv);
  } catch (error) {
    if (wantsFrames(argv)) await (await import("./commands/run/stream.ts")).failureFrame(error);
    const code = await reportError(error);
    if (!mayLeaveAsAgent(argv, error)) return code;
    return (await import("./client/own-code.ts")).ownCode(error);
  }
}

/** An agent's code could be meant: not where the words name nobody who could have run. */
function mayLeaveAsAgent(argv: readonly string[], error: unknown): boolean {
  const [first, ...words] = argv;
  if (first === "-C") return mayLeaveAsAgent(argv.slice(2), error);
  const command = COMMANDS.find(({ name }) => name === first);
  if (!command?.leavesAsAgent) return false;
  if (!(error instanceof UsageError)) return true;
  const typed = Array.from(tokens(words, command.flags));
  return typed.some((one) => one.kind === "word" || (one.kind === "flag" && one.flag?.name === "continue"));
}

/** A program asked for lines of JSON, and its words made no sense: it reads only those lines. */
function wantsFrames(argv: readonly string[]): boolean {
  const [command, ...words] = argv;
  if (command === "-C") return wantsFrames(argv.slice(2));
  const end = words.indexOf("--");
  return (
    (command === "run" || command === "resume") &&
    (end < 0 ? words : words.slice(0, end)).includes("--stream-json")
  );
}

async function perform(given: readonly string[]): Promise<number> {
  const argv = standingIn(given);
  if (argv[0] === "__complete") {
    // A shell asks at each Tab, so nothing else is loaded before.
    return (await import("./commands/completions/answer.ts")).complete(argv.slice(1), COMMANDS);
  }
  const decision = parse(argv, COMMANDS);
  // Before any command is loaded: colours are chosen when the first line is painted.
  await readPreference();
  if (decision.kind === "run") return (await decision.load())(decision.invocation, LINE);
  const { atTerminal, sayName, write } = await import("./ui/out.ts");
  if (decision.kind === "nothing" && atTerminal()) return perform(["tui"]);
  const { helpText } = await import("./framework/help.ts");
  if (decision.kind === "help") {
    await write(helpText(decision.topic, COMMANDS));
    sayName();
    return 0;
  }
  // Nothing was asked, so nothing belongs on stdout.
  console.error(helpText([], COMMANDS).trimEnd());
  sayName();
  return 2;
}

/** The words behind every `-C DIR`, once we stand there: as if started in that directory. Throws `Failure` where there is none. */
function standingIn(argv: readonly string[]): readonly string[] {
  const [flag, directory, ...words] = argv;
  if (flag !== "-C") return argv;
  if (directory === undefined || directory === "") {
    throw new UsageError("-C needs a directory.", ["coven -C DIR sessions"]);
  }
  try {
    process.chdir(directory);
  } catch {
    throw new Failure(`-C: there is no directory ${quoted(directory)} to stand in.`, ["ls"]);
  }
  return standingIn(words);
}
