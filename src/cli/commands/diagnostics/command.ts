// `coven diagnostics`: what help, parsing and completions say of it.
import { command } from "../../framework/command.ts";

export const DIAGNOSTICS = command({
  name: "diagnostics",
  summary: "Gather what a support thread needs into one archive",
  seldom: true,
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
  load: async () => (await import("./run.ts")).run,
});
