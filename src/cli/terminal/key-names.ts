// The names of keys: what a terminal sends for each, and which one may be the detach key.
import { UsageError } from "../ui/failure.ts";
import { quoted } from "../ui/text.ts";

/** xterm's sequences (invisible-island.net/xterm/ctlseqs, PC-style function keys), after ESC. */
const FIXED: Readonly<Record<string, string>> = {
  enter: "\r",
  tab: "\t",
  "shift-tab": "\x1b[Z",
  esc: "\x1b",
  escape: "\x1b",
  space: " ",
  backspace: "\x7f",
  delete: "\x1b[3~",
  insert: "\x1b[2~",
  pageup: "\x1b[5~",
  pagedown: "\x1b[6~",
  f1: "\x1bOP",
  f2: "\x1bOQ",
  f3: "\x1bOR",
  f4: "\x1bOS",
  f5: "\x1b[15~",
  f6: "\x1b[17~",
  f7: "\x1b[18~",
  f8: "\x1b[19~",
  f9: "\x1b[20~",
  f10: "\x1b[21~",
  f11: "\x1b[23~",
  f12: "\x1b[24~",
};

/** Their introducer depends on what the program asked for (DECCKM). */
const CURSOR: Readonly<Record<string, string>> = {
  up: "A",
  down: "B",
  right: "C",
  left: "D",
  home: "H",
  end: "F",
};

/** What help shows. */
export const KEY_WORDS = "enter esc tab up down left right pageup f1..f12 ctrl-c alt-x shift-tab";

/**
 * What a terminal sends for a key by its name; `application` when the program wants the cursor keys so. Throws
 * `UsageError` for a name that is none.
 */
export function keyBytes(name: string, application: boolean): string {
  const key = name.toLowerCase();
  const cursor = CURSOR[key];
  if (cursor !== undefined) return (application ? "\x1bO" : "\x1b[") + cursor;
  const fixed = FIXED[key];
  if (fixed !== undefined) return fixed;
  const control = /^ctrl-([a-z@[\\\]^_])$/.exec(key)?.[1];
  if (control !== undefined) return String.fromCharCode(control.toUpperCase().charCodeAt(0) & 0x1f);
  // The letter as typed: Alt-X is not Alt-x.
  const alternate = /^alt-(.+)$/is.exec(name)?.[1];
  if (alternate !== undefined)
    return `\x1b${alternate.length === 1 ? alternate : keyBytes(alternate, application)}`;
  throw new UsageError(`There is no key ${quoted(name)}.`, [
    `coven send ID --key enter   (known: ${KEY_WORDS})`,
  ]);
}

/** A key that detaches: one control byte. */
export interface DetachKey {
  /** What a terminal sends for it, 1..31. */
  readonly byte: number;
  /** For people: `Ctrl-]`. */
  readonly label: string;
}

/** The detach key by its name (`ctrl-]`), or undefined when it is no key that can be one. */
export function detachKey(name: string): DetachKey | undefined {
  // What typing needs stays what it is: Tab, Enter, LF, Escape, Backspace, Ctrl-C, Ctrl-Q, Ctrl-S, Ctrl-Z.
  const typed = /^ctrl-([abdefgklnoprtuvwxy\\\]^_])$/.exec(name.toLowerCase())?.[1];
  if (typed === undefined) return undefined;
  return { byte: typed.toUpperCase().charCodeAt(0) & 0x1f, label: `Ctrl-${typed.toUpperCase()}` };
}
