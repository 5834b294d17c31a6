// Typing as a person would: text, a look at what came of it, then Enter as a keystroke of its own.
import type { Typed } from "./handover.ts";
import { pasted } from "./paste.ts";
import type { World } from "./ports/world.ts";

/** What is typed into. */
export interface Typewriter {
  readonly world: World;
  write(bytes: Uint8Array): void;
  /** The program asked for bracketed paste. */
  bracketedPaste(): boolean;
  /** A number that grows with every byte the program prints. */
  printed(): number;
  /** False once nobody is there to type to. */
  open(): boolean;
}

// An agent's interface draws what was typed within a frame or two. Enter follows once it has drawn and been quiet for
// QUIET_MS, and at the latest after PATIENCE_MS: a program that echoes nothing, or draws all the time, must still get
// its Enter. A long text takes longer to be read.
const LOOK_MS = 10;
const QUIET_MS = 60;
const PATIENCE_MS = 1_000;
const BYTES_PER_MS = 256;

/**
 * Types `text` and submits it with a CR of its own: codex takes text and CR in one write for a paste and submits neither.
 * Resolves when Enter was pressed, or when the program went. `enterDue`: the text was typed before; `typed` is called when it is.
 */
async function typeAndSubmit(
  on: Typewriter,
  text: Uint8Array,
  { enterDue = false, typed = () => {} }: { readonly enterDue?: boolean; typed?(): void } = {},
): Promise<void> {
  const { world } = on;
  if (text.length > 0) {
    // What it drew in answer to a text that was typed before may all have come already.
    const before = enterDue ? -1 : on.printed();
    if (!enterDue) on.write(on.bracketedPaste() ? pasted(text) : text);
    typed();
    await echoed(on, before, patienceFor(text));
  }
  if (on.open()) on.write(new TextEncoder().encode("\r"));
  await pause(world, LOOK_MS);
}

/** How long a program may take to draw this text, in milliseconds. */
export function patienceFor(text: Uint8Array): number {
  return PATIENCE_MS + text.length / BYTES_PER_MS;
}

/** Resolves once the program has drawn something new and been quiet, or after `patienceMs`. */
export async function echoed(on: Typewriter, before: number, patienceMs: number): Promise<void> {
  const start = on.world.monotonic();
  let printed = before;
  let changedAt = start;
  for (;;) {
    await pause(on.world, LOOK_MS);
    const now = on.world.monotonic();
    if (!on.open() || now - start >= patienceMs) return;
    if (on.printed() !== printed) {
      printed = on.printed();
      changedAt = now;
    } else if (printed !== before && now - changedAt >= QUIET_MS) return;
  }
}

interface Turn extends Typed {
  enterDue: boolean;
  /** All of it is typed; only the pause behind it is left. */
  done: boolean;
}

/** What is typed into one session, one after the other; what fails is handed to `failed`, and the next one follows. */
export class Turns {
  readonly #turns: Turn[] = [];

  constructor(
    private readonly on: Typewriter,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** Something is being typed or waits for its turn. */
  get busy(): boolean {
    return this.#turns.length > 0;
  }

  /** Something is still to be typed: what is typed now comes behind it. */
  get due(): boolean {
    return this.#turns.some(({ done }) => !done);
  }

  take(typed: Typed): void {
    this.#turns.push({ ...typed, done: false });
    if (this.#turns.length === 1) void this.#run();
  }

  /** What is being typed, as far as it has not come, and what waits. */
  left(): Typed[] {
    return this.#turns
      .filter(({ done }) => !done)
      .map(({ kind, bytes, enterDue }) => ({ kind, bytes, enterDue }));
  }

  async #run(): Promise<void> {
    for (let turn = this.#turns[0]; turn; turn = this.#turns[0]) {
      try {
        await this.#type(turn);
      } catch (error) {
        this.failed(error);
      }
      this.#turns.shift();
    }
  }

  #type(turn: Turn): Promise<void> | undefined {
    const { on } = this;
    if (turn.kind === "submit") {
      const typed = () => {
        turn.enterDue = true;
      };
      const write = (bytes: Uint8Array) => {
        turn.done = turn.enterDue || turn.bytes.length === 0;
        on.write(bytes);
      };
      return typeAndSubmit({ ...on, write }, turn.bytes, { enterDue: turn.enterDue, typed });
    }
    on.write(turn.bytes);
    return undefined;
  }
}

function pause(world: World, ms: number): Promise<void> {
  return new Promise((go) => world.after(ms, go));
}
