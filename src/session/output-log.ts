// The output of one session: gathered for one turn of the loop, kept in the ledger, then shown, and given to those who follow.
import { unfinishedTail } from "../vt/utf8.ts";
import type { NewEvent, OutputRow } from "./event.ts";
import { failureFields } from "./evidence.ts";
import type { Ledger } from "./ports/ledger.ts";
import type { Log, World } from "./ports/world.ts";
import { Refusals } from "./refusals.ts";

/** What an output log stands on, and whom it reports to. */
export interface OutputLogDependencies {
  readonly ledger: Pick<Ledger, "append" | "appendOutput" | "output">;
  readonly world: World;
  readonly log: Log;
  /** These rows are in the ledger; nobody has seen them before. */
  kept(rows: readonly OutputRow[]): void;
  /** The ledger takes nothing, more waits than memory should hold, and the terminal can't be paused: what waited is lost. */
  lost(): void;
}

const NOTHING = new Uint8Array(0);
/** What is gathered in one turn of the loop before it is written at once. */
const WRITE_THROUGH_BYTES = 256 * 1024;
/** How long a ledger that refuses is left alone. */
const RETRY_MS = 250;
/** What may wait for it where the terminal can't be paused. */
const MOST_WAITING_BYTES = 64 * 1024 * 1024;
/** More rows than these are read back from the ledger. */
const MOST_RECENT_BYTES = 1024 * 1024;

/** One session's output, and the order of its events in the ledger. */
export class OutputLog {
  /** Not in the ledger yet, in order. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #planned = false;
  #refused = false;
  /** While the ledger refuses: resolves when it takes output again. */
  #room: PromiseWithResolvers<void> | undefined;
  readonly #refusals = new Refusals();
  #lastSeq = 0;
  #ended = false;

  /** The rows of this turn of the loop: all there are after `#recentAfter`. */
  #recent: OutputRow[] = [];
  #recentBytes = 0;
  #recentAfter = 0;
  /** Of the last row; 0 before the first. */
  #lastRowSeq = 0;

  constructor(
    private readonly sessionId: string,
    private readonly deps: OutputLogDependencies,
  ) {}

  /** What the ledger has refused to take so far and is tried again, in bytes. */
  get refusedBytes(): number {
    return this.#room ? this.#waitingBytes : 0;
  }

  /** Of the last event of this session that went through here. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /**
   * Bytes in order; written at the end of this turn of the loop, or now when many are waiting. While the ledger refuses to
   * take them it returns a promise for the moment from which it does: the terminal is not read until then.
   */
  push(bytes: Uint8Array): Promise<void> | undefined {
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes >= WRITE_THROUGH_BYTES && !this.#refused) this.flush();
    else if (this.#waitingBytes > MOST_WAITING_BYTES) this.#giveUp();
    else this.#plan();
    return this.#room?.promise;
  }

  /** Everything but an unfinished character goes to the ledger now; if it refuses, all of it waits and is tried again. */
  flush(): void {
    const bytes = this.#joined();
    const end = bytes.length - unfinishedTail(bytes);
    if (end === 0) return;
    const { ledger, world } = this.deps;
    let rows: OutputRow[];
    try {
      rows = ledger.appendOutput(this.sessionId, bytes.subarray(0, end), world.now(), this.#ended);
    } catch (error) {
      this.#retryLater(error);
      return;
    }
    this.#waitFor(Uint8Array.from(bytes.subarray(end)));
    this.#remember(rows);
    this.deps.kept(rows);
  }

  /** An event that is no output, behind everything printed before it. Throws what the ledger throws. */
  append(event: NewEvent, at = this.deps.world.now()): void {
    this.flush();
    this.#lastSeq = this.deps.ledger.append(this.sessionId, [event], at);
  }

  /** Its program was ended: what it has left behind is little, and is kept if at all possible. */
  end(): void {
    this.#ended = true;
    this.flush();
  }

  /** All that waits, an unfinished character too, for the transaction that ends the session. It waits on until `clear`. */
  get waiting(): Uint8Array {
    return this.#joined();
  }

  /** Goes on where the daemon before this one was: these bytes wait, and the ledger has all that was printed before them. */
  resume(waiting: Uint8Array, lastSeq: number): void {
    this.#waitFor(waiting);
    this.#lastSeq = lastSeq;
    if (waiting.length > 0) this.#plan();
  }

  /** What waited is in the ledger. */
  clear(): void {
    this.#waitFor(NOTHING);
  }

  /**
   * The output after a seq: whole rows, at least one if there is any, until `maxBytes` are reached. Rows of this turn of the
   * loop come from memory, so that those who follow closely cost no reading.
   */
  after(seq: number, maxBytes: number): OutputRow[] {
    if (this.#lastRowSeq > 0 && seq >= this.#lastRowSeq) return [];
    if (this.#recent.length === 0 || seq < this.#recentAfter) {
      return this.deps.ledger.output(this.sessionId, seq, maxBytes);
    }
    const found: OutputRow[] = [];
    let bytes = 0;
    for (const row of this.#recent) {
      if (row.seq <= seq) continue;
      bytes += row.data.length;
      if (bytes > maxBytes && found.length > 0) break;
      found.push(row);
    }
    return found;
  }

  #joined(): Uint8Array {
    if (this.#waiting.length > 1) this.#waiting = [Buffer.concat(this.#waiting)];
    return this.#waiting[0] ?? NOTHING;
  }

  /** These bytes, and nothing else, are left to wait; there is room for more. */
  #waitFor(bytes: Uint8Array): void {
    this.#waiting = bytes.length > 0 ? [bytes] : [];
    this.#waitingBytes = bytes.length;
    this.#refused = false;
    this.#refusals.end();
    this.#room?.resolve();
    this.#room = undefined;
  }

  #remember(rows: readonly OutputRow[]): void {
    if (this.#recentBytes > MOST_RECENT_BYTES) this.#forget();
    if (this.#recent.length === 0) {
      this.#recentAfter = this.#lastSeq;
      this.deps.world.soon(() => this.#forget());
    }
    for (const row of rows) {
      this.#recent.push(row);
      this.#recentBytes += row.data.length;
      this.#lastRowSeq = row.seq;
    }
    this.#lastSeq = this.#lastRowSeq;
  }

  #forget(): void {
    this.#recent = [];
    this.#recentBytes = 0;
  }

  #plan(): void {
    if (this.#planned || this.#refused) return;
    this.#planned = true;
    this.deps.world.soon(() => {
      this.#planned = false;
      this.flush();
    });
  }

  // A full disk must not lose what the harness said while somebody makes room.
  #retryLater(error: unknown): void {
    const { world, log } = this.deps;
    this.#room ??= Promise.withResolvers();
    if (this.#refusals.isNews()) {
      const bytes = this.#waitingBytes;
      log.error("output_waits", { sessionId: this.sessionId, bytes, ...failureFields(error) });
    }
    if (this.#refused) return;
    this.#refused = true;
    world.after(RETRY_MS, () => {
      this.#refused = false;
      this.#plan();
    });
  }

  #giveUp(): void {
    this.deps.log.error("output_lost", { sessionId: this.sessionId, bytes: this.#waitingBytes });
    this.clear();
    this.deps.lost();
  }
}
