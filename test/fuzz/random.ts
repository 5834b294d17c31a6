// Chance that can be had again, and the time a fuzz test may take. `FUZZ_SECONDS` (default 1) for each test, `FUZZ_SEED` the
// first seed (default fixed). A failure names its seed: FUZZ_SEED=<it> FUZZ_SECONDS=0 runs exactly that one again.

const SEED = Number(process.env["FUZZ_SEED"] ?? 20_261_121);
/** How long each fuzz test goes on, in milliseconds; at least one round is always run. */
export const BOX_MS = Number(process.env["FUZZ_SECONDS"] ?? 1) * 1_000;

/** A source of chance: everything it gives follows from its seed. */
export class Chance {
  #state: number;

  constructor(readonly seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 <= n < 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number, 0 <= n < `below`. */
  below(below: number): number {
    return Math.floor(this.next() * below);
  }

  maybe(share = 0.5): boolean {
    return this.next() < share;
  }

  one<T>(of: readonly [T, ...T[]]): T {
    return of[this.below(of.length)] ?? of[0];
  }

  bytes(most: number): Buffer {
    return Buffer.from(Array.from({ length: this.below(most + 1) }, () => this.below(256)));
  }

  /** Text of all kinds: plain, control, beyond ASCII, half surrogates. */
  text(most: number): string {
    const kinds = [
      () => 32 + this.below(95),
      () => this.below(32),
      () => 0x7f + this.below(0x400),
      () => 0x2000 + this.below(0x100),
      () => 0xd800 + this.below(0x800),
      () => 0x1f300 + this.below(0x200),
    ] as const;
    return Array.from({ length: this.below(most + 1) }, () =>
      String.fromCodePoint(this.one<() => number>([...kinds])()),
    ).join("");
  }

  /** Any JSON value, no deeper than `depth`. */
  json(depth: number): unknown {
    const kind = this.below(depth > 0 ? 8 : 6);
    if (kind === 0) return null;
    if (kind === 1) return this.maybe();
    if (kind === 2) return this.one([0, -1, 1, 1e308, -0.5, 2 ** 53, 1000, 1001, this.below(2 ** 31)]);
    if (kind <= 5) return this.text(20);
    const count = this.below(6);
    if (kind === 6) return Array.from({ length: count }, () => this.json(depth - 1));
    return Object.fromEntries(Array.from({ length: count }, () => [this.text(8), this.json(depth - 1)]));
  }

  /** The bytes with some of them changed, taken out, doubled or put in. */
  mutated(bytes: Uint8Array): Buffer {
    let out = Buffer.from(bytes);
    for (let n = this.below(6); n > 0; n--) {
      const at = this.below(out.length + 1);
      const length = this.below(8);
      const cut = this.one([0, 1, length]);
      const put = this.one([Buffer.alloc(0), this.bytes(4), out.subarray(at, at + length)]);
      out = Buffer.concat([out.subarray(0, at), put, out.subarray(at + cut)]);
    }
    return out;
  }
}

/** Runs rounds, each with the chance of the next seed, until the box is over; what one throws is told with its seed. */
export async function rounds(round: (chance: Chance) => void | Promise<void>): Promise<number> {
  const until = performance.now() + BOX_MS;
  let count = 0;
  do {
    const seed = SEED + count;
    try {
      await round(new Chance(seed));
    } catch (cause) {
      throw new Error(`seed ${seed}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
    count += 1;
  } while (performance.now() < until);
  return count;
}

/** The time one fuzz test may take before the runner ends it. */
export const TIMEOUT_MS = BOX_MS + 30_000;
