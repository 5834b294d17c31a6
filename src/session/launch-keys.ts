// Idempotency keys: which launch, or which input, each stood for, over restarts in place too.

/** How many are remembered; the oldest is forgotten first. */
const MOST_KEYS = 10_000;

/** The keys of past launches, or of past input: `launchOf` is the session's id, or the seq that was answered. */
export class LaunchKeys {
  readonly #launched = new Map<string, string>();

  /** All of them, the oldest first. */
  entries(): [key: string, id: string][] {
    return Array.from(this.#launched);
  }

  /** The id of the session that was launched under this key. */
  launchOf(key: string | undefined): string | undefined {
    return key === undefined ? undefined : this.#launched.get(key);
  }

  /** This launch happened under this key; a launch without one is not remembered. */
  remember(key: string | undefined, id: string): void {
    if (key === undefined) return;
    this.#launched.set(key, id);
    const oldest = this.#launched.size > MOST_KEYS ? this.#launched.keys().next() : undefined;
    if (oldest && !oldest.done) this.#launched.delete(oldest.value);
  }
}
