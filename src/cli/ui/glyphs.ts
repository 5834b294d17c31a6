// Owns the few signs we draw with, and their plain forms for a terminal that has no more than ASCII.

/** What the environment says of the terminal's character set; nothing said means UTF-8, as on macOS. */
export function isUnicode(env: Readonly<Record<string, string | undefined>> = process.env): boolean {
  if (env["TERM"] === "linux" || env["TERM"] === "dumb") return false;
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "";
  return locale === "" || /utf-?8/i.test(locale);
}

/** Each takes one cell. */
export interface Glyphs {
  readonly pointer: string;
  readonly prompt: string;
  readonly guide: string;
  readonly live: string;
  readonly waits: string;
  readonly done: string;
  readonly failed: string;
  readonly killed: string;
  readonly archived: string;
  readonly dot: string;
  readonly rule: string;
  readonly caret: string;
  readonly upDown: string;
  readonly frames: readonly string[];
}

const DRAWN: Glyphs = {
  pointer: "❯",
  prompt: "›",
  guide: "│",
  live: "●",
  waits: "◆",
  done: "✓",
  failed: "✗",
  killed: "■",
  archived: "○",
  dot: "·",
  rule: "─",
  caret: "█",
  upDown: "↑↓",
  frames: ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"],
};

const PLAIN: Glyphs = {
  pointer: ">",
  prompt: ">",
  guide: "|",
  live: "*",
  waits: "?",
  done: "+",
  failed: "x",
  killed: "#",
  archived: "o",
  dot: "-",
  rule: "-",
  caret: "_",
  upDown: "Up/Down",
  frames: ["|", "/", "-", "\\"],
};

/** The signs this terminal can show. */
export const glyphs: Glyphs = isUnicode() ? DRAWN : PLAIN;
