// `coven status`: what help, parsing and completions say of it. Scripts of coven 0.4 ask by this name.
import { command } from "../../framework/command.ts";
import { JSON_OUTPUT } from "../arguments.ts";

export const STATUS = command({
  name: "status",
  summary: "Say whether the daemon runs and what it holds",
  seldom: true,
  about: [
    "For a person the same as coven daemon status. Starts nothing. --json also has",
    "health, what the daemon answers to everybody, and overview, what is open.",
  ],
  examples: [
    ["coven status", "is it running, and what is it doing?"],
    ["coven status --json", "the same for programs"],
  ],
  flags: [JSON_OUTPUT],
  load: async () => (await import("./run.ts")).run,
});
