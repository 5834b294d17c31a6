// The demo harness: a scripted agent inside this executable. No network, no files, no account.
import type { DemoStep } from "./demo-script.ts";
import { readScript, taskLine } from "./demo-script.ts";
import type { DemoTerminal } from "./demo-terminal.ts";
import { demoTerminal, Interrupted } from "./demo-terminal.ts";

/** Exit code of a program ended by Ctrl-C, as shells count it. */
const INTERRUPTED = 130;

/** How much is handed over in one write, in bytes: large enough to be fast, small enough that Ctrl-C is felt. */
const WRITE_BYTES = 64 * 1024;

const ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/";

/**
 * Runs the demo to its end and resolves with the exit code: `argv` is `[mode, prompt]`, mode `interactive` or
 * `nonInteractive`. Interactive, it asks one question before it does what the prompt says (see `readScript`).
 * Resolves 130 after Ctrl-C and 1 when nobody reads its output any more.
 */
export async function runDemo(argv: readonly string[]): Promise<number> {
  const [mode = "nonInteractive", prompt = ""] = argv;
  const terminal = demoTerminal();
  try {
    return await play(terminal, mode === "interactive", prompt);
  } catch (error) {
    if (!(error instanceof Interrupted)) return 1;
    terminal.last(`\n${terminal.paint.yellow("■")} Stopped by Ctrl-C.\n`);
    return INTERRUPTED;
  }
}

async function play(terminal: DemoTerminal, interactive: boolean, prompt: string): Promise<number> {
  const { paint, write, pause } = terminal;
  const script = readScript(prompt);
  const beat = interactive ? 140 : 20;
  const state = (word: string) =>
    interactive && terminal.terminal ? `\x1b]7501;state=${word}:app=demo\x1b\\` : "";
  /** As agents do before they run something; nobody can be asked where nobody types. */
  const askLeave = async (n: number) => {
    const command = `rm -r build-${n}`;
    if (!interactive) return step(`Would ask whether to run ${command}`);
    const asks = state(`blocked:kind=permission:msg=${Buffer.from(`Run ${command}?`).toString("base64")}`);
    await write(
      `${asks}${paint.yellow("?")} ${paint.bold(`Run ${command}?`)} ${paint.dim("(y or n, then Enter)")} `,
    );
    const agreed = /^\s*y/i.test((await terminal.readLine()) ?? "");
    await write(
      `${state("working")}${agreed ? "Allowed" : "Refused"}: ${command} (pretended: nothing was run)\n`,
    );
  };
  const step = async (text: string) => {
    await write(`${paint.cyan("●")} ${text}\n`);
    await pause(beat);
  };

  await write(
    `${state("working")}\n${paint.bold(paint.magenta("✦ coven demo"))}${paint.dim(" · a scripted agent, no account needed")}\n`,
  );
  await write(`${paint.dim("  task  ")}${taskLine(prompt, 60)}\n`);
  if (interactive) {
    await write(`${paint.dim("  keys  ")}Enter answers · Ctrl-C stops the demo\n`);
    await write(`${paint.dim("        ")}Ctrl-] leaves; the session stays alive\n`);
  }
  await write("\n");
  await pause(beat);

  await step("Reading the task");
  await step("Looking around the project");
  await step(`Changing ${paint.bold("greeting.txt")}`);
  await write(`${paint.red("  - Helo, wrold.")}\n${paint.green("  + Hello, world.")}\n`);
  await write(`${paint.dim("  (pretended: no file was touched)")}\n`);
  await pause(beat);

  if (interactive) {
    await write(
      `\n${state("blocked:kind=question")}${paint.yellow("?")} ${paint.bold("What shall I call you?")} ${paint.dim("(Enter: friend)")} `,
    );
    const answer = await terminal.readLine();
    const name = taskLine(answer ?? "", 40) || "friend";
    const greeting =
      answer === null ? "\nNobody is typing, so I go on alone." : `Nice to meet you, ${paint.bold(name)}.`;
    await write(`${state("working")}${greeting}\n\n`);
  }

  for (const one of script.steps) {
    if (one.kind === "ask") for (let n = 1; n <= one.count; n++) await askLeave(n);
    else await perform(terminal, one);
  }

  const { exitCode } = script;
  const mark = exitCode === 0 ? paint.green("✔ Done.") : paint.red("✖ Stopped");
  const rest =
    exitCode === 0
      ? "Nothing on this machine was changed."
      : `with exit code ${exitCode}, as the task asked.`;
  await write(`${mark} ${rest}\n${state(exitCode === 0 ? "done" : "idle")}`);
  return exitCode;
}

async function perform(terminal: DemoTerminal, step: Exclude<DemoStep, { kind: "ask" }>): Promise<void> {
  switch (step.kind) {
    case "lines":
      return printLines(terminal, step.count);
    case "bytes":
      return printBytes(terminal, step.count);
    case "sleep":
      return wait(terminal, step.seconds);
  }
}

/** `line 1` to `line N`, each on its own. */
async function printLines(terminal: DemoTerminal, count: number): Promise<void> {
  let buffer = "";
  for (let number = 1; number <= count; number++) {
    buffer += `line ${number}\n`;
    if (buffer.length >= WRITE_BYTES || number === count) {
      await terminal.write(buffer);
      await turn();
      buffer = "";
    }
  }
}

/** Exactly so many bytes without a line break (a terminal would turn each into two), then one. */
async function printBytes(terminal: DemoTerminal, count: number): Promise<void> {
  const block = ALPHABET.repeat(WRITE_BYTES / ALPHABET.length);
  for (let left = count; left > 0; left -= WRITE_BYTES) {
    await terminal.write(left >= WRITE_BYTES ? block : block.slice(0, left));
    await turn();
  }
  await terminal.write("\n");
}

/** A dot four times a second at first, once a second in a long wait. */
async function wait(terminal: DemoTerminal, seconds: number): Promise<void> {
  const end = performance.now() + seconds * 1000;
  await terminal.write(terminal.paint.dim(`  waiting ${seconds} s `));
  const tick = seconds > 5 ? 1000 : 250;
  for (let left = seconds * 1000; left > 0; left = end - performance.now()) {
    await terminal.pause(Math.min(tick, left));
    await terminal.write(terminal.paint.dim("·"));
  }
  await terminal.write("\n");
}

/** One turn of the event loop: where a signal is noticed in the middle of a flood. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
