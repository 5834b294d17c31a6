// What a daemon leaves to the program that goes on in its place: all that is known of live sessions and stands in no ledger.

import type { Attention } from "./attention.ts";
import type { HarnessStart } from "./ports/harnesses.ts";
import type { ProcessIdentity, ProcessInfo } from "./ports/processes.ts";
import type { PtyExit } from "./ports/pty.ts";
import type { ScreenCarry } from "./ports/screen.ts";
import type { Size } from "./session.ts";

/** Something that is being typed, or waits for its turn. */
export interface Typed {
  /** `keys` as they are; `submit`: a text, then Enter. */
  readonly kind: "keys" | "submit";
  readonly bytes: Uint8Array;
  /** Of a text: it is typed, and only Enter is due. */
  readonly enterDue: boolean;
}

/** What is typed and submitted once the program is ready for it. */
export interface Opening {
  readonly bytes: Uint8Array;
  readonly ready: HarnessStart["ready"];
}

/** The size that an attached client wants, and how recently it was used in comparison with the others. */
export interface KnownViewer extends Size {
  readonly usedAt: number;
}

/** One live session. */
export interface HandedSession {
  readonly id: string;
  readonly leader: ProcessIdentity;
  readonly size: Size;
  /**
   * Its terminal's master, and what was typed and not yet taken; null when its end was found already. `process`: a descriptor of the program, where that is no child of
   * ours. `exit`: it was reaped.
   */
  readonly terminal: {
    readonly fd: number;
    readonly process: number | null;
    readonly unwritten: Uint8Array;
    readonly exit: PtyExit | null;
  } | null;
  /** How it ended, where the terminal is over and the session not settled yet. */
  readonly exit: PtyExit | null;
  /** How much it has printed, in bytes. */
  readonly printed: number;
  /** Not in the ledger yet: an unfinished character, or what the disk refuses to take. */
  readonly waiting: Uint8Array;
  /** Null without screens. */
  readonly screen: ScreenCarry | null;
  readonly activity: string | null;
  /** Absent from a daemon that knew of none. */
  readonly attention?: Attention | undefined;
  readonly viewers: readonly KnownViewer[];
  /** How many messages of each client that counts them were taken. */
  readonly typists: readonly (readonly [client: string, taken: number])[];
  readonly typing: readonly Typed[];
  /** Absent where nothing waits for the program to be ready, and from a daemon that knew of none. */
  readonly opening?: Opening | undefined;
  /** It was asked to end: how much of its time to do so is left, and who is known to belong to it. `eventWaits`: the ledger has not taken the kill event. */
  readonly kill: {
    /** Who asked for it, where that is known. */
    readonly by?: string | undefined;
    readonly eventWaits: boolean;
    readonly graceLeftMs: number;
    readonly known: readonly ProcessInfo[];
  } | null;
  /** The system has ended somebody for want of memory while it ran. */
  readonly memoryRanOut: boolean;
}

/** Everything of one daemon. */
export interface Handed {
  readonly sessions: readonly HandedSession[];
  /** Keys of past launches and the sessions they stood for, the oldest first. */
  readonly launchKeys: readonly (readonly [key: string, sessionId: string])[];
  /** Keys of past input, with the session's id, and the seqs they were answered with. Absent from a daemon that knew of none. */
  readonly inputKeys?: readonly (readonly [key: string, seq: string])[] | undefined;
}
