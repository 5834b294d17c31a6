// `coven tui`: what help, parsing and completions say of it.
import { command } from "../../framework/command.ts";

export const TUI = command({
  name: "tui",
  summary: "Open the palette (coven alone, at a terminal, does too)",
  about: [
    "Plain text is a task for your usual harness (harness.default, else the first",
    "that is installed): it is shown as a plan and runs once you agree. A slash",
    "begins a command; what can follow is offered as you type. /quit leaves.",
    "A paste is text: its lines are one task. Alt-Enter makes a new line, Ctrl-G",
    "opens $EDITOR, Up brings back what you typed in this project.",
  ],
  examples: [
    ["coven", "the palette"],
    ["coven config set harness.default claude", "who gets plain text"],
  ],
  load: async () => (await import("./run.ts")).run,
});
