// Owns the one table of commands. Help, parsing, suggestions, completions and the man page come from it and nowhere else.
import type { Argument, Command, Flag } from "../framework/command.ts";
import { ATTACH, DETACH_KEY, SEND } from "./attach/command.ts";
import { CONFIG } from "./config/command.ts";
import { COMPLETIONS, DOCTOR, HELP, TUI } from "./doctor/command.ts";
import { DIAGNOSTICS, LOGS } from "./logs/command.ts";

const SESSION: Argument = { name: "id", sample: "3f2a9c1e", completes: "session" };
const JSON_FLAG: Flag = { name: "json", summary: "print JSON" };
const FORCE: Flag = { name: "force", summary: "end live sessions too" };
const RAW: Flag = { name: "raw", summary: "print the exact bytes (otherwise CRLF becomes LF)" };

const DAEMON: readonly Command[] = [
  {
    name: "start",
    summary: "Start the daemon, or say that it runs already",
    examples: [],
    args: [],
    flags: [],
    load: async () => (await import("./daemon/run.ts")).start,
  },
  {
    name: "status",
    summary: "Say whether it runs, what it holds and how it fares",
    examples: [],
    args: [],
    flags: [JSON_FLAG, { name: "check", summary: "exit with 3 when no daemon answers" }],
    load: async () => (await import("./daemon/run.ts")).status,
  },
  {
    name: "restart",
    summary: "Stop it and start it again",
    examples: [],
    args: [],
    flags: [FORCE],
    load: async () => (await import("./daemon/run.ts")).restart,
  },
  {
    name: "stop",
    summary: "Stop it in an orderly way",
    examples: [],
    args: [],
    flags: [FORCE],
    load: async () => (await import("./daemon/run.ts")).stop,
  },
  {
    name: "install",
    summary: "Have systemd or launchd start it at login and keep it",
    examples: [],
    args: [],
    flags: [FORCE],
    load: async () => (await import("./daemon/install.ts")).install,
  },
  {
    name: "uninstall",
    summary: "Take that back, and stop it",
    examples: [],
    args: [],
    flags: [FORCE],
    load: async () => (await import("./daemon/install.ts")).uninstall,
  },
];

/** Every command, in the order help shows them. */
export const COMMANDS: readonly Command[] = [
  {
    name: "run",
    summary: "Start a harness on a task and watch it",
    about: [
      "The project root is the nearest directory upwards with a .git, else where you",
      "stand. The prompt is one or more words; - reads it from standard input.",
      "In a terminal every key goes to the harness and Ctrl-] detaches; piped, Ctrl-C",
      "ends the session. Leaves with the harness's exit code.",
    ],
    examples: [
      ["coven run codex fix the failing tests", "in this project"],
      ["coven run demo 'lines 5'", "no agent needed"],
      ["coven run claude 'explain this' --detach", "prints the id, returns at once"],
      ["coven run codex -- --help me", "everything after -- is the prompt"],
    ],
    args: [
      { name: "harness", sample: "demo", completes: "harness" },
      { name: "prompt", sample: "'say hello'", rest: true },
    ],
    flags: [
      { name: "cwd", takes: "DIR", summary: "start there, inside the project", completes: "directory" },
      { name: "title", takes: "TEXT", summary: "the name in lists (else the prompt's first line)" },
      { name: "detach", summary: "print the id and return at once" },
      DETACH_KEY,
      { name: "json", summary: "print only the record, as JSON, at the end" },
      RAW,
    ],
    load: async () => (await import("./run/run.ts")).run,
  },
  {
    name: "sessions",
    summary: "List sessions, newest first",
    examples: [
      ["coven sessions", "those that are not archived"],
      ["coven sessions --all", "archived ones too"],
      ["coven sessions --plain | grep running", "stable columns for scripts"],
      ["coven sessions --json", "everything, for programs"],
    ],
    args: [],
    flags: [
      { name: "all", summary: "include archived sessions" },
      { name: "plain", summary: "a plain table: SESSION STATUS HARNESS STATE TITLE" },
      JSON_FLAG,
    ],
    load: async () => (await import("./sessions/run.ts")).run,
  },
  ATTACH,
  SEND,
  {
    name: "kill",
    summary: "End a running session and every process it started",
    examples: [["coven kill 3f2a9c1e", "its record and output stay"]],
    args: [SESSION],
    flags: [],
    load: async () => (await import("./kill/run.ts")).run,
  },
  {
    name: "archive",
    summary: "Hide a finished session from the list",
    examples: [
      ["coven archive 3f2a9c1e", "nothing is deleted"],
      ["coven sessions --all", "shows it again, marked archived"],
    ],
    args: [SESSION],
    flags: [],
    load: async () => (await import("./archive/run.ts")).run,
  },
  {
    name: "summon",
    summary: "Bring an archived session back into the list",
    examples: [["coven summon 3f2a9c1e", "the reverse of archive"]],
    args: [SESSION],
    flags: [],
    load: async () => (await import("./summon/run.ts")).run,
  },
  {
    name: "sacrifice",
    summary: "Delete a session and all its output for good",
    about: ["At a terminal it asks you to type the word; anywhere else it needs --yes."],
    examples: [
      ["coven sacrifice 3f2a9c1e", "asks first"],
      ["coven sacrifice 3f2a9c1e --yes", "for scripts"],
    ],
    args: [SESSION],
    flags: [{ name: "yes", summary: "delete without asking" }],
    load: async () => (await import("./sacrifice/run.ts")).run,
  },
  {
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
    args: [SESSION],
    flags: [
      {
        name: "format",
        takes: "FORMAT",
        summary: "cast, text or html (else what FILE's name says)",
        completes: ["cast", "text", "html"],
      },
      { name: "output", takes: "FILE", summary: "write there instead of to stdout" },
    ],
    load: async () => (await import("./export/run.ts")).run,
  },
  {
    name: "config",
    summary: "Show or change settings",
    about: ["Settings live in config.toml in COVEN_HOME. None is needed."],
    examples: [
      ["coven config list", "every setting and what it does"],
      ["coven config set screen.scrollback 5000", "changes one line of the file"],
      ["coven config set retention.days 90", "deletes what ended 90 days ago"],
    ],
    args: [],
    flags: [],
    below: CONFIG,
    load: async () => (await import("../framework/help.ts")).run,
  },
  {
    name: "daemon",
    summary: "Start, stop, look at or install the background process",
    about: [
      "Every command that needs the daemon starts it, so this is seldom needed.",
      "What would end live sessions is refused, unless you confirm or --force.",
    ],
    examples: [
      ["coven daemon status", "is it running?"],
      ["coven daemon status --check", "the same as an exit code: 0 or 3"],
      ["coven daemon stop --force", "ends live sessions too"],
    ],
    args: [],
    flags: [],
    below: DAEMON,
    load: async () => (await import("../framework/help.ts")).run,
  },
  TUI,
  DOCTOR,
  LOGS,
  DIAGNOSTICS,
  COMPLETIONS,
  HELP,
  {
    name: "version",
    summary: "Show the version",
    examples: [
      ["coven version", "the same as: coven --version"],
      ["coven version --json", "with the API version"],
    ],
    args: [],
    flags: [JSON_FLAG],
    load: async () => (await import("./version/run.ts")).run,
  },
];
