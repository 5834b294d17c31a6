// `coven conformance`: what help, parsing and completions say of it.
import { command } from "../../framework/command.ts";
import { JSON_OUTPUT } from "../arguments.ts";

export const CONFORMANCE = command({
  name: "conformance",
  summary: "Check a daemon against the contract",
  seldom: true,
  about: [
    "Asks the daemon on a socket what docs/API-CONTRACT.md says, section by section,",
    "and prints what differs. What a daemon does not announce is skipped. Sessions of",
    "the demo are started in an empty directory, ended and deleted; nothing else is",
    "touched, and no daemon is started. Leaves with 1 when anything differs.",
  ],
  examples: [
    ["coven conformance", "your own daemon"],
    ["coven conformance --socket /tmp/other.sock", "any other one"],
    ["coven conformance --json", "every check, for programs"],
  ],
  flags: [
    {
      name: "socket",
      takes: "PATH",
      summary: "The socket of the daemon; yours unless given",
    },
    JSON_OUTPUT,
  ],
  load: async () => (await import("./run.ts")).run,
});
