// `coven daemon`: what help, parsing and completions say of it.
import { command, type Flag } from "../../framework/command.ts";
import { JSON_OUTPUT } from "../arguments.ts";

const FORCE: Flag = { name: "force", summary: "end live sessions too" };

export const DAEMON = command({
  name: "daemon",
  summary: "Start, stop, look at or install the background process",
  about: [
    "The daemon is the process that holds the agents' terminals. Every command that",
    "needs it starts it, so you seldom do. What would end live sessions asks first",
    "at a terminal, and is refused elsewhere: --force does it.",
  ],
  examples: [
    ["coven daemon status", "is it running?"],
    ["coven daemon status --check", "the same as an exit code: 0 or 3"],
    ["coven daemon restart", "after an upgrade; sessions go on (Linux)"],
    ["coven daemon stop --force", "ends live sessions too"],
  ],
  below: [
    {
      name: "start",
      summary: "Start the daemon, or say that it runs already",
      load: async () => (await import("./run.ts")).start,
    },
    {
      name: "status",
      summary: "Say whether it runs, and what it holds",
      flags: [JSON_OUTPUT, { name: "check", summary: "exit with 3 when no daemon answers" }],
      load: async () => (await import("./run.ts")).status,
    },
    {
      name: "restart",
      summary: "Put this version in its place; on Linux sessions live on",
      flags: [{ ...FORCE, name: "end-sessions", summary: "end live sessions, then start it anew" }, FORCE],
      load: async () => (await import("./run.ts")).restart,
    },
    {
      name: "stop",
      summary: "Stop it; nothing that was recorded is lost",
      flags: [FORCE],
      load: async () => (await import("./run.ts")).stop,
    },
    {
      name: "install",
      summary: "Have systemd or launchd start it at login and keep it",
      flags: [FORCE],
      load: async () => (await import("./install.ts")).install,
    },
    {
      name: "uninstall",
      summary: "Take that back, and stop it",
      flags: [FORCE],
      load: async () => (await import("./install.ts")).uninstall,
    },
  ],
});
