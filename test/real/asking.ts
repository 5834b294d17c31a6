// How the real agents are made to ask a person for leave.

/** How it is started so that it asks a person, a call of its tool for which it does. What its screen shows then, and how it is ended. */
export const ASKING = {
  codex: {
    args: ["--ask-for-approval", "on-request", "--sandbox", "read-only"],
    tool: (command: string) => ({
      name: "exec_command",
      input: { cmd: command, sandbox_permissions: "require_escalated", justification: "to make it" },
    }),
    asks: "Would you like to run the following command?",
    quit: "/quit",
  },
  claude: {
    args: ["--permission-mode", "default"],
    tool: (command: string) => ({ name: "Bash", input: { command, description: "makes it" } }),
    asks: "Do you want to proceed?",
    quit: "/exit",
  },
} as const;
