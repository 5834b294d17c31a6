// `coven config`: what help, parsing and completions say of it.
import { type Argument, command } from "../../framework/command.ts";
import { JSON_OUTPUT } from "../arguments.ts";

const KEY: Argument = {
  name: "key",
  sample: "screen.scrollback",
  completes: [
    "harness.default",
    "harness.enabled",
    "terminal.detach_key",
    "screen.scrollback",
    "retention.days",
    "retention.max_bytes",
    "retention.clock_ok",
    "launch.free_memory",
    "record.input",
    "ui.colour",
  ],
};

export const CONFIG = command({
  name: "config",
  summary: "Show or change settings",
  about: ["Settings live in config.toml in COVEN_HOME. None is needed."],
  examples: [
    ["coven config list", "every setting and what it does"],
    ["coven config set screen.scrollback 5000", "changes one line of the file"],
    ["coven config set retention.days 90", "deletes what ended 90 days ago"],
  ],
  below: [
    {
      name: "get",
      summary: "Print the value of one setting",
      args: [KEY],
      flags: [JSON_OUTPUT],
      load: async () => (await import("./run.ts")).get,
    },
    {
      name: "set",
      summary: "Change one setting; the rest of the file stays as it is",
      args: [KEY, { name: "value", sample: "5000" }],
      load: async () => (await import("./run.ts")).set,
    },
    {
      name: "list",
      summary: "Show every setting, its value and what it is",
      flags: [JSON_OUTPUT],
      load: async () => (await import("./run.ts")).list,
    },
    {
      name: "path",
      summary: "Print where the file is",
      load: async () => (await import("./run.ts")).path,
    },
  ],
});
