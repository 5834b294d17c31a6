// Owns the line that says how a command is written.
import type { Command } from "./command.ts";

/** `coven run HARNESS PROMPT... [flags]`. */
export function usage(command: Command): string {
  const args = command.args.map((arg) => {
    const named = arg.name.toUpperCase() + (arg.rest ? "..." : "");
    return arg.optional ? `[${named}]` : named;
  });
  const below = command.below ? [command.below.map((one) => one.name).join("|")] : [];
  const anyFlags = command.flags.length > 0 || (command.below ?? []).some((one) => one.flags.length > 0);
  return ["coven", command.name, ...below, ...args, ...(anyFlags ? ["[flags]"] : [])].join(" ");
}
