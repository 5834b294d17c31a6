// A session's output as its viewers get it, without queries: filtered once, however many watch.
import type { OutputRow } from "../session/event.ts";
import { type QueryFilter, queryFilter } from "../vt/filter.ts";

/** What was made of a row. */
interface Seen {
  readonly data: Uint8Array;
  /** No sequence goes on behind it: a filter that begins there knows what this one knew. */
  readonly rests: boolean;
}

/** Rows that some viewer still has to be sent. Those who are further behind filter for themselves. */
const MOST_KEPT_BYTES = 2 * 1024 * 1024;

/** What one viewer is sent. Rows come in order, each once. */
export interface ViewerOutput {
  pass(row: OutputRow): Uint8Array;
  /** All there is has been passed. */
  caughtUp(): void;
  leave(): void;
}

/** Of one session, for as long as somebody watches. `output` reads rows after a seq from the ledger, at least one if there is any. */
export class SharedFilter {
  readonly #viewers = new Set<{ readonly seq: number }>();
  readonly #kept = new Map<number, Seen>();
  #keptBytes = 0;
  #filter: QueryFilter = queryFilter();
  /** The last row that went through it. */
  #seq = 0;

  constructor(private readonly output: (afterSeq: number) => readonly OutputRow[]) {}

  get watched(): boolean {
    return this.#viewers.size > 0;
  }

  /** A viewer who has the screen as of `seq`; `begun` is the filter that goes on where that screen ends. */
  join(seq: number, begun: QueryFilter): ViewerOutput {
    const viewer = { seq, restedAt: seq };
    /** Its own: at first until no sequence goes on, later while it is behind what is kept. */
    let own: QueryFilter | undefined = begun;
    let joined = begun.rests;
    this.#viewers.add(viewer);

    /** A filter that knows what was before: it has seen all since no sequence went on. */
    const here = (): QueryFilter => {
      const filter = queryFilter();
      for (let after = viewer.restedAt; after < viewer.seq; ) {
        const rows = this.output(after).filter((row) => row.seq <= viewer.seq);
        for (const row of rows) filter.pass(row.data);
        const last = rows.at(-1);
        if (!last) break;
        after = last.seq;
      }
      return filter;
    };

    const seen = (row: OutputRow): Seen => {
      const shared = joined ? this.#seen(row, viewer.seq, () => own ?? here()) : undefined;
      if (shared) {
        own = undefined;
        return shared;
      }
      own ??= here();
      const made = { data: own.pass(row.data), rests: own.rests };
      if (made.rests) joined = true;
      return made;
    };

    return {
      pass: (row) => {
        const { data, rests } = seen(row);
        viewer.seq = row.seq;
        if (rests) viewer.restedAt = row.seq;
        return data;
      },
      caughtUp: () => {
        if ([...this.#viewers].every((one) => one.seq >= this.#seq)) this.#forget();
      },
      leave: () => {
        this.#viewers.delete(viewer);
      },
    };
  }

  /** What was made of a row, or is made of it now; undefined for one that is gone. `at`: the seq of the viewer who asks. */
  #seen(row: OutputRow, at: number, filterAt: () => QueryFilter): Seen | undefined {
    const kept = this.#kept.get(row.seq);
    if (kept) return kept;
    if (this.#seq > at) return undefined;
    if (this.#seq < at) this.#filter = filterAt();
    const made = { data: this.#filter.pass(row.data), rests: this.#filter.rests };
    this.#seq = row.seq;
    if (this.#viewers.size > 1) this.#keep(row.seq, made);
    return made;
  }

  #keep(seq: number, made: Seen): void {
    this.#kept.set(seq, made);
    this.#keptBytes += made.data.length;
    for (const [oldest, { data }] of this.#kept) {
      if (this.#keptBytes <= MOST_KEPT_BYTES) return;
      this.#kept.delete(oldest);
      this.#keptBytes -= data.length;
    }
  }

  #forget(): void {
    this.#kept.clear();
    this.#keptBytes = 0;
  }
}
