// `coven export`: what help, parsing and completions say of it.
import { command } from "../../framework/command.ts";
import { sessionId } from "../arguments.ts";

export const EXPORT = command({
  name: "export",
  summary: "Save a session as a recording, text or a page that plays it",
  about: [
    "cast is asciicast v3, for asciinema; text is what a terminal shows at the end;",
    "html is one page that plays it, in any browser, without a network.",
    "A session that still runs gives what there is so far.",
  ],
  examples: [
    ["coven export 3f2a9c1e --output run.html", "one file to open or to send"],
    ["coven export 3f2a9c1e --format text | less", "what it printed, to read"],
    ["coven export 3f2a9c1e --format cast > run.cast", "asciinema play run.cast"],
  ],
  args: [sessionId("session")],
  flags: [
    {
      name: "format",
      takes: "FORMAT",
      summary: "cast, text or html (else what FILE's name says)",
      completes: ["cast", "text", "html"],
    },
    { name: "output", takes: "FILE", summary: "write there instead of to stdout" },
    { name: "force", summary: "write over a file that is there" },
  ],
  load: async () => (await import("./run.ts")).run,
});
