// Owns the output that has just gone into the ledger, for those who follow closely: they need not read it back.

/** One row of output as the ledger has it. */
export interface OutputRow {
  readonly seq: number;
  readonly data: Uint8Array;
}

/** More than this is read back after all. */
const MOST_BYTES = 1024 * 1024;

/** The newest rows of one session, for one turn of the loop. */
export class Fresh {
  #rows: OutputRow[] = [];
  #bytes = 0;
  /** Every output row behind this seq is here. */
  #after = 0;
  /** Of the last output row there is; 0 when that is not known. */
  #seq = 0;

  /** These rows are in the ledger, one after the other up to `seq`; `before` was the session's last seq before them. */
  add(before: number, rows: readonly Uint8Array[], seq: number): void {
    if (this.#rows.length === 0 || this.#bytes > MOST_BYTES) this.#begin(before);
    for (const [i, data] of rows.entries()) {
      this.#rows.push({ seq: seq - rows.length + 1 + i, data });
      this.#bytes += data.length;
    }
    this.#seq = seq;
  }

  /** The output behind a seq, whole rows, at least one if there is any, until `maxBytes` are reached; undefined when the ledger must say. */
  after(seq: number, maxBytes: number): OutputRow[] | undefined {
    if (this.#seq > 0 && seq >= this.#seq) return [];
    if (this.#rows.length === 0 || seq < this.#after) return undefined;
    const found: OutputRow[] = [];
    let bytes = 0;
    for (const row of this.#rows) {
      if (row.seq <= seq) continue;
      bytes += row.data.length;
      if (bytes > maxBytes && found.length > 0) break;
      found.push(row);
    }
    return found;
  }

  /** The turn is over. */
  drop(): void {
    this.#begin(this.#seq);
  }

  #begin(after: number): void {
    this.#rows = [];
    this.#bytes = 0;
    this.#after = after;
  }
}
