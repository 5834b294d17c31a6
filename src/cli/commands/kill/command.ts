// `coven kill`: what help, parsing and completions say of it.
import { command } from "../../framework/command.ts";
import { sessionId } from "../arguments.ts";

export const KILL = command({
  name: "kill",
  summary: "End a running session and every process it started",
  examples: [["coven kill 3f2a9c1e", "its record and output stay"]],
  args: [sessionId("running session")],
  load: async () => (await import("./run.ts")).run,
});
