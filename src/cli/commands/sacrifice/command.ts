// `coven sacrifice`: what help, parsing and completions say of it.
import { command } from "../../framework/command.ts";
import { sessionIds } from "../arguments.ts";

export const SACRIFICE = command({
  name: "sacrifice",
  summary: "Delete a session and all its output for good",
  about: [
    "At a terminal it asks you to type the word; anywhere else it needs --yes. A git",
    "worktree that was made for the session goes too, with the branch that was made",
    "for it; where that would lose a file or a commit, nothing is deleted.",
  ],
  examples: [
    ["coven sacrifice 3f2a9c1e", "asks first"],
    ["coven sacrifice 3f2a9c1e 77c0 --yes", "several, for scripts"],
  ],
  args: [sessionIds("settled session")],
  flags: [
    { name: "yes", summary: "delete without asking" },
    { name: "discard", summary: "delete also what is only in its worktree" },
    { name: "keep-worktree", summary: "leave its worktree and branch as they are" },
  ],
  load: async () => (await import("./run.ts")).run,
});
