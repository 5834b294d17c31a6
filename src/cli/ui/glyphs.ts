// The signs we draw with, and plain ones for a terminal that shows only ASCII.

/** What the environment says of the terminal's character set; nothing said means UTF-8, as on macOS. */
export function isUnicode(env: Readonly<Record<string, string | undefined>> = process.env): boolean {
  if (env["TERM"] === "linux" || env["TERM"] === "dumb") return false;
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "";
  return locale === "" || /utf-?8/i.test(locale);
}

/** Each takes one cell, but for `upDown`. */
const DRAWN = {
  pointer: "❯",
  prompt: "›",
  guide: "│",
  running: "●",
  waits: "◆",
  done: "✓",
  failed: "✗",
  killed: "■",
  archived: "○",
  dot: "·",
  rule: "─",
  caret: "█",
  newline: "↵",
  pasted: "▤",
  upDown: "↑↓",
  frames: ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"],
};

const PLAIN: typeof DRAWN = {
  pointer: ">",
  prompt: ">",
  guide: "|",
  running: "*",
  waits: "?",
  done: "+",
  failed: "x",
  killed: "#",
  archived: "o",
  dot: "-",
  rule: "-",
  caret: "_",
  newline: "~",
  pasted: "#",
  upDown: "Up/Down",
  frames: ["|", "/", "-", "\\"],
};

/** The signs that a terminal with this environment can show. */
export function glyphsOf(env: Readonly<Record<string, string | undefined>>): typeof DRAWN {
  return isUnicode(env) ? DRAWN : PLAIN;
}

/** The signs this terminal can show. */
export const glyphs = glyphsOf(process.env);
