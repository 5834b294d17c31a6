// Text of unknown origin for a terminal: control characters made harmless, words quoted for a shell.

const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * The same text with everything that could move a cursor, change a colour or reverse a line made visible:
 * a tab, newline or other control character becomes one space; an escape character `␛`.
 */
export function harmless(text: string): string {
  return text.replace(CONTROL, (control) => (control === "\u001b" ? "␛" : " "));
}

/** The same for text of several lines, which stay lines. */
export function harmlessLines(text: string): string {
  return text.split("\n").map(harmless).join("\n");
}

/** JSON that means the same, with what JSON lets through and a terminal obeys written as `\\u009b`. */
export function harmlessJson(json: string): string {
  return json.replace(CONTROL, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** A word as a person would type it in a shell: bare when it is plain, else in single quotes. Harmless. */
export function quoted(text: string): string {
  const shown = harmless(text);
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`;
}

/** `1 warning`, `2 warnings`. */
export function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
