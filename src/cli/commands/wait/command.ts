// `coven wait`: what help, parsing and completions say of it.
import { command } from "../../framework/command.ts";
import { sessionIds } from "../arguments.ts";

export const WAIT = command({
  name: "wait",
  summary: "Wait until a session wants you, is done, or has ended",
  seldom: true,
  about: [
    "A restart of the daemon is waited out. Exit codes: 0 it came true; 3 it can't",
    "any more, because the session has ended or was deleted; 4 --timeout.",
  ],
  examples: [
    ["coven wait 3f2a9c1e", "until it has ended"],
    ["coven wait 3f2a --for waiting --timeout 10m", "until it asks something"],
    ["coven wait --any --for waiting", "any session of this project"],
    ["coven wait --all --for done --json", "all that run now"],
  ],
  args: [sessionIds("running session")],
  flags: [
    {
      name: "for",
      takes: "WHAT",
      summary: "waiting, done or exit (the default)",
      completes: ["waiting", "done", "exit"],
    },
    { name: "any", summary: "until one of them; without ids: any session of this project" },
    { name: "all", summary: "until all of them; without ids: all that run in this project" },
    { name: "timeout", takes: "SPAN", summary: "at most so long: 90s, 10m, 2h" },
    { name: "json", summary: "what came of it, and the records, as JSON" },
  ],
  load: async () => (await import("./run.ts")).run,
});
