// Owns colour: which stream gets any, and what each status looks like.
import picocolors from "picocolors";
import type { SessionStatus } from "../../session/session.ts";
import { type ColourPreference, colourPreference } from "./preference.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** NO_COLOR (any value) wins, then FORCE_COLOR (not "0"), then `ui.colour`, then whether it is a terminal that is not dumb. */
export function wantsColour(env: Env, isTerminal: boolean, preference: ColourPreference = "auto"): boolean {
  if (env["NO_COLOR"]) return false;
  const force = env["FORCE_COLOR"];
  if (force !== undefined && force !== "") return force !== "0" && force !== "false";
  if (preference !== "auto") return preference === "always";
  return isTerminal && env["TERM"] !== "dumb";
}

/** Colours for what goes to stdout. */
export const out = picocolors.createColors(
  wantsColour(process.env, process.stdout.isTTY === true, colourPreference()),
);
/** Colours for what goes to stderr. */
export const err = picocolors.createColors(
  wantsColour(process.env, process.stderr.isTTY === true, colourPreference()),
);

/** The status in its colour, for stdout or stderr. */
export function coloured(status: SessionStatus, text: string, colours: typeof out): string {
  switch (status) {
    case "created":
    case "running":
      return colours.cyan(text);
    case "completed":
      return colours.green(text);
    case "failed":
    case "orphaned":
      return colours.red(text);
    case "killed":
      return colours.yellow(text);
  }
}
