// `coven rename`: what help, parsing and completions say of it.
import { command } from "../../framework/command.ts";
import { JSON_OUTPUT } from "../arguments.ts";

export const RENAME = command({
  name: "rename",
  summary: "Give a session a name, which stands for its id",
  seldom: true,
  about: [
    "Letters, digits and . _ -, at most 64; not of 0-9 a-f and - alone, as ids are.",
    "No two sessions that run have the same name. Once none that runs has it, the",
    "newest of those that have ended is meant.",
  ],
  examples: [
    ["coven rename 3f2a9c1e login", "then: coven attach login"],
    ["coven rename - login", "the last one of this project"],
    ["coven rename login --none", "takes the name away"],
    ["coven run codex 'fix the login' --name login", "a name from the start"],
  ],
  args: [
    { name: "id", sample: "3f2a9c1e", completes: "session" },
    { name: "name", sample: "login", unless: "none" },
  ],
  flags: [{ name: "none", summary: "it has no name any more" }, JSON_OUTPUT],
  load: async () => (await import("./run.ts")).run,
});
