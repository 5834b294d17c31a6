// `coven diff`: what help, parsing and completions say of it.
import { command } from "../../framework/command.ts";
import { JSON_OUTPUT, sessionId } from "../arguments.ts";

export const DIFF = command({
  name: "diff",
  summary: "Show what has changed since a session began",
  seldom: true,
  about: [
    "All that differs between the commit that was checked out when it began and the",
    "files as they are: committed, uncommitted and new ones, not what git ignores.",
    "Without a worktree of its own that is also what others have changed there.",
  ],
  examples: [
    ["coven diff 3f2a9c1e", "as a patch"],
    ["coven diff 3f2a9c1e --stat", "files, and how many lines"],
    ["coven diff - | git apply", "the last session's, applied here"],
  ],
  args: [sessionId("session")],
  flags: [
    { name: "stat", summary: "which files, and how many lines" },
    { name: "name-only", summary: "which files" },
    JSON_OUTPUT,
  ],
  load: async () => (await import("./run.ts")).run,
});
