// Owns the part of the command table that helps a person along: the palette, doctor, completions, help.
import type { Command } from "../../framework/command.ts";

/** `coven tui`. */
export const TUI: Command = {
  name: "tui",
  summary: "Open the palette (coven alone, at a terminal, does too)",
  about: [
    "Plain text is a task for your usual harness (harness.default, else the first",
    "that is installed): it is shown as a plan and runs once you agree. A slash",
    "begins a command; what can follow is offered as you type. /quit leaves.",
  ],
  examples: [
    ["coven", "the palette"],
    ["coven config set harness.default claude", "who gets plain text"],
  ],
  args: [],
  flags: [],
  load: async () => (await import("../tui/run.ts")).run,
};

/** `coven doctor`. */
export const DOCTOR: Command = {
  name: "doctor",
  summary: "Check this machine and say what to do about each problem",
  about: [
    "Changes nothing and starts nothing. Agents are asked for their version and, by",
    "their own command, whether you are logged in. Exits 1 only when something is",
    "broken: a missing agent is a warning.",
  ],
  examples: [
    ["coven doctor", "home, ledger, daemon, project, harnesses"],
    ["coven doctor --deep", "and every page of the ledger"],
    ["coven doctor --json", "the same for programs"],
  ],
  args: [],
  flags: [
    { name: "deep", summary: "read the whole ledger and check it" },
    { name: "json", summary: "print JSON" },
  ],
  load: async () => (await import("./run.ts")).run,
};

/** `coven completions`. */
export const COMPLETIONS: Command = {
  name: "completions",
  summary: "Print the completion script of a shell",
  about: ["Session ids and harnesses complete too; the daemon is never started for that."],
  examples: [
    ["source <(coven completions bash)", "in ~/.bashrc; zsh: ~/.zshrc"],
    ["coven completions fish | source", "in config.fish"],
    ["coven completions powershell", "| Out-String | iex, in $PROFILE"],
  ],
  args: [{ name: "shell", sample: "bash", completes: ["bash", "zsh", "fish", "powershell"] }],
  flags: [],
  load: async () => (await import("../completions/run.ts")).run,
};

/** `coven help`. */
export const HELP: Command = {
  name: "help",
  summary: "Show this overview, or the help of one command",
  examples: [
    ["coven help", "all commands"],
    ["coven help run", "the same as: coven run --help"],
    ["coven help --man | man -l -", "everything as a man page"],
  ],
  args: [{ name: "command", sample: "run", optional: true, rest: true, completes: "command" }],
  flags: [{ name: "man", summary: "print the man page" }],
  load: async () => (await import("../../framework/help.ts")).run,
};
