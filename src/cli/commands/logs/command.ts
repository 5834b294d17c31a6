// `coven logs`: what help, parsing and completions say of it.
import { command } from "../../framework/command.ts";

export const LOGS = command({
  name: "logs",
  summary: "Show what the daemon wrote about itself",
  about: ["Reads the files in COVEN_HOME, so it works with the daemon down. Times are UTC."],
  examples: [
    ["coven logs --level warn", "refusals and failures"],
    ["coven logs --follow", "the last lines, then new ones"],
    ["coven logs --session 3f2a9c1e", "the life of one session"],
    ["coven logs --json | jq .code", "for programs"],
  ],
  flags: [
    { name: "follow", summary: "go on with new lines until you leave with Ctrl-C" },
    { name: "session", takes: "ID", summary: "only lines about this session", completes: "session" },
    {
      name: "level",
      takes: "LEVEL",
      summary: "info, warn or error, and graver ones",
      completes: ["info", "warn", "error"],
    },
    { name: "lines", takes: "N", summary: "only the last N" },
    { name: "json", summary: "print JSON, one line each" },
  ],
  load: async () => (await import("./run.ts")).run,
});
