// `coven worktrees`: what help, parsing and completions say of it.
import { command } from "../../framework/command.ts";
import { JSON_OUTPUT } from "../arguments.ts";

export const WORKTREES = command({
  name: "worktrees",
  summary: "List the git worktrees that runs have made",
  seldom: true,
  about: [
    "DIRTY counts files that are in no commit; AHEAD and BEHIND count commits, and",
    "compare with the branch's upstream, else the branch it was made from. Archiving",
    "a session keeps its worktree; sacrifice removes it if nothing would be lost.",
  ],
  examples: [
    ["coven worktrees", "all of them"],
    ["coven worktrees --json", "everything, for programs"],
    ["coven run codex 'fix the login' --worktree", "makes one, and works there"],
    ["coven sacrifice 3f2a9c1e", "removes it with its session"],
  ],
  flags: [JSON_OUTPUT],
  load: async () => (await import("./run.ts")).run,
});
