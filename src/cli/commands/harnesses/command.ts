// `coven harnesses`: what help, parsing and completions say of it.
import { type Argument, command } from "../../framework/command.ts";
import { JSON_OUTPUT } from "../arguments.ts";

const ID: Argument = {
  name: "id",
  sample: "gemini",
  completes: ["gemini", "opencode", "copilot", "qwen", "amp", "aider", "goose", "cursor-agent", "hermes"],
};

export const HARNESSES = command({
  name: "harnesses",
  summary: "Show the agents coven knows, and switch them on or off",
  seldom: true,
  about: [
    "codex, claude and demo are on. The others are known and off until you enable",
    "them; a launch of one is refused before. TRIED says how far a recipe was tried",
    "with the real program. One of your own is a file harnesses/NAME.json in",
    "COVEN_HOME: docs/CONFIGURATION.md says what stands in it.",
  ],
  examples: [
    ["coven harnesses", "every agent, its version, and where it is"],
    ["coven harnesses enable gemini", "from now on it may be launched"],
    ["coven harnesses check mine.json", "what is wrong with a manifest, line by line"],
    ["coven harnesses --json", "the same for programs"],
  ],
  flags: [JSON_OUTPUT],
  load: async () => (await import("./run.ts")).run,
  below: [
    {
      name: "enable",
      summary: "Let an agent be launched",
      args: [ID],
      load: async () => (await import("./run.ts")).enable,
    },
    {
      name: "disable",
      summary: "Let it be launched no longer",
      args: [ID],
      load: async () => (await import("./run.ts")).disable,
    },
    {
      name: "check",
      summary: "Look at a manifest before or after it is put there",
      args: [{ name: "file", sample: "mine.json" }],
      flags: [JSON_OUTPUT],
      load: async () => (await import("./check.ts")).check,
    },
  ],
});
