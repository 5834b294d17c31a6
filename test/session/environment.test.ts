// Proof of what a harness finds in its environment, and of what it must not find there.
import { expect, test } from "bun:test";
import { isCovenError } from "../../src/errors.ts";
import { sessionEnvironment } from "../../src/session/environment.ts";

const sessionId = "3f6a4f5e-0d1b-4a53-9d35-0b3c0b6c1e10";
const nothing = { base: {}, overlay: {}, inherit: true, sessionId };

test("an empty environment holds exactly what the session itself says", () => {
  expect(sessionEnvironment(nothing)).toEqual({
    TERM: "xterm-256color",
    COLORTERM: "truecolor",
    COVEN_SESSION_ID: sessionId,
  });
});

test("the overlay wins over the base, and is everything when the base is not inherited", () => {
  const base = { PATH: "/daemon", HOME: "/home/d", UNSET: undefined };
  const overlay = { PATH: "/client" };
  const inherited = sessionEnvironment({ base, overlay, inherit: true, sessionId });
  expect(inherited["PATH"]).toBe("/client");
  expect(inherited["HOME"]).toBe("/home/d");
  expect("UNSET" in inherited).toBe(false);
  const whole = sessionEnvironment({ base, overlay, inherit: false, sessionId });
  expect(Object.keys(whole).sort()).toEqual(["COLORTERM", "COVEN_SESSION_ID", "PATH", "TERM"]);
});

test("what an agent, a proxy and a shell need is kept, byte for byte", () => {
  const kept = {
    PATH: "/usr/bin:/bin",
    HOME: "/home/u",
    LANG: "de_DE.UTF-8",
    CODEX_HOME: "/home/u/.codex",
    CODEX_CA_CERTIFICATE: "/etc/ca.pem",
    OPENAI_API_KEY: "k",
    ANTHROPIC_API_KEY: "k",
    ANTHROPIC_BASE_URL: "http://127.0.0.1:1",
    CLAUDE_CONFIG_DIR: "/home/u/.claude",
    CLAUDE_CODE_OAUTH_TOKEN: "t",
    CLAUDE_CODE_USE_BEDROCK: "1",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    HTTPS_PROXY: "http://proxy:3128",
    no_proxy: "localhost",
    GEMINI_API_KEY: "k",
    COPILOT_MODEL: "m",
    QWEN_CODE_MODEL: "m",
    OPENCODE_CONFIG: "/home/u/opencode.json",
    SSH_AUTH_SOCK: "/run/agent",
    SSH_CONNECTION: "1 2 3 4",
    GIT_AUTHOR_NAME: "Ada = L",
    NO_COLOR: "1",
    BUN_INSTALL: "/home/u/.bun",
    COVEN_HOME: "/home/u/.coven",
    EMPTY: "",
    MULTILINE: "a\nb\tc",
    ["__proto__"]: "own",
  };
  const result = sessionEnvironment({ ...nothing, base: kept });
  for (const [name, value] of Object.entries(kept)) expect(result[name]).toBe(value);
  expect(Object.hasOwn(result, "__proto__")).toBe(true);
});

test("a harness may get what no other does, and lose more; never the mark, nor what describes the terminal", () => {
  const base = { TMUX: "/tmp/t", TERM: "vt52", NESTED: "1", COVEN_SESSION_ID: "other", KEPT: "1" };
  const pass = ["TMUX", "COVEN_SESSION_ID", "TERM"];
  expect(sessionEnvironment({ ...nothing, base, pass, strip: ["NESTED"] })).toEqual({
    ...{ TMUX: "/tmp/t", KEPT: "1", TERM: "xterm-256color", COLORTERM: "truecolor" },
    COVEN_SESSION_ID: sessionId,
  });
});

const STRANGERS = [
  ...["CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT", "CLAUDE_CODE_SSE_PORT", "CLAUDE_CODE_SESSION_ID", "AI_AGENT"],
  ...[
    "GEMINI_CLI",
    "OPENCODE",
    "OPENCODE_PID",
    "COPILOT_CLI",
    "COPILOT_AGENT_SESSION_ID",
    "QWEN_CODE",
    "QWEN_CODE_SESSION_ID",
  ],
  ...["CODEX_SANDBOX", "CODEX_SANDBOX_NETWORK_DISABLED", "CODEX_THREAD_ID", "CODEX_SNAPSHOT_SOURCE"],
  ...["TMUX", "TMUX_PANE", "STY", "ZELLIJ", "ZELLIJ_SESSION_NAME", "NVIM", "INSIDE_EMACS"],
  ...[
    "TERM_PROGRAM",
    "TERM_PROGRAM_VERSION",
    "VTE_VERSION",
    "KITTY_WINDOW_ID",
    "ITERM_SESSION_ID",
    "LC_TERMINAL",
  ],
  ...[
    "WEZTERM_PANE",
    "WT_SESSION",
    "KONSOLE_VERSION",
    "GHOSTTY_RESOURCES_DIR",
    "ConEmuANSI",
    "LINES",
    "COLUMNS",
  ],
  ...["NODE_CHANNEL_FD", "NOTIFY_SOCKET", "LISTEN_FDS", "GPG_TTY", "SSH_TTY", "OLDPWD", "_"],
  ...["BUN_OPTIONS", "BUN_BE_BUN", "BUN_INSPECT", "BUN_INSPECT_CONNECT_TO", "BUN_JSC_useJIT"],
];

test.each(STRANGERS)("%s reaches no harness, from the daemon's environment or from the client's", (name) => {
  expect(name in sessionEnvironment({ ...nothing, base: { [name]: "x" } })).toBe(false);
  expect(name in sessionEnvironment({ ...nothing, overlay: { [name]: "x" } })).toBe(false);
  expect(name in sessionEnvironment({ ...nothing, inherit: false, overlay: { [name]: "x" } })).toBe(false);
});

test("nobody chooses the mark, the terminal's name or its colours", () => {
  const overlay = { COVEN_SESSION_ID: "mine", TERM: "dumb", COLORTERM: "no" };
  const result = sessionEnvironment({ ...nothing, base: overlay, overlay });
  expect(result["COVEN_SESSION_ID"]).toBe(sessionId);
  expect(result["TERM"]).toBe("xterm-256color");
  expect(result["COLORTERM"]).toBe("truecolor");
});

test("PWD names the directory the harness starts in, never the caller's", () => {
  expect("PWD" in sessionEnvironment({ ...nothing, base: { PWD: "/elsewhere" } })).toBe(false);
  expect(sessionEnvironment({ ...nothing, base: { PWD: "/elsewhere" }, cwd: "/p" })["PWD"]).toBe("/p");
});

test.each([
  ["an empty name", { "": "s3cret" }, ""],
  ["a name with =", { "KEY=s3cret": "s3cret" }, "KEY"],
  ["a name with NUL", { "KEY\0s3cret": "s3cret" }, "KEY"],
  ["a value with NUL", { KEY: "s3cret\0" }, "KEY"],
])("%s is refused by the variable's name, and its value is not repeated", (_, overlay, variable) => {
  let refusal: unknown;
  try {
    sessionEnvironment({ ...nothing, overlay });
  } catch (error) {
    refusal = error;
  }
  if (!isCovenError(refusal)) throw new Error("not refused");
  expect(refusal.code).toBe("invalid_request");
  expect(refusal.details).toEqual({ member: "env", variable });
  expect(refusal.message + JSON.stringify(refusal.details)).not.toContain("s3cret");
});
