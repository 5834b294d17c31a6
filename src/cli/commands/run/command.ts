// `coven run`: what help, parsing and completions say of it.
import { command } from "../../framework/command.ts";
import { DETACH_KEY, RAW, RECORD_ONLY } from "../arguments.ts";

/** Words that stand before the prompt: no branch is meant by them. */
export const HARNESS_WORDS: ReadonlySet<string> = new Set([
  ...["codex", "claude", "demo", "gemini", "opencode", "copilot", "qwen", "amp", "aider", "goose"],
  ...["cursor-agent", "hermes"],
]);

/** The word behind `--worktree` is the branch, unless it names harnesses where none was named yet, or can't be a branch. */
export function mayBeBranch(next: string, before: readonly string[]): boolean {
  if (!/^[\p{L}\p{N}_][^\s~^:?*[\\\p{Cc}]*$/u.test(next) || next.includes("..")) return false;
  return before.length > 0 || !next.split(",").every((word) => HARNESS_WORDS.has(word));
}

/** The word behind `--continue` is a session's id where it looks like one: a task seldom is nothing but hexadecimal digits. */
function mayBeId(next: string): boolean {
  return (
    next === "-" || (/^[0-9a-f]{4}[0-9a-f-]{0,32}$/.test(next) && (/[0-9]/.test(next) || next.length >= 8))
  );
}

export const RUN = command({
  name: "run",
  leavesAsAgent: true,
  summary: "Start an agent on a task and watch it",
  about: [
    "HARNESS is codex, claude, demo or another agent (coven harnesses). It starts",
    "where you stand, its project is that of the nearest .git upwards. The prompt -",
    "reads standard input. Ctrl-] leaves it running; on a pipe Ctrl-C ends it. Leaves",
    "with the agent's code, else 125 (failed), 126 (can't start it), 127 (not found).",
  ],
  examples: [
    ["coven run codex fix the failing tests", "in this project"],
    ["coven run codex", "the agent itself, without a task"],
    ["coven run demo 'lines 5'", "no agent needed"],
    ["coven run claude 'explain this' --detach", "prints the id, returns at once"],
    ["coven run codex -- --help me", "everything after -- is the prompt"],
  ],
  args: [
    { name: "harness", sample: "demo", completes: "harness", unless: "continue" },
    { name: "prompt", sample: "'say hello'", optional: true, rest: true },
  ],
  flags: [
    {
      name: "cwd",
      takes: "DIR",
      seldom: true,
      summary: "start there, inside the project",
      completes: "directory",
    },
    { name: "name", takes: "NAME", seldom: true, summary: "what to type instead of its id: --name login" },
    {
      name: "title",
      takes: "TEXT",
      seldom: true,
      summary: "its title in lists (else the first line of the prompt)",
    },
    {
      name: "model",
      takes: "NAME",
      seldom: true,
      summary: "the model: its name, or provider/name",
    },
    {
      name: "permission",
      seldom: true,
      takes: "WHAT",
      summary: "read-only or full (else what the agent does unasked)",
      completes: ["read-only", "full"],
    },
    {
      name: "add-dir",
      seldom: true,
      takes: "DIR",
      repeats: true,
      summary: "a directory it may use beside the project",
      completes: "directory",
    },
    {
      name: "worktree",
      seldom: true,
      takes: "BRANCH",
      mayTake: mayBeBranch,
      summary: "in a git worktree of its own (docs/CLI.md)",
    },
    {
      name: "stream-json",
      seldom: true,
      summary: "the run as lines of JSON, for programs",
    },
    {
      name: "continue",
      seldom: true,
      takes: "ID",
      mayTake: mayBeId,
      summary: "go on with a session's conversation, or the last here",
      completes: "conversation",
    },
    { name: "exclusive", seldom: true, summary: "not while another session works in this checkout" },
    {
      name: "group",
      seldom: true,
      takes: "NAME",
      summary: "the group it belongs to (sessions --group NAME)",
    },
    { name: "familiar", seldom: true, takes: "ID", summary: "who it is asked to be: one of familiars.toml" },
    { name: "archive", seldom: true, summary: "archive it once it has ended" },
    { name: "label", seldom: true, takes: "LABEL", repeats: true, summary: "a label: --label team=web" },
    { name: "labels", seldom: true, takes: "A,B", summary: "several, separated by commas" },
    {
      name: "arg",
      seldom: true,
      takes: "ARG",
      repeats: true,
      summary: "one more argument for the agent: --arg=--flag",
    },
    { name: "dry-run", seldom: true, summary: "print argv, root, cwd and mode; start nothing" },
    {
      name: "timeout",
      seldom: true,
      takes: "SPAN",
      summary: "end it after 90s, 10m, 2h, and leave with 124",
    },
    {
      name: "env-file",
      seldom: true,
      takes: "FILE",
      repeats: true,
      summary: "NAME=value lines for the agent",
    },
    { name: "end-with-me", seldom: true, summary: "SIGTERM, SIGHUP, a closed pipe end the session too" },
    { name: "quiet", seldom: true, summary: "say nothing but errors on stderr" },
    { name: "interactive", summary: "its own screen: default at a terminal, with --detach" },
    { name: "headless", summary: "one task, no typing: default on pipes, --json, --raw" },
    { name: "detach", summary: "print the id and return at once" },
    { ...DETACH_KEY, seldom: true },
    RECORD_ONLY,
    RAW,
  ],
  load: async () => (await import("./run.ts")).run,
});
