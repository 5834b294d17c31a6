// `coven archive`: what help, parsing and completions say of it.
import { command } from "../../framework/command.ts";
import { sessionIds } from "../arguments.ts";

export const ARCHIVE = command({
  name: "archive",
  summary: "Hide a finished session from the list",
  examples: [
    ["coven archive 3f2a9c1e", "nothing is deleted"],
    ["coven archive --ended --older-than 7d", "all that ended a week ago or earlier"],
    ["coven sessions --all", "shows it again, marked archived"],
  ],
  args: [sessionIds("settled session in the list")],
  flags: [
    { name: "ended", summary: "every session that has ended" },
    { name: "older-than", takes: "SPAN", summary: "with --ended: those that ended so long ago; 12h 7d" },
  ],
  load: async () => (await import("./run.ts")).run,
});
