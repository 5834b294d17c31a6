// `coven attach`: what help, parsing and completions say of it.
import { command } from "../../framework/command.ts";
import { DETACH_KEY, RAW, RECORD_ONLY, sessionId } from "../arguments.ts";

export const ATTACH = command({
  name: "attach",
  leavesAsAgent: true,
  summary: "Open a session: its screen and keyboard, or its last screen",
  about: [
    "Every key goes to the session, Ctrl-C too. Ctrl-] leaves it running; after it n,",
    "p, l and w show other sessions, b the list, [ the log, ? lists these keys. The",
    "session takes the size of your terminal. On a pipe all its output is printed to",
    "the end. ID is any four or more characters that fit one session only, its name,",
    "or - for the last one of this project. Without it you pick from a list. Leaves",
    "with the agent's code, 0 if you leave before, 125 where coven itself failed.",
  ],
  examples: [
    ["coven attach 3f2a9c1e", "screen and keyboard of the session"],
    ["coven attach 3f2a9c1e --observe", "only look: no key, and its size stays"],
    ["coven attach 3f2a9c1e > log.txt", "all it printed, with its colours"],
    ["coven attach 3f2a9c1e --raw > log.bin", "the same, byte for byte"],
  ],
  args: [sessionId("session")],
  flags: [
    { name: "observe", summary: "look without typing; Ctrl-C leaves" },
    { name: "no-follow", summary: "show what is there and return" },
    DETACH_KEY,
    RECORD_ONLY,
    RAW,
  ],
  load: async () => (await import("./run.ts")).run,
});
