// A spinner on stderr for what takes a while: at a terminal only, and not in the first moment.
import { err } from "./colour.ts";
import { glyphs } from "./glyphs.ts";
import { span } from "./time.ts";
import { cut } from "./width.ts";

/** Nothing is shown for work that takes less, in milliseconds. */
const WORTH_A_WORD_MS = 200;
const FRAME_MS = 80;

/** What is shown while it runs; `say` changes the words. */
export interface Progress {
  say(words: string): void;
}

/**
 * Does the work and gives its result, showing `words` with the elapsed seconds meanwhile. The line is removed
 * afterwards. Nothing is written where stderr is no terminal; without colour it is one plain line that stays.
 */
export async function withProgress<T>(words: string, work: (progress: Progress) => Promise<T>): Promise<T> {
  const { stderr } = process;
  if (!stderr.isTTY || process.env["TERM"] === "dumb") return work({ say: () => {} });
  if (!err.isColorSupported) return inWords(words, work);
  const began = performance.now();
  let shown = words;
  let drawn = false;
  const draw = () => {
    const ms = performance.now() - began;
    if (ms < WORTH_A_WORD_MS) return;
    drawn = true;
    const frame = glyphs.frames[Math.floor(ms / FRAME_MS) % glyphs.frames.length] ?? "";
    const seconds = ms < 2_000 ? "" : ` ${span(ms)}`;
    const line = cut(`${shown}${seconds}`, (stderr.columns || 80) - 3);
    stderr.write(`\r${err.cyan(frame)} ${line}\u001b[K`);
  };
  const timer = setInterval(draw, FRAME_MS);
  try {
    return await work({
      say(next) {
        shown = next;
      },
    });
  } finally {
    clearInterval(timer);
    if (drawn) stderr.write("\r\u001b[K");
  }
}

/** Without escape sequences a line cannot be redrawn: the words are printed once. */
async function inWords<T>(words: string, work: (progress: Progress) => Promise<T>): Promise<T> {
  const timer = setTimeout(() => process.stderr.write(`${words} …\n`), WORTH_A_WORD_MS);
  try {
    return await work({ say: () => {} });
  } finally {
    clearTimeout(timer);
  }
}
