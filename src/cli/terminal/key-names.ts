// Keys by the names people type: for `coven send --key`, and for the detach key.
import { bytesOf, controlByte } from "../../vt/keys.ts";
import { UsageError } from "../ui/failure.ts";
import { quoted } from "../ui/text.ts";

/** What help shows. */
const KEY_WORDS = "enter esc tab up down left right pageup f1..f12 ctrl-c alt-x shift-tab";

/** As `bytesOf`, but throws `UsageError` for a name that is none. */
export function keyBytes(name: string, application: boolean): string {
  const bytes = bytesOf(name, application);
  if (bytes !== undefined) return bytes;
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
  const byte = typed && controlByte(typed);
  return byte ? { byte, label: `Ctrl-${typed.toUpperCase()}` } : undefined;
}
