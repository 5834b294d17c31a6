// `coven doctor`: what help, parsing and completions say of it.
import { command } from "../../framework/command.ts";
import { JSON_OUTPUT } from "../arguments.ts";

export const DOCTOR = command({
  name: "doctor",
  summary: "Check this machine and say what to do about each problem",
  about: [
    "Changes nothing and starts nothing. Agents are asked for their version and, by",
    "their own command, whether you are logged in. Exits 1 only when something is",
    "broken: a missing agent is a warning.",
  ],
  examples: [
    ["coven doctor", "home, ledger, daemon, project, harnesses"],
    ["coven doctor --deep", "and every page of the ledger"],
    ["coven doctor --json", "the same for programs"],
  ],
  flags: [{ name: "deep", summary: "read the whole ledger and check it" }, JSON_OUTPUT],
  load: async () => (await import("./run.ts")).run,
});
