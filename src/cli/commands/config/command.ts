// Owns the part of the command table that stands below `coven config`.
import type { Argument, Command, Flag } from "../../framework/command.ts";

const JSON_FLAG: Flag = { name: "json", summary: "print JSON" };
const KEY: Argument = {
  name: "key",
  sample: "screen.scrollback",
  completes: [
    "harness.default",
    "terminal.detach_key",
    "screen.scrollback",
    "retention.days",
    "retention.max_bytes",
    "record.input",
    "ui.colour",
  ],
};

/** `coven config get|set|list|path`. */
export const CONFIG: readonly Command[] = [
  {
    name: "get",
    summary: "Print the value of one setting",
    examples: [],
    args: [KEY],
    flags: [JSON_FLAG],
    load: async () => (await import("./run.ts")).get,
  },
  {
    name: "set",
    summary: "Change one setting; the rest of the file stays as it is",
    examples: [],
    args: [KEY, { name: "value", sample: "5000" }],
    flags: [],
    load: async () => (await import("./run.ts")).set,
  },
  {
    name: "list",
    summary: "Show every setting, its value and what it is",
    examples: [],
    args: [],
    flags: [JSON_FLAG],
    load: async () => (await import("./run.ts")).list,
  },
  {
    name: "path",
    summary: "Print where the file is",
    examples: [],
    args: [],
    flags: [],
    load: async () => (await import("./run.ts")).path,
  },
];
