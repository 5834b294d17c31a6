// `coven version`: what help, parsing and completions say of it.
import { command } from "../../framework/command.ts";
import { JSON_OUTPUT } from "../arguments.ts";

export const VERSION = command({
  name: "version",
  summary: "Show the version",
  examples: [
    ["coven version", "the same as: coven --version"],
    ["coven version --json", "with the API version"],
  ],
  flags: [JSON_OUTPUT],
  load: async () => (await import("./run.ts")).run,
});
