// Text of several lines in a prompt that has one line: a line break is a sign of its own there, and so is a long paste.
import { counted, harmless } from "./text.ts";

/** Noncharacters of Unicode (U+FDD0..U+FDEF): no text holds them, and each is one cell. */
const FIRST = 0xfdd0;
const LAST = 0xfdef;
/** Stands for a line break. */
export const BREAK = String.fromCharCode(FIRST);
/** A paste that is longer, in characters, is one sign: it would take the screen, and be drawn anew with each key. */
const LONG = 300;

const SIGNS = /[\ufdd0-\ufdef]/g;

/** The long pastes of one prompt. */
export interface Pastes {
  /** Text as it stands in the line: control characters gone, line ends one sign each, and all of it one sign when it is long. */
  inLine(text: string): string;
  /** What a line means: its text, with all its lines. */
  meant(line: string): string;
  /** A line for a label: long pastes by their length. */
  described(line: string): string;
}

/** Of a prompt that nothing was pasted into yet. */
export function pastes(): Pastes {
  const kept: string[] = [];
  const pasteOf = (sign: string): string | undefined => kept[sign.charCodeAt(0) - FIRST - 1];
  return {
    inLine(text) {
      const clean = text
        .replace(SIGNS, "")
        .replace(/\r\n?/g, "\n")
        .replace(/\t/g, "  ")
        // What is pasted is text: no control character of it reaches the prompt.
        .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, "")
        .replace(/\n+$/, "");
      if (clean.length > LONG && kept.length < LAST - FIRST) {
        kept.push(clean);
        return String.fromCharCode(FIRST + kept.length);
      }
      return clean.replaceAll("\n", BREAK);
    },
    meant: (line) => line.replace(SIGNS, (sign) => (sign === BREAK ? "\n" : (pasteOf(sign) ?? ""))),
    described: (line) =>
      harmless(
        line.replace(SIGNS, (sign) => {
          if (sign === BREAK) return sign;
          const lines = (pasteOf(sign) ?? "").split("\n").length;
          return `[pasted: ${counted(lines, "line")}]`;
        }),
      ),
  };
}

/** The signs as a terminal shows them. */
export function drawn(text: string, signs: { readonly newline: string; readonly pasted: string }): string {
  return text.replace(SIGNS, (sign) => (sign === BREAK ? signs.newline : signs.pasted));
}
