// `coven sessions`: what help, parsing and completions say of it.
import { command } from "../../framework/command.ts";
import { JSON_OUTPUT, sessionId } from "../arguments.ts";

const STATUSES = ["live", "ended", "created", "running", "completed", "failed", "killed", "orphaned"];

export const SESSIONS = command({
  name: "sessions",
  summary: "Show sessions: a board at a terminal, else a list",
  examples: [
    ["coven sessions", "the board of this project"],
    ["coven sessions --all", "all projects, archived ones too"],
    ["coven sessions --here --status live", "what runs in this project"],
    ["coven sessions --plain | grep running", "stable columns for scripts"],
    ["coven sessions --json", "everything, for programs"],
  ],
  flags: [
    { name: "here", summary: "only those of the project you stand in" },
    {
      name: "status",
      takes: "WORD",
      summary: "live, ended, completed, failed, killed, orphaned",
      completes: STATUSES,
    },
    {
      name: "harness",
      takes: "ID",
      summary: "only those of one agent: codex, claude",
      completes: "harness",
    },
    { name: "label", takes: "LABEL", repeats: true, summary: "only those with this label; k fits k=v too" },
    {
      name: "group",
      takes: "NAME",
      seldom: true,
      summary: "only those started together under it, or its beginning",
    },
    { name: "since", takes: "SPAN", summary: "only those that began in the last 90m, 12h, 7d" },
    { name: "limit", takes: "N", summary: "only the newest N" },
    { name: "all", summary: "include archived sessions" },
    { name: "plain", summary: "a plain table: SESSION STATUS HARNESS STATE TITLE" },
    JSON_OUTPUT,
  ],
  below: [
    {
      name: "show",
      summary: "What is recorded of one session",
      args: [sessionId("session")],
      flags: [JSON_OUTPUT],
      load: async () => (await import("./one.ts")).show,
    },
    {
      name: "log",
      summary: "What has happened in it, in words",
      args: [sessionId("session")],
      flags: [JSON_OUTPUT],
      load: async () => (await import("./one.ts")).log,
    },
    {
      name: "events",
      summary: "Its events, from the first",
      args: [sessionId("session")],
      flags: [
        { name: "after-seq", takes: "SEQ", seldom: true, summary: "only those after this one" },
        { name: "limit", takes: "COUNT", seldom: true, summary: "at most so many, else 1000" },
        JSON_OUTPUT,
      ],
      load: async () => (await import("./one.ts")).events,
    },
  ],
  load: async () => (await import("./run.ts")).run,
});
