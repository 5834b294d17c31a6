// `coven sessions`: what help, parsing and completions say of it.
import { command } from "../../framework/command.ts";
import { JSON_OUTPUT } from "../arguments.ts";

export const SESSIONS = command({
  name: "sessions",
  summary: "List sessions, newest first",
  examples: [
    ["coven sessions", "those that are not archived"],
    ["coven sessions --all", "archived ones too"],
    ["coven sessions --plain | grep running", "stable columns for scripts"],
    ["coven sessions --json", "everything, for programs"],
  ],
  flags: [
    { name: "all", summary: "include archived sessions" },
    { name: "plain", summary: "a plain table: SESSION STATUS HARNESS STATE TITLE" },
    JSON_OUTPUT,
  ],
  load: async () => (await import("./run.ts")).run,
});
