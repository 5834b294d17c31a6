// `coven archive`: what help, parsing and completions say of it.
import { command } from "../../framework/command.ts";
import { sessionId } from "../arguments.ts";

export const ARCHIVE = command({
  name: "archive",
  summary: "Hide a finished session from the list",
  examples: [
    ["coven archive 3f2a9c1e", "nothing is deleted"],
    ["coven sessions --all", "shows it again, marked archived"],
  ],
  args: [sessionId("settled session in the list")],
  load: async () => (await import("./run.ts")).run,
});
