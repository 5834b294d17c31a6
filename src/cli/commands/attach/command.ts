// `coven attach`: what help, parsing and completions say of it.
import { command } from "../../framework/command.ts";
import { DETACH_KEY, RAW, RECORD_ONLY, sessionId } from "../arguments.ts";

export const ATTACH = command({
  name: "attach",
  summary: "Be at a session's terminal, or see the last screen of an old one",
  about: [
    "Every key goes to the session, Ctrl-C too; Ctrl-] detaches and it goes on.",
    "Behind it n, p, l go to other sessions, r draws anew, ? shows these keys.",
    "Its size becomes your terminal's. Leaves with the harness's exit code. Piped,",
    "it prints the output from the beginning and follows it to the end. Any four or",
    "more characters that fit only one session will do for an id, and - is the last",
    "session of this project. Without one you pick from a list.",
  ],
  examples: [
    ["coven attach 3f2a9c1e", "screen and keyboard of the session"],
    ["coven attach 3f2a9c1e --observe", "only look: no key, no say in the size"],
    ["coven attach 3f2a9c1e > log.txt", "its output as a text file"],
    ["coven attach 3f2a9c1e --raw > log.bin", "byte for byte"],
  ],
  args: [sessionId("session")],
  flags: [{ name: "observe", summary: "look without typing; Ctrl-C leaves" }, DETACH_KEY, RECORD_ONLY, RAW],
  load: async () => (await import("./run.ts")).run,
});
