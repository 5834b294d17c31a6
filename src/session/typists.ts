// How much of what a client has typed was taken, so that one that comes again sends the rest, and nothing twice.

/** Clients that are remembered for one session; the one that has not typed for longest is forgotten. */
const MOST_CLIENTS = 64;

/** One client's hold on its place. */
export interface Place {
  /** How many of its messages were taken before; null when nothing is known of it. */
  readonly before: number | null;
  /** How many were taken. */
  readonly taken: number;
  /** One more is; false where another connection of the same client has taken the place, and this one counts no more. */
  take(): boolean;
}

/** The clients of one session that count their messages. */
export class Typists {
  readonly #clients = new Map<string, { taken: number; holder: object }>();

  /** A connection of this client begins; from now on it alone counts. */
  join(client: string): Place {
    const known = this.#clients.get(client);
    const one = { taken: known?.taken ?? 0, holder: {} };
    const { holder } = one;
    this.#keep(client, one);
    return {
      before: known ? known.taken : null,
      get taken() {
        return one.taken;
      },
      take: () => {
        if (this.#clients.get(client)?.holder !== holder) return false;
        one.taken += 1;
        this.#keep(client, one);
        return true;
      },
    };
  }

  /** For the daemon that goes on in this one's place; the one that typed last comes last. */
  known(): [client: string, taken: number][] {
    return Array.from(this.#clients, ([client, { taken }]) => [client, taken]);
  }

  /** As it was in the daemon before this one. */
  restore(known: readonly (readonly [client: string, taken: number])[]): void {
    for (const [client, taken] of known) this.#keep(client, { taken, holder: {} });
  }

  #keep(client: string, one: { taken: number; holder: object }): void {
    this.#clients.delete(client);
    this.#clients.set(client, one);
    if (this.#clients.size <= MOST_CLIENTS) return;
    const [oldest] = this.#clients.keys();
    if (oldest !== undefined) this.#clients.delete(oldest);
  }
}
