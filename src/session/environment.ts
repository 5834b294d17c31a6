// What a harness finds in its environment: the caller's, without what describes another terminal or an outer agent.
import { CovenError } from "../errors.ts";

/** The mark every descendant of a session carries; leftovers are found by it. */
export const SESSION_MARK = "COVEN_SESSION_ID";

/** What a session's environment is made of. */
export interface EnvironmentSources {
  /** The daemon's own environment. */
  readonly base: Readonly<Record<string, string | undefined>>;
  /** Laid over it, name by name: `env` of the launch request. */
  readonly overlay: Readonly<Record<string, string>>;
  /** False: the overlay is the whole environment, which is what the CLI asks for. */
  readonly inherit: boolean;
  readonly sessionId: string;
  /** Where the harness starts; becomes `PWD`, which is dropped when this is not given. */
  readonly cwd?: string;
  /** Names that this harness gets although no other does; never one that is set below. */
  readonly pass?: readonly string[] | undefined;
  /** Names that this harness must not get either. */
  readonly strip?: readonly string[] | undefined;
}

/**
 * Names that must not reach a harness, exact. Each was looked up in the programs that read it (the shipped codex 0.169
 * and claude 2.1.329, ncurses, Bun and Node), or is what gemini 0.61, opencode 1.18, copilot 1.0 and qwen 0.24 were seen to give the commands they run: one of them left in place makes an agent believe that it runs
 * inside another agent, another multiplexer, or a terminal with abilities the session's own one lacks.
 */
const STRIPPED = new Set([
  // An outer session, an outer agent.
  SESSION_MARK,
  ...["CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT", "CLAUDE_CODE_SSE_PORT", "CLAUDE_CODE_SESSION_ID", "CLAUDE_PID"],
  ...["CLAUDE_CODE_CHILD_SESSION", "CLAUDE_CODE_SESSION_KIND", "CLAUDE_CODE_MESSAGING_SOCKET"],
  ...["CLAUDE_CODE_BRIDGE_SESSION_ID", "CLAUDE_CODE_EXECPATH", "AI_AGENT"],
  ...["CODEX_THREAD_ID", "CODEX_SESSION_ID", "CODEX_TOOL_CALL_ID", "CODEX_CI"],
  ...["GEMINI_CLI", "GEMINI_CLI_NO_RELAUNCH", "OPENCODE", "OPENCODE_PID", "CURSOR_AGENT", "CURSOR_TRACE_ID"],
  ...[
    "COPILOT_CLI",
    "COPILOT_AGENT_SESSION_ID",
    "COPILOT_CLI_BINARY_VERSION",
    "COPILOT_CLI_RESOLVED_DIST_DIR",
  ],
  ...[
    "QWEN_CODE",
    "QWEN_CODE_SESSION_ID",
    "QWEN_CODE_PROMPT_ID",
    "QWEN_CODE_AGENT_ID",
    "QWEN_CODE_PROJECT_DIR",
  ],
  ...["QWEN_CODE_LAUNCHER_PID", "QWEN_CODE_NO_RELAUNCH", "QWEN_CODE_CLI", "QWEN_CODE_STARTUP_VERSION"],
  ...["QWEN_CODE_MANAGED_NPM_ROOT", "QWEN_CODE_MANAGED_NPM_PIN", "QWEN_CODE_MODEL_IDENTITY"],
  "QWEN_CODE_PRIVATE_RELAUNCH_ENV_PROVENANCE",
  // An outer multiplexer or editor.
  ...["TMUX", "TMUX_PANE", "STY", "WINDOW", "NVIM", "INSIDE_EMACS", "VIM_TERMINAL", "VSCODE_INJECTION"],
  // Another terminal: its name, its size, its abilities, its device.
  ...[
    "TERM_PROGRAM",
    "TERM_PROGRAM_VERSION",
    "TERM_SESSION_ID",
    "TERM_FEATURES",
    "TERMCAP",
    "LINES",
    "COLUMNS",
  ],
  ...["LC_TERMINAL", "LC_TERMINAL_VERSION", "TERMINAL_EMULATOR", "VTE_VERSION", "XTERM_VERSION", "WINDOWID"],
  ...["WT_SESSION", "WT_PROFILE_ID", "TERMINATOR_UUID", "TILIX_ID", "COLORFGBG", "GPG_TTY", "SSH_TTY"],
  // The daemon's own beginnings: a Node launcher's channel, a service manager's sockets, a shell's last words.
  ...["NODE_CHANNEL_FD", "NODE_CHANNEL_SERIALIZATION_MODE", "NODE_UNIQUE_ID", "NOTIFY_SOCKET", "LISTEN_PID"],
  ...["LISTEN_FDS", "LISTEN_FDNAMES", "WATCHDOG_PID", "WATCHDOG_USEC", "INVOCATION_ID", "JOURNAL_STREAM"],
  ...["OLDPWD", "_"],
  // Bun's switches: compiled programs obey them too (measured: claude does).
  ...["BUN_OPTIONS", "BUN_BE_BUN"],
]);

