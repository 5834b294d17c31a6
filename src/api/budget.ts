// What all clients together may hold of the daemon's memory: bodies that are not whole yet, and answers that nobody takes.
// Each is bounded by itself; this bounds their sum.
import { CovenError } from "../errors.ts";

type Kind = "body" | "stream" | "socket";

const MIB = 1024 * 1024;
/**
 * For all clients together. Bodies have room of their own, so that answers that nobody reads keep none out. What an attached terminal
 * is sent counts as answers do, and may still be sent where no answer may: a person waits for it.
 */
const MOST: Readonly<Record<Kind, number>> = { body: 32 * MIB, stream: 64 * MIB, socket: 96 * MIB };
/** What is no larger always passes: the kernel takes such an answer, or most of it, at once; such a body is somebody typing. */
export const SMALL_BYTES = 64 * 1024;
/** What a follower is given at once, and while there is no room. */
const BATCH_BYTES = 256 * 1024;
const SMALL_BATCH_BYTES = 16 * 1024;

/** What one client holds now. */
export interface Share {
  set(bytes: number): void;
  /** It holds nothing any more; a second time changes nothing. */
  end(): void;
}

/** What only the server and the daemon know and do. */
interface Surroundings {
  /** How many requests have not been answered to the last byte; the one that is being handled may be among them. */
  pending(): number;
  /** Hangs up on clients that read nothing, one after the other while `pressed`. Returns at once, and is called often. */
  relieve(pressed: () => boolean): void;
}

/** The one budget of a server. */
export class Budget {
  /** Of followers and sockets; of bodies. */
  #answers = 0;
  #bodies = 0;
  /** How many of the pending requests have a share of their own. */
  #known = 0;
  /** Sizes of answers that were handed over whole, the largest first. */
  #whole: number[] = [];

  constructor(private readonly surroundings: Surroundings) {}

  /** Of a body under way, of an answer that goes on, or of an attached terminal. */
  share(of: Kind): Share {
    const request = of === "socket" ? 0 : 1;
    let held = 0;
    let ended = false;
    this.#known += request;
    const set = (bytes: number) => {
      if (ended) return;
      if (of === "body") this.#bodies += bytes - held;
      else this.#answers += bytes - held;
      held = bytes;
    };
    const end = () => {
      if (ended) return;
      set(0);
      ended = true;
      this.#known -= request;
    };
    return { set, end };
  }

  /** Whether so many bytes more of this kind may be held. */
  fits(more: number, of: Kind): boolean {
    if (of === "body") return this.#bodies + more <= MOST.body;
    const unread = this.#unread();
    if (unread + more <= MOST.stream) return true;
    this.surroundings.relieve(() => this.#unread() > MOST.stream / 2);
    return unread + more <= MOST[of];
  }

  /** How large an answer may be that is handed over whole: `most` bytes, or little. */
  room(most: number): number {
    return this.fits(most, "stream") ? most : SMALL_BYTES;
  }

  /** Enters an answer that is handed over whole; false where there is no room for it. */
  takeWhole(bytes: number): boolean {
    if (bytes <= SMALL_BYTES) return true;
    if (!this.fits(bytes, "stream")) return false;
    this.#whole.push(bytes);
    this.#whole.sort((a, b) => b - a);
    return true;
  }

  /** How many bytes a follower is best given at once. */
  batch(): number {
    return this.fits(BATCH_BYTES, "stream") ? BATCH_BYTES : SMALL_BATCH_BYTES;
  }

  /**
   * Bun doesn't say when a whole answer has gone out, only how many requests are pending: as many of the largest may still be
   * held. So never less is counted than there is.
   */
  #unread(): number {
    const unsent = Math.max(0, this.surroundings.pending() - this.#known);
    if (this.#whole.length > unsent) this.#whole.length = unsent;
    return this.#whole.reduce((sum, bytes) => sum + bytes, this.#answers);
  }
}

/** The refusal of what there is no room for. */
export function noRoom(): CovenError {
  return new CovenError(
    "runtime_unavailable",
    "Clients hold as much of the daemon's memory as they may: bodies that are not whole, answers that they don't read.",
    { reason: "clients_hold_too_much", hint: "the same command again in a few seconds" },
  );
}
