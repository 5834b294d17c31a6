// A growing run of bytes with a limit: what is remembered of an open string.

/** Remembers the first `limit` bytes pushed and counts the rest. */
export class Hold {
  private bytes = new Uint8Array(256);
  private kept = 0;
  /** Bytes pushed, also those not kept. */
  length = 0;

  constructor(private readonly limit: number) {}

  push(from: Uint8Array): void {
    this.length += from.length;
    const room = this.limit - this.kept;
    if (room <= 0) return;
    const taken = from.length <= room ? from : from.subarray(0, room);
    if (this.kept + taken.length > this.bytes.length) {
      const grown = new Uint8Array(
        Math.min(this.limit, Math.max(this.bytes.length * 2, this.kept + taken.length)),
      );
      grown.set(this.bytes.subarray(0, this.kept));
      this.bytes = grown;
    }
    this.bytes.set(taken, this.kept);
    this.kept += taken.length;
  }

  /** What was kept; a view until the next call. */
  view(): Uint8Array {
    return this.bytes.subarray(0, this.kept);
  }

  clear(): void {
    this.length = 0;
    this.kept = 0;
    if (this.bytes.length > 4096) this.bytes = new Uint8Array(256);
  }
}
