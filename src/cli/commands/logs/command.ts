// Owns what the table says of the commands that show evidence: logs, diagnostics.
import type { Command } from "../../framework/command.ts";
import { LOG_LEVELS } from "./lines.ts";

export const LOGS: Command = {
  name: "logs",
  summary: "Show what the daemon wrote about itself",
  about: ["Reads the files in COVEN_HOME, so it works with the daemon down. Times are UTC."],
  examples: [
    ["coven logs --level warn", "refusals and failures"],
    ["coven logs --follow", "the last lines, then new ones"],
    ["coven logs --session 3f2a9c1e", "the life of one session"],
    ["coven logs --json | jq .code", "for programs"],
  ],
  args: [],
  flags: [
    { name: "follow", summary: "go on with new lines until you leave with Ctrl-C" },
    { name: "session", takes: "ID", summary: "only lines about this session", completes: "session" },
    { name: "level", takes: "LEVEL", summary: "info, warn or error, and graver ones", completes: LOG_LEVELS },
    { name: "lines", takes: "N", summary: "only the last N" },
    { name: "json", summary: "print JSON, one line each" },
  ],
  load: async () => (await import("./run.ts")).run,
};

export const DIAGNOSTICS: Command = {
  name: "diagnostics",
  summary: "Gather what a support thread needs into one archive",
  about: [
    "Versions, home layout, status, doctor, recent log lines and session records,",
    "without what looks like a secret and without your paths. No output of any",
    "session, unless you ask for it. Look into the archive before you share it.",
  ],
  examples: [
    ["coven diagnostics", "an archive, written here"],
    ["coven diagnostics --print", "the same to read"],
    ["coven diagnostics --include-output 3f2a9c1e", "with what that session printed"],
  ],
  args: [],
  flags: [
    { name: "output", takes: "FILE", summary: "write there instead" },
    { name: "print", summary: "print it all instead of writing a file" },
    {
      name: "include-output",
      takes: "ID",
      repeats: true,
      summary: "also what this session printed; may be repeated",
      completes: "session",
    },
  ],
  load: async () => (await import("../diagnostics/run.ts")).run,
};
