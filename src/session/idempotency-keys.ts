// Idempotency keys: what was answered under each, over restarts in place too.

/** How many are remembered; the oldest is forgotten first. */
const MOST_KEYS = 10_000;

/** The keys of past requests of one kind, each with its answer: of a launch the session's id, of input the seq before it. */
export class IdempotencyKeys {
  readonly #answers = new Map<string, string>();

  /** All of them, the oldest first. */
  entries(): [key: string, answer: string][] {
    return Array.from(this.#answers);
  }

  /** What was answered under this key. */
  answerTo(key: string | undefined): string | undefined {
    return key === undefined ? undefined : this.#answers.get(key);
  }

  /** This was answered under this key; what came without one is not remembered. */
  remember(key: string | undefined, answer: string): void {
    if (key === undefined) return;
    this.#answers.set(key, answer);
    const oldest = this.#answers.size > MOST_KEYS ? this.#answers.keys().next() : undefined;
    if (oldest && !oldest.done) this.#answers.delete(oldest.value);
  }
}
