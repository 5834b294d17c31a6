// `coven logs`: what help, parsing and completions say of it.
import { command } from "../../framework/command.ts";
import { sessionId } from "../arguments.ts";

export const LOGS = command({
  name: "logs",
  summary: "Show what a session printed, or what the daemon did",
  about: [
    "With an id: the session's output, as attach prints it on a pipe. Without: the",
    "daemon's own log, read from COVEN_HOME, also with the daemon down; in UTC.",
  ],
  examples: [
    ["coven logs 3f2a9c1e", "what the session has printed so far"],
    ["coven logs - --follow", "the last one of this project, to its end"],
    ["coven logs --level warn", "refusals and failures"],
    ["coven logs --follow", "the last lines, then new ones"],
    ["coven logs --session 3f2a9c1e", "the life of one session"],
    ["coven logs --json | jq .code", "for programs"],
  ],
  args: [sessionId("session")],
  flags: [
    { name: "follow", summary: "go on with new lines until you leave with Ctrl-C" },
    { name: "session", takes: "ID", summary: "only lines about this session", completes: "session" },
    {
      name: "level",
      takes: "LEVEL",
      summary: "info, warn or error: that and what is worse",
      completes: ["info", "warn", "error"],
    },
    { name: "lines", takes: "N", summary: "only the last N" },
    { name: "json", summary: "print JSON, one line each" },
  ],
  load: async () => (await import("./run.ts")).run,
});
