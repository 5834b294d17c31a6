// `coven kill`: what help, parsing and completions say of it.
import { command } from "../../framework/command.ts";
import { sessionIds } from "../arguments.ts";

export const KILL = command({
  name: "kill",
  summary: "End a running session and every process it started",
  examples: [
    ["coven kill 3f2a9c1e", "its record and output stay"],
    ["coven kill 3f2a 77c0", "several"],
    ["coven kill -", "the last one of this project"],
    ["coven kill", "at a terminal: the only one, or a list to pick from"],
  ],
  args: [sessionIds("running session")],
  load: async () => (await import("./run.ts")).run,
});
