// `coven why`: what help, parsing and completions say of it.
import { command } from "../../framework/command.ts";

export const WHY = command({
  name: "why",
  summary: "What a session wants, or how it ended, and what proves it",
  seldom: true,
  examples: [
    ["coven why 3f2a9c1e", "state, evidence, what was before, last lines"],
    ["coven why - --json", "of the last one of this project, for scripts"],
  ],
  args: [{ name: "id", sample: "3f2a9c1e", completes: "session" }],
  flags: [{ name: "json", summary: "as JSON" }],
  load: async () => (await import("./run.ts")).run,
});
