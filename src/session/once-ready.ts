// Waits until a program that was just started is ready for a first text to be typed: never into a question that it asks before.
import type { Saying } from "./attention.ts";
import { pasted } from "./paste.ts";
import type { HarnessStart } from "./ports/harnesses.ts";
import { echoed, patienceFor, type Typewriter } from "./typing.ts";

/** What is looked at, and typed into. */
interface Watched extends Typewriter {
  attention(): Saying;
  /** The rows of the screen as text. */
  rows(): readonly string[];
}

const LOOK_MS = 50;
/** A first screen is drawn in several pieces: a program that takes pastes is ready once it has been quiet for so long. */
const QUIET_MS = 400;
/** One that takes no pastes by then never will: it reads lines. */
const PATIENCE_MS = 5_000;

/**
 * Pastes the text and presses Enter once the screen shows that it went into a box for text: a question about trust ignores a paste, and would take the
 * Enter. Pasted again where it was ignored, once the screen is another one. Resolves when Enter was pressed, or when the program went.
 */
export async function typeOnceShown(on: Watched, text: Uint8Array): Promise<void> {
  const { world } = on;
  const tail = compact(new TextDecoder().decode(text.slice(-TAIL_BYTES))).slice(-TAIL_CHARACTERS);
  const shows = () => {
    const screen = on.rows().join("");
    return PLACEHOLDER.test(screen) || compact(screen).includes(tail);
  };
  const patience = patienceFor(text);
  let pastedAt = Number.NEGATIVE_INFINITY;
  while (await onceReady(on, "quiet")) {
    const before = on.printed();
    if (!shows() && on.bracketedPaste() && world.monotonic() - pastedAt >= patience) {
      on.write(pasted(text));
      pastedAt = world.monotonic();
      await echoed(on, before, patience);
    }
    if (on.open() && shows()) {
      on.write(new TextEncoder().encode("\r"));
      return;
    }
    // A frame may still be on its way; after that only another screen makes it worth another try.
    const seen = on.printed();
    while (on.open() && on.printed() === seen) await new Promise<void>((go) => world.after(LOOK_MS, go));
  }
}

/** What agents show in place of a long paste. */
const PLACEHOLDER = /\[(?:saved )?past/i;
const TAIL_BYTES = 256;
const TAIL_CHARACTERS = 16;

/** Without blanks, and the bars that boxes have at the ends of their rows. */
function compact(text: string): string {
  return text.replace(/[\s│┃|]/g, "");
}

/**
 * Resolves true when it is ready, false when it went. `idle`: only once the program itself says that it waits for a task, however long that takes: before it may
 * stand a question about trust or an account that no text of ours may answer. `quiet`: once it takes pastes and has drawn its screen, and
 * asks nothing that it has said to ask.
 */
export async function onceReady(
  on: Omit<Watched, "rows">,
  ready: Exclude<HarnessStart["ready"], "shown">,
): Promise<boolean> {
  const start = on.world.monotonic();
  let printed = on.printed();
  let changedAt = start;
  for (;;) {
    await new Promise<void>((go) => on.world.after(LOOK_MS, go));
    if (!on.open()) return false;
    const now = on.world.monotonic();
    if (on.printed() !== printed) {
      printed = on.printed();
      changedAt = now;
    }
    const { state, kind } = on.attention();
    if (ready === "idle") {
      if (state === "waiting" && kind === "idle") return true;
      continue;
    }
    const asks = state === "waiting" && (kind === "permission" || kind === "question");
    const listens = on.bracketedPaste() || now - start >= PATIENCE_MS;
    if (!asks && listens && printed > 0 && now - changedAt >= QUIET_MS) return true;
  }
}
