// `coven completions`: what help, parsing and completions say of it.
import { command } from "../../framework/command.ts";

export const COMPLETIONS = command({
  name: "completions",
  summary: "Print the completion script of a shell",
  seldom: true,
  about: ["Session ids and harnesses complete too; the daemon is never started for that."],
  examples: [
    ["source <(coven completions bash)", "in ~/.bashrc; zsh: ~/.zshrc"],
    ["coven completions fish | source", "in config.fish"],
    ["coven completions powershell", "| Out-String | iex, in $PROFILE"],
  ],
  args: [{ name: "shell", sample: "bash", completes: ["bash", "zsh", "fish", "powershell"] }],
  load: async () => (await import("./run.ts")).run,
});
