// Waits until a program that was just started is ready for a first text to be typed: never into a question that it asks before.
import type { Saying } from "./attention.ts";
import type { HarnessStart, World } from "./ports.ts";

/** What is looked at. */
interface Watched {
  readonly world: World;
  /** The program asked for bracketed paste. */
  bracketedPaste(): boolean;
  /** A number that grows with every byte the program prints. */
  printed(): number;
  attention(): Saying;
  /** False once nobody is there to type to. */
  open(): boolean;
}

const LOOK_MS = 50;
/** A first screen is drawn in several pieces: a program that takes pastes is ready once it has been quiet for so long. */
const QUIET_MS = 400;
/** One that takes no pastes by then never will: it reads lines. */
const PATIENCE_MS = 5_000;

/**
 * Resolves true when it is ready, false when it went. `idle`: only once the program itself says that it waits for a task, however long that takes: before it may
 * stand a question about trust or an account that no text of ours may answer. `quiet`: once it takes pastes and has drawn its screen, and
 * asks nothing that it has said to ask.
 */
export async function onceReady(on: Watched, ready: HarnessStart["ready"]): Promise<boolean> {
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
