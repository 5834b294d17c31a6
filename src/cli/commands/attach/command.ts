// Owns the part of the command table that is about a session's terminal: attach and send.
import type { Argument, Command, Flag } from "../../framework/command.ts";

const SESSION: Argument = { name: "id", sample: "3f2a9c1e", completes: "session" };

/** `--detach-key`, of run and attach. */
export const DETACH_KEY: Flag = {
  name: "detach-key",
  takes: "KEY",
  summary: "leaves the session running (else Ctrl-])",
};

/** `coven attach`. */
export const ATTACH: Command = {
  name: "attach",
  summary: "Be at a session's terminal, or see the last screen of an old one",
  about: [
    "Every key goes to the session, Ctrl-C too; Ctrl-] detaches and it goes on.",
    "Its size becomes your terminal's. Leaves with the harness's exit code. Piped,",
    "it prints the output from the beginning and follows it to the end. Any four or",
    "more characters that fit only one session will do for an id.",
  ],
  examples: [
    ["coven attach 3f2a9c1e", "screen and keyboard of the session"],
    ["coven attach 3f2a9c1e --observe", "only look: no key, no say in the size"],
    ["coven attach 3f2a9c1e > log.txt", "its output as a text file"],
    ["coven attach 3f2a9c1e --raw > log.bin", "byte for byte"],
  ],
  args: [SESSION],
  flags: [
    { name: "observe", summary: "look without typing; Ctrl-C leaves" },
    DETACH_KEY,
    { name: "json", summary: "print only the record, as JSON, at the end" },
    { name: "raw", summary: "print the exact bytes (otherwise CRLF becomes LF)" },
  ],
  load: async () => (await import("./run.ts")).run,
};

/** `coven send`. */
export const SEND: Command = {
  name: "send",
  summary: "Type into a running session, as a person would",
  about: [
    "Types the text, waits until the program has shown it, then presses Enter. The",
    "text is one or more words; - or nothing reads it from standard input.",
  ],
  examples: [
    ["coven send 3f2a9c1e now fix the tests", "typed and submitted"],
    ["git diff | coven send 3f2a9c1e", "a long text, as one paste"],
    ["coven send 3f2a9c1e --no-enter 'not yet'", "leaves it in the input line"],
    ["coven send 3f2a9c1e --key down --key enter", "keys, one after the other"],
  ],
  args: [SESSION, { name: "text", sample: "'go on'", optional: true, rest: true }],
  flags: [
    {
      name: "key",
      takes: "KEY",
      repeats: true,
      summary: "a key: enter esc up f1..f12 ctrl-c alt-x shift-tab",
    },
    { name: "no-enter", summary: "do not press Enter" },
    { name: "raw", summary: "the bytes as they are: no paste, no Enter" },
  ],
  load: async () => (await import("../send/run.ts")).run,
};
