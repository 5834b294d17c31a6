// Tells what is pasted from what is typed: by bracketed paste where the terminal marks it, else by how it arrives.
import { PASTE } from "../../vt/keys.ts";

/** Switches bracketed paste on and off (xterm's ctlseqs, DECSET 2004). */
export const PASTE_MODE = { on: "\u001b[?2004h", off: "\u001b[?2004l" } as const;

/** The beginning of a marker waits so long for its rest, in milliseconds. */
const MARKER_MS = 20;
/** What comes so soon behind an unmarked paste belongs to it, in milliseconds: one that is long arrives in pieces. */
const SAME_PASTE_MS = 50;
/** A marked paste that stopped for so long, in milliseconds, has lost its end. */
const LOST_MS = 5_000;

/** A line end with text on both sides, in what was read at once: nobody types so fast. */
const UNMARKED = /[^\u0000-\u001f\u007f][\r\n]+[^\u0000-\u001f\u007f]/;

/** What may be the next piece of one: more than a key, and no other control characters. */
const PIECE = /^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]{2,}$/;

/** Who is told: keys as the terminal sent them, and what was pasted, with its line ends as they came. */
export interface PasteEvents {
  keys(text: string): void;
  paste(text: string): void;
}

/** Takes what a raw terminal sends, read by read. `stop` forgets what is unfinished. */
export function pasteReader(
  on: PasteEvents,
  now: () => number = performance.now.bind(performance),
): { take(bytes: Uint8Array): void; stop(): void } {
  const decoder = new TextDecoder();
  let held = "";
  /** What has come of a marked paste. */
  let pasted: string | undefined;
  let lastAt = Number.NEGATIVE_INFINITY;
  let unmarkedAt = Number.NEGATIVE_INFINITY;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function unmarked(text: string): void {
    if (text === "") return;
    const goesOn = now() - unmarkedAt < SAME_PASTE_MS && PIECE.test(text);
    if (!goesOn && !UNMARKED.test(text)) {
      on.keys(text);
      return;
    }
    unmarkedAt = now();
    on.paste(text);
  }

  function read(text: string): void {
    for (let rest = text; ; ) {
      if (pasted !== undefined) {
        const end = (pasted + rest).indexOf(PASTE.end, Math.max(0, pasted.length - PASTE.end.length));
        if (end < 0) {
          pasted += rest;
          return;
        }
        const whole = pasted + rest;
        pasted = undefined;
        on.paste(whole.slice(0, end));
        rest = whole.slice(end + PASTE.end.length);
        continue;
      }
      const begin = rest.indexOf(PASTE.begin);
      if (begin < 0) {
        held = startOfMarker(rest);
        unmarked(rest.slice(0, rest.length - held.length));
        return;
      }
      unmarked(rest.slice(0, begin));
      pasted = "";
      rest = rest.slice(begin + PASTE.begin.length);
    }
  }

  return {
    take(bytes) {
      clearTimeout(timer);
      const at = now();
      if (at - lastAt > LOST_MS) pasted = undefined;
      lastAt = at;
      const text = held + decoder.decode(bytes, { stream: true });
      held = "";
      read(text);
      if (held === "") return;
      timer = setTimeout(() => {
        const keys = held;
        held = "";
        unmarked(keys);
      }, MARKER_MS);
    },
    stop() {
      clearTimeout(timer);
      held = "";
      pasted = undefined;
    },
  };
}

/** The end of a text that may be the beginning of a marker. */
function startOfMarker(text: string): string {
  for (let length = PASTE.begin.length - 1; length > 0; length--) {
    if (text.endsWith(PASTE.begin.slice(0, length))) return text.slice(-length);
  }
  return "";
}
