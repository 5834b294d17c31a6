// Following a session: what is there, then what comes, pulled by seq from the ledger. SSE, raw output and attach all do it here.
// Whoever stops reading costs nothing: a follower is woken by new events and never holds any.
import type { Coven } from "../session/coven.ts";
import type { LedgerReader } from "../session/ports/ledger.ts";
import type { Log, World } from "../session/ports/world.ts";
import type { Budget } from "./budget.ts";
import type { Follower, Meter } from "./meter.ts";

/** What following needs of the daemon. */
export interface FollowDependencies {
  readonly coven: Coven;
  readonly ledger: LedgerReader;
  readonly world: World;
  readonly log: Log;
  readonly meter: Meter;
  readonly budget: Budget;
}

/** What one read found after a seq. */
export interface Batch {
  /** The last seq in it; of an empty batch the one it was read after. */
  readonly seq: number;
  readonly bytes: number;
  /** False: more is there already. */
  readonly whole: boolean;
  /** Nothing comes after it, ever. */
  readonly final?: boolean;
}

interface FollowOptions<B extends Batch> extends Follower {
  /** Reads on after a seq, as much as is best sent at once. */
  read(afterSeq: number): B;
  /** Stays for what comes, while the session runs. Without it the end of what is there is the end. */
  readonly stay: boolean;
  /** The client has gone. */
  readonly signal: AbortSignal;
  /** What is followed where it is no session: it has no end. */
  readonly watch?: (wake: () => void) => () => void;
  /** After so many milliseconds without news an empty batch is given. */
  readonly quietMs?: number;
}

/** How much one client is given in one turn of the loop, so that the others get theirs. */
const TURN_BYTES = 1024 * 1024;

/**
 * Batches after `seq`, in order, each event in exactly one. Ends when the client goes, after a final batch, and when the
 * session has ended (or was sacrificed) and all of it was given; also when another program is about to go on in this one's place, and the
 * client is to come again. Each piece of news is answered by a batch, an empty one
 * where nothing was read: a session's size may have changed.
 */
export async function* follow<B extends Batch>(
  { coven, world, meter }: FollowDependencies,
  { kind, sessionId, seq, read, stay, signal, quietMs, watch }: FollowOptions<B>,
): AsyncGenerator<B, void, undefined> {
  const follower: Follower = { kind, sessionId, seq };
  let news = Promise.withResolvers<void>();
  const wake = () => news.resolve();
  const leave = [meter.follow(follower), watch ? watch(wake) : coven.watch(sessionId, wake)];
  signal.addEventListener("abort", wake);
  try {
    for (let given = 0; !signal.aborted; ) {
      // Both before the read: what was appended until the session ended is then in what is read, and what comes while
      // the batch is sent is news.
      news = Promise.withResolvers();
      const running = stay && (watch !== undefined || coven.isRunning(sessionId));
      const batch = read(follower.seq);
      follower.seq = batch.seq;
      given += batch.bytes;
      yield batch;
      if (batch.final || (batch.whole && !running) || (stay && coven.handingOver)) return;
      if (batch.whole) await (quietMs === undefined ? news.promise : within(world, quietMs, news));
      else if (given >= TURN_BYTES) await new Promise<void>((next) => world.soon(next));
      else continue;
      given = 0;
    }
  } finally {
    for (const way of leave) way();
    signal.removeEventListener("abort", wake);
  }
}

/** Waits for the news, at most so long. */
export async function within(world: World, ms: number, news: PromiseWithResolvers<void>): Promise<void> {
  const cancel = world.after(ms, news.resolve);
  await news.promise;
  cancel();
}

/** Rows of output, as the ledger has them. */
export interface Output extends Batch {
  readonly rows: readonly { readonly seq: number; readonly data: Uint8Array }[];
}

/** The output after a seq, as much as is sent at once, and none after `until`. */
export function outputOf(
  { coven, budget }: Pick<FollowDependencies, "coven" | "budget">,
  id: string,
  afterSeq: number,
  until = Number.POSITIVE_INFINITY,
): Output {
  const found = coven.output(id, afterSeq, budget.batch());
  const rows = until === Number.POSITIVE_INFINITY ? found : found.filter((row) => row.seq <= until);
  const bytes = rows.reduce((sum, row) => sum + row.data.length, 0);
  return { rows, bytes, seq: rows.at(-1)?.seq ?? afterSeq, whole: rows.length === 0 };
}

/**
 * Rows that lie side by side in memory, as those of one read do, in one piece: each message costs a system call here and a
 * turn there.
 */
export function* sideBySide(rows: readonly { readonly data: Uint8Array }[]): Generator<Uint8Array> {
  let piece: Uint8Array | undefined;
  for (const { data } of rows) {
    if (piece && piece.buffer === data.buffer && piece.byteOffset + piece.length === data.byteOffset) {
      piece = new Uint8Array(piece.buffer, piece.byteOffset, piece.length + data.length);
      continue;
    }
    if (piece) yield piece;
    piece = data;
  }
  if (piece) yield piece;
}
