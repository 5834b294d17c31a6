// Colours: which stream gets any, and the colour of each status.
import type Picocolors from "picocolors";
import type { SessionStatus } from "../../session/session.ts";
import { type ColourPreference, colourPreference } from "./preference.ts";
import { isTerminal } from "./termios.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** NO_COLOR (any value) wins, then FORCE_COLOR (not "0"), then `ui.colour`, then whether it is a terminal that is not dumb. */
export function wantsColour(env: Env, toTerminal: boolean, preference: ColourPreference = "auto"): boolean {
  if (env["NO_COLOR"]) return false;
  const force = env["FORCE_COLOR"];
  if (force !== undefined && force !== "") return force !== "0" && force !== "false";
  if (preference !== "auto") return preference === "always";
  return toTerminal && env["TERM"] !== "dumb";
}

type Paint = (text: string) => string;

type Shade = "bold" | "dim" | "red" | "green" | "yellow" | "cyan" | "gray";

/** Paints text for one stream; returns it unchanged where the stream gets no colour. */
export type Colours = Readonly<Record<Shade, Paint>> & { readonly isColorSupported: boolean };

/** Loaded with the first coloured text: it touches `process.stdout`, which takes 2 ms to create. */
let library: ReturnType<typeof Picocolors.createColors> | undefined;

function colours(enabled: boolean): Colours {
  const paint = (shade: Shade): Paint => {
    if (!enabled) return (text) => text;
    return (text) => {
      // `require` is untyped.
      library ??= (require("picocolors") as typeof Picocolors).createColors(true);
      return library[shade](text);
    };
  };
  return {
    isColorSupported: enabled,
    bold: paint("bold"),
    dim: paint("dim"),
    red: paint("red"),
    green: paint("green"),
    yellow: paint("yellow"),
    cyan: paint("cyan"),
    gray: paint("gray"),
  };
}

/** Colours for what goes to stdout. */
export const out = colours(wantsColour(process.env, isTerminal(1), colourPreference()));
/** Colours for what goes to stderr. */
export const err = colours(wantsColour(process.env, isTerminal(2), colourPreference()));

/** The status in its colour, for stdout or stderr. */
export function coloured(status: SessionStatus, text: string, colours: Colours): string {
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
