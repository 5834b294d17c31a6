// Owns output on its way to the ledger: what arrives in one turn of the loop becomes rows, whole characters, at once.
import { cutRows } from "./cut.ts";
import { failureFields } from "./evidence.ts";
import type { Log, World } from "./ports.ts";

/** What an intake needs. */
export interface IntakeHouse {
  readonly world: World;
  readonly log: Log;
  /** How long the rows but the last had best be when so many bytes are cut (`Ledger.cuts`). */
  cuts(bytes: number): readonly number[];
  /** Takes rows of at most 16 KiB into the ledger, or throws and takes none. */
  keep(rows: readonly Uint8Array[]): void;
  /** More is waiting than memory should hold, and the ledger takes none of it; what waited is given up. */
  overflow(): void;
}

// What may wait before the child is throttled by writing it at once, and before a ledger that refuses to take it
// ends the session rather than the machine's memory.
const WRITE_THROUGH_BYTES = 256 * 1024;
const MOST_UNWRITTEN_BYTES = 64 * 1024 * 1024;
const RETRY_MS = 250;

/** One session's output between the terminal and the ledger. */
export class Intake {
  #waiting: Uint8Array[] = [];
  #bytes = 0;
  #planned = false;
  #refused = false;
  /** While the ledger refuses: resolves when it takes output again. */
  #room: PromiseWithResolvers<void> | undefined;

  constructor(
    private readonly sessionId: string,
    private readonly house: IntakeHouse,
  ) {}

  /**
   * Bytes in order; written in this turn of the loop, or now when many are waiting. While the ledger refuses to take
   * them it returns a promise for the moment from which it does: the terminal is not read until then.
   */
  push(bytes: Uint8Array): Promise<void> | undefined {
    this.#waiting.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes >= WRITE_THROUGH_BYTES && !this.#refused) this.flush();
    else if (this.#bytes > MOST_UNWRITTEN_BYTES) this.#giveUp();
    else this.#plan();
    return this.#room?.promise;
  }

  /** Everything but an unfinished character goes to the ledger now; if it refuses, all of it waits and is tried again. */
  flush(): void {
    if (this.#bytes === 0) return;
    const { rows, rest } = this.#cut();
    if (rows.length === 0) return;
    try {
      this.house.keep(rows);
    } catch (error) {
      this.#retryLater(error);
      return;
    }
    this.#refused = false;
    this.#hold(rest);
    this.#takesAgain();
  }

  /** All that waits, the unfinished character too, as rows for the last transaction; it stays until `clear`. */
  remainder(): Uint8Array[] {
    const { rows, rest } = this.#cut();
    return rest.length > 0 ? [...rows, rest] : rows;
  }

  /** The remainder is in the ledger. */
  clear(): void {
    this.#hold(new Uint8Array(0));
  }

  #takesAgain(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }

  #cut() {
    return cutRows(this.#waiting, this.house.cuts(this.#bytes));
  }

  #hold(rest: Uint8Array): void {
    this.#waiting = rest.length > 0 ? [rest] : [];
    this.#bytes = rest.length;
  }

  #plan(): void {
    if (this.#planned || this.#refused) return;
    this.#planned = true;
    this.house.world.soon(() => {
      this.#planned = false;
      this.flush();
    });
  }

  // A full disk must not lose what the harness said while somebody makes room.
  #retryLater(error: unknown): void {
    this.#room ??= Promise.withResolvers();
    this.house.log.error("output_waits", {
      sessionId: this.sessionId,
      bytes: this.#bytes,
      ...failureFields(error),
    });
    if (this.#refused) return;
    this.#refused = true;
    this.house.world.after(RETRY_MS, () => {
      this.#refused = false;
      this.#plan();
    });
  }

  #giveUp(): void {
    this.house.log.error("output_lost", { sessionId: this.sessionId, bytes: this.#bytes });
    this.clear();
    this.#takesAgain();
    this.house.overflow();
  }
}
