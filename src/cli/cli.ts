// Owns the command line as a whole: parse, load the one command, run it, and tell whatever went wrong in plain words.
import { isCovenError } from "../errors.ts";
import { COMMANDS } from "./commands.ts";
import { parse } from "./parse.ts";
import { Failure, PipeClosed } from "./ui/failure.ts";
import { readPreference } from "./ui/preference.ts";

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
  if (argv[0] === "__complete") return (await import("./complete-run.ts")).complete(argv.slice(1));
  const decision = parse(argv, COMMANDS);
  // Before any command is loaded: colours are chosen when the first line is painted.
  await readPreference();
  if (decision.kind === "run") return (await decision.command.load())(decision.invocation);
  if (decision.kind === "version") {
    const { run } = await import("./version.ts");
    return run({ name: "version", words: [], flags: {} });
  }
  const { helpText } = await import("./help.ts");
  if (decision.kind === "nothing") {
    const { atTerminal } = await import("./ui/out.ts");
    if (atTerminal()) {
      return (await import("./palette.ts")).run({ name: "tui", words: [], flags: {} });
    }
    // Nothing was asked, so nothing belongs on stdout.
    console.error(helpText([]).trimEnd());
    return 2;
  }
  const { write } = await import("./ui/out.ts");
  await write(helpText(decision.topic));
  return 0;
}

/** Tells an error: `Error:` and `Try:` on stderr, the stack only for those who ask with COVEN_DEBUG. Gives the exit code. */
export async function tell(error: unknown): Promise<number> {
  if (error instanceof PipeClosed) return error.exitCode;
  const { message, tries, exitCode } = await explained(error);
  const { err } = await import("./ui/colour.ts");
  console.error(`${err.red("Error:")} ${message}`);
  for (const [place, line] of tries.entries())
    console.error(`${place === 0 ? err.cyan("Try:") : "    "} ${line}`);
  if (process.env["COVEN_DEBUG"]) console.error(error);
  return exitCode;
}

async function explained(error: unknown): Promise<Pick<Failure, "message" | "tries" | "exitCode">> {
  if (error instanceof Failure) return error;
  const { harmlessLines } = await import("./ui/text.ts");
  if (isCovenError(error)) {
    const { triesFor } = await import("./tries.ts");
    return { message: harmlessLines(error.message), tries: triesFor(error), exitCode: 1 };
  }
  const message = harmlessLines(error instanceof Error ? error.message : String(error));
  return { message, tries: ["the same with COVEN_DEBUG=1, which shows where it happened"], exitCode: 1 };
}