/** Families of the same, by how the name begins. */
const STRIPPED_PREFIXES = [
  ...["CODEX_SANDBOX", "CODEX_SNAPSHOT_", "ZELLIJ"],
  ...[
    "KITTY_",
    "ITERM_",
    "WEZTERM_",
    "KONSOLE_",
    "GHOSTTY_",
    "ALACRITTY_",
    "GNOME_TERMINAL_",
    "INTELLIJ_TERMINAL_",
  ],
  ...["ConEmu", "BUN_INSPECT", "BUN_JSC_", "BUN_DEBUG"],
];

/**
 * The whole environment of a harness. `TERM` and `COLORTERM` describe the session's own terminal, the mark is set
 * last, so nobody can choose it. Everything not named above is kept: keys, proxies, `PATH`, `HOME`, `NO_COLOR`.
 * Throws `invalid_request` for a name or value no environment can hold; the message never holds a value.
 */
export function sessionEnvironment(sources: EnvironmentSources): Record<string, string> {
  const merged = new Map<string, string>();
  for (const layer of sources.inherit ? [sources.base, sources.overlay] : [sources.overlay]) {
    for (const [name, value] of Object.entries(layer)) {
      if (value === undefined) continue;
      refuseImpossible(name, value);
      merged.set(name, value);
    }
  }
  for (const name of [...merged.keys()]) {
    const passes = name !== SESSION_MARK && sources.pass?.includes(name);
    if ((isStripped(name) && !passes) || sources.strip?.includes(name)) merged.delete(name);
  }
  merged.delete("PWD");
  if (sources.cwd !== undefined) merged.set("PWD", sources.cwd);
  merged.set("TERM", "xterm-256color");
  merged.set("COLORTERM", "truecolor");
  merged.set(SESSION_MARK, sources.sessionId);
  // fromEntries defines own members, so a variable called `__proto__` is just a variable.
  return Object.fromEntries(merged);
}

function isStripped(name: string): boolean {
  return STRIPPED.has(name) || STRIPPED_PREFIXES.some((prefix) => name.startsWith(prefix));
}

function refuseImpossible(name: string, value: string): void {
  if (name === "" || name.includes("=") || name.includes("\0")) {
    // What follows a `=` may well be the secret itself: only what stands before it is repeated.
    const shown = (name.split(/[=\0]/, 1)[0] ?? "").slice(0, 64);
    const why = name === "" ? "is empty" : "holds `=` or NUL";
    throw new CovenError(
      "invalid_request",
      `The name of an environment variable ${why}: ${JSON.stringify(shown)}.`,
      { member: "env", variable: shown },
    );
  }
  if (value.includes("\0")) {
    throw new CovenError(
      "invalid_request",
      `The value of the environment variable ${JSON.stringify(name)} holds NUL.`,
      {
        member: "env",
        variable: name,
      },
    );
  }
}
