// `coven resume`: what help, parsing and completions say of it.
import { command } from "../../framework/command.ts";
import { DETACH_KEY, RAW, RECORD_ONLY, sessionId } from "../arguments.ts";

export const RESUME = command({
  name: "resume",
  leavesAsAgent: true,
  summary: "Go on with an agent's conversation, in a new session",
  seldom: true,
  about: [
    "The agent goes on with what it knows of a session that has ended, in the same",
    "directory or worktree, with the same model and permission unless said otherwise.",
    "Without a prompt it waits for one. The new session says which one it continues.",
  ],
  examples: [
    ["coven resume 3f2a9c1e", "its own screen, as it was left"],
    ["coven resume 3f2a9c1e 'now the docs'", "with the next task"],
    ["coven resume - 'now the docs' --headless", "the last one here, one task"],
    ["coven run --continue 'now the docs'", "the same"],
  ],
  args: [sessionId("conversation"), { name: "prompt", sample: "'now the docs'", optional: true, rest: true }],
  flags: [
    { name: "model", takes: "NAME", seldom: true, summary: "another model" },
    {
      name: "permission",
      takes: "WHAT",
      seldom: true,
      summary: "read-only or full",
      completes: ["read-only", "full"],
    },
    {
      name: "arg",
      takes: "ARG",
      repeats: true,
      seldom: true,
      summary: "an argument of the agent's own: --arg=--flag",
    },
    { name: "name", takes: "NAME", seldom: true, summary: "what to type instead of its id: --name login" },
    { name: "title", takes: "TEXT", seldom: true, summary: "another title in lists" },
    {
      name: "timeout",
      takes: "SPAN",
      seldom: true,
      summary: "end it after 90s, 10m, 2h, and leave with 124",
    },
    { name: "stream-json", seldom: true, summary: "the run as lines of JSON, for programs" },
    { name: "quiet", seldom: true, summary: "say nothing but errors on stderr" },
    { name: "interactive", summary: "the agent's own screen (at a terminal, with --detach)" },
    { name: "headless", summary: "one task, no typing (on pipes, with --json or --raw)" },
    { name: "detach", summary: "print the id and return at once" },
    DETACH_KEY,
    RECORD_ONLY,
    RAW,
  ],
  load: async () => (await import("./run.ts")).run,
});
