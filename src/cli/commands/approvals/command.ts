// `coven approvals`: what help, parsing and completions say of it.
import { type Argument, command } from "../../framework/command.ts";
import { JSON_OUTPUT } from "../arguments.ts";

const ID: Argument = { name: "id", sample: "3f2a9c1e" };

export const APPROVALS = command({
  name: "approvals",
  summary: "Decide on what other programs ask to do",
  seldom: true,
  about: [
    "A program that asks the daemon for something dangerous waits until you agree.",
    "What nobody decides on within ten minutes is denied. Who asks names itself:",
    "read what it wants, not who it says it is.",
  ],
  examples: [
    ["coven approvals", "what waits for you"],
    ["coven approvals approve 3f2a", "does it now"],
    ["coven approvals deny 3f2a --reason no", "and says why"],
    ["coven approvals --all", "and what became of earlier ones"],
  ],
  flags: [{ name: "all", summary: "those that are decided, too" }, JSON_OUTPUT],
  below: [
    {
      name: "list",
      summary: "Show what waits for you",
      flags: [{ name: "all", summary: "those that are decided, too" }, JSON_OUTPUT],
      load: async () => (await import("./run.ts")).list,
    },
    {
      name: "approve",
      summary: "Agree: it is done now",
      args: [ID],
      flags: [{ name: "reason", takes: "TEXT", summary: "kept with it, and told to who asked" }, JSON_OUTPUT],
      load: async () => (await import("./run.ts")).approve,
    },
    {
      name: "deny",
      summary: "Refuse: it is not done",
      args: [ID],
      flags: [{ name: "reason", takes: "TEXT", summary: "kept with it, and told to who asked" }, JSON_OUTPUT],
      load: async () => (await import("./run.ts")).deny,
    },
  ],
  load: async () => (await import("./run.ts")).list,
});
