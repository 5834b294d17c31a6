// Who wants to know that a session has new events. They are woken and given nothing: what is new they read from the ledger.

/** Those who follow sessions, by session id. */
export class Watchers {
  readonly #of = new Map<string, Set<() => void>>();
  /** When the last of them left. */
  readonly #left = new Map<string, string>();

  /** `now`: RFC 3339. */
  constructor(private readonly now: () => string) {}

  /** Calls `wake` at each change from now on; the returned function ends it. */
  add(id: string, wake: () => void): () => void {
    const watchers = this.#of.get(id) ?? new Set();
    this.#of.set(id, watchers.add(wake));
    return () => {
      watchers.delete(wake);
      if (watchers.size > 0 || this.#of.get(id) !== watchers) return;
      this.#of.delete(id);
      this.#left.set(id, this.now());
    };
  }

  /** When the last one left; undefined while somebody follows it, and where nobody ever has. */
  leftAt(id: string): string | undefined {
    return this.count(id) > 0 ? undefined : this.#left.get(id);
  }

  /** It has ended, and nobody asks any more when it was followed. */
  forget(id: string): void {
    this.#left.delete(id);
  }

  /** How many follow this session. */
  count(id: string): number {
    return this.#of.get(id)?.size ?? 0;
  }

  /** Wakes all who follow this session. */
  wake(id: string): void {
    for (const wake of [...(this.#of.get(id) ?? [])]) wake();
  }
}
