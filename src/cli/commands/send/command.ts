// `coven send`: what help, parsing and completions say of it.
import { command } from "../../framework/command.ts";
import { sessionId } from "../arguments.ts";

export const SEND = command({
  name: "send",
  summary: "Type into a running session, as a person would",
  about: [
    "Types the text, waits until the program has shown it, then presses Enter. The",
    "text is one or more words; - or nothing reads it from standard input. A headless",
    "session takes nothing: start one with --interactive, or --detach. Without an id",
    "you pick from a list.",
  ],
  examples: [
    ["coven send 3f2a9c1e now fix the tests", "typed and submitted"],
    ["git diff | coven send 3f2a9c1e", "a long text, as one paste"],
    ["coven send 3f2a9c1e --no-enter 'not yet'", "leaves it in the input line"],
    ["coven send 3f2a9c1e --key down --key enter", "keys, one after the other"],
  ],
  args: [
    sessionId("session that takes input"),
    { name: "text", sample: "'go on'", optional: true, rest: true },
  ],
  flags: [
    {
      name: "key",
      takes: "KEY",
      repeats: true,
      summary: "a key: enter esc up f1..f12 ctrl-c alt-x shift-tab",
    },
    { name: "if-waiting", summary: "only while it waits for you, and only for what it waits now" },
    { name: "no-enter", summary: "do not press Enter" },
    { name: "raw", summary: "the bytes as they are: no paste, no Enter" },
  ],
  load: async () => (await import("./run.ts")).run,
});
