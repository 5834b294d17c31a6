// Copying into the person's clipboard through their terminal (OSC 52), and what is known of whether it takes that.
import { counted } from "./text.ts";

/** The most that is sent, in characters of base64: terminals give up on longer sequences. */
const MOST = 1_000_000;

/** Puts a text into the clipboard (xterm's ctlseqs, OSC 52). */
export function copySequence(text: string): string {
  return `\u001b]52;c;${Buffer.from(text).toString("base64")}\u0007`;
}

/** Asks a terminal what it can do (primary device attributes); 52 among the answers means that it takes copies. */
export const ASK_TERMINAL = "\u001b[c";

/** Whether a terminal with these device attributes says that it takes copies. */
export function saysItCopies(attributes: string): boolean {
  return attributes.split(";").includes("52");
}

/** What is known of the terminal: `yes`, `no` and what to do, or nothing. */
export type Takes = { readonly takes: "yes" | "unknown" } | { readonly takes: "no"; readonly why: string };

/** Reads the environment; asks tmux, where it is one, whether it lets copies through. */
export function takesCopies(env: Readonly<Record<string, string | undefined>> = process.env): Takes {
  if (env["TMUX"]) {
    const asked = Bun.spawnSync(["tmux", "show-options", "-sv", "set-clipboard"], { env: { ...env } });
    const value = asked.stdout.toString().trim();
    if (asked.exitCode === 0 && value === "on") return { takes: "yes" };
    if (asked.exitCode === 0) return { takes: "no", why: "tmux keeps it: tmux set -s set-clipboard on" };
    return { takes: "unknown" };
  }
  const name = env["STY"]
    ? "screen"
    : env["TERM"] === "linux"
      ? "the console"
      : env["TERM_PROGRAM"] === "Apple_Terminal"
        ? "Terminal.app"
        : undefined;
  if (name) return { takes: "no", why: `${name} takes no copies (OSC 52)` };
  return { takes: "unknown" };
}

/** What to say after so many lines were copied. */
export function copied(
  lines: number,
  text: string,
  known: Takes,
): { readonly text: string; readonly bad: boolean } {
  if (Math.ceil(text.length / 3) * 4 > MOST) {
    return { text: `${counted(lines, "line")}: too much for a clipboard. coven logs ID > file`, bad: true };
  }
  if (known.takes === "no") return { text: `Not copied: ${known.why}.`, bad: true };
  if (known.takes === "yes") return { text: `Copied ${counted(lines, "line")}.`, bad: false };
  return {
    text: `Sent ${counted(lines, "line")} to the clipboard (OSC 52); this terminal doesn't say whether it takes it.`,
    bad: false,
  };
}
