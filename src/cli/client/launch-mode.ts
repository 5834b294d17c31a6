// How a run is launched: with the agent's own terminal interface, or one shot. It is said, or follows from what was typed.
import type { LaunchMode, Session } from "../../session/session.ts";
import { UsageError } from "../ui/failure.ts";

/** What decides, as it was typed. */
export interface ModeAsked {
  readonly interactive: boolean;
  readonly headless: boolean;
  readonly detach: boolean;
  /** `--json` or `--raw`: the output is wanted, not the screen. */
  readonly asOutput: boolean;
  /** Standard input and output are terminals. */
  readonly atTerminal: boolean;
}

/**
 * The mode that was said; else `--detach` is interactive, wherever it is typed, since nobody else could send to it; else
 * output that goes somewhere is headless. Throws `UsageError` when both were said.
 */
export function launchModeOf(asked: ModeAsked): LaunchMode {
  if (asked.interactive && asked.headless) {
    throw new UsageError("--interactive and --headless can't both be meant.", [
      "--interactive   (the agent's own screen; it takes what is typed or sent)",
      "--headless   (does the task and ends; takes nothing)",
    ]);
  }
  if (asked.interactive) return "interactive";
  if (asked.headless) return "nonInteractive";
  if (asked.detach) return "interactive";
  return asked.atTerminal && !asked.asOutput ? "interactive" : "nonInteractive";
}

/** The mode in the words of the command line. */
export function modeWord(session: Pick<Session, "launch_mode">): "interactive" | "headless" {
  return session.launch_mode === "interactive" ? "interactive" : "headless";
}
