// `coven help`: what help, parsing and completions say of it.
import { command } from "../../framework/command.ts";

export const HELP = command({
  name: "help",
  summary: "Show this overview, or the help of one command",
  examples: [
    ["coven help", "all commands"],
    ["coven help run", "the same as: coven run --help"],
    ["coven help --man | man -l -", "everything as a man page"],
  ],
  args: [{ name: "command", sample: "run", optional: true, rest: true, completes: "command" }],
  flags: [
    { name: "all", summary: "only the usage and every flag of a command" },
    { name: "man", summary: "print the man page" },
  ],
  load: async () => (await import("./run.ts")).run,
});
