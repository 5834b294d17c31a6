// What the domain asks of a headless terminal. screen/ implements it.
import type { Picture } from "../../vt/picture.ts";
import type { Sign } from "../../vt/status.ts";

/** What a terminal shows at one moment, JSON-safe. */
export interface ScreenImage {
  /** The last seq whose bytes are on it. */
  readonly asOfSeq: number;
  readonly cols: number;
  readonly rows: number;
  /** From 0. */
  readonly cursor: { readonly x: number; readonly y: number };
  readonly title: string;
  /** The alternate screen is shown. */
  readonly alternate: boolean;
  /** The visible rows as text, trailing blanks cut. */
  readonly lines: readonly string[];
  /** All of it as data: scrollback, cells with their looks, modes. `draw` makes of it what a terminal is written. */
  readonly picture: Picture;
}

/** A screen as the bytes that draw it, which is the one form that every version understands. */
export interface ScreenCarry {
  /** Draws it and sets all that was set. */
  readonly drawn: Uint8Array;
  /** What had begun then and not ended; it comes behind. */
  readonly unfinished: Uint8Array;
}

/** One headless terminal of one live session. It, and only it, answers the queries a program sends. */
export interface Screen {
  /** Fed every byte, in order, once. */
  write(bytes: Uint8Array): void;
  resize(cols: number, rows: number): void;
  /** What is shown now, with everything written so far parsed; the caller adds the seq. */
  image(): Omit<ScreenImage, "asOfSeq">;
  /** Bytes of an escape sequence begun and not finished at the end of what was written so far. */
  unfinished(): Uint8Array;
  /** What makes a fresh screen of this size what this one is. */
  carry(): ScreenCarry;
  /** Makes this screen, on which nothing was ever written, what another one was. Nothing is answered. */
  restore(from: ScreenCarry): void;
  /** Modes the program has set that decide how keys are encoded. */
  modes(): { readonly bracketedPaste: boolean; readonly applicationCursor: boolean };
  close(): void;
}

export interface ScreenHost {
  open(options: {
    readonly cols: number;
    readonly rows: number;
    /** Lines kept above the screen. */
    readonly scrollback: number;
    /** Bytes the terminal sends back to the program. */
    answer(bytes: Uint8Array): void;
    /** The program said what it is doing, or that a person is to look. */
    sign?(sign: Sign): void;
  }): Screen;
}
