// What a bracketed paste is made of: its two markers, and a text that cannot end it.
import { PASTE } from "../vt/keys.ts";

const BEGIN = Buffer.from(PASTE.begin);
const END = Buffer.from(PASTE.end);
const LAST = END[END.length - 1];

/** The bytes as one bracketed paste (xterm ctlseqs, mode 2004), without the end markers in them. */
export function pasted(text: Uint8Array): Uint8Array {
  return Buffer.concat([BEGIN, withoutEnd(text), END]);
}

// An end marker inside would let what follows be taken for keys. What is left when one goes must not make another, so
// each is looked for in what was kept so far: in one pass, however deep they are nested.
function withoutEnd(text: Uint8Array): Uint8Array {
  const kept = Buffer.alloc(text.length);
  let length = 0;
  for (const byte of text) {
    kept[length] = byte;
    length += 1;
    if (byte !== LAST || length < END.length) continue;
    if (kept.compare(END, 0, END.length, length - END.length, length) === 0) length -= END.length;
  }
  return kept.subarray(0, length);
}
