// The terminal of one live session: the PTY and the headless screen behind it, always of one size.

import { CovenError } from "../errors.ts";
import { type QueryFilter, queryFilter } from "../vt/filter.ts";
import { AttentionReader, type Saying, type TitleRule } from "./attention.ts";
import type { HeldTerminal, Pty } from "./ports/pty.ts";
import type { Screen, ScreenCarry, ScreenHost, ScreenImage } from "./ports/screen.ts";
import type { Size } from "./session.ts";

/** One session's terminal. Made before the spawn, so that no first byte is missed. */
export class Terminal {
  #size: Size;
  #pty: Pty | undefined;
  #gone = false;
  #redrawing = false;
  #activity: string | null = null;
  readonly #attention: AttentionReader;
  readonly #screen: Screen | undefined;

  constructor(
    private readonly sessionId: string,
    size: Size,
    screens: ScreenHost | undefined,
    scrollback: number,
    rules: readonly TitleRule[] = [],
  ) {
    this.#attention = new AttentionReader(rules);
    this.#size = size;
    this.#screen = screens?.open({
      ...size,
      scrollback,
      answer: (bytes) => this.#answer(bytes),
      sign: (sign) => {
        if (sign.source === "osc7501" && sign.id === "")
          this.#activity = sign.word === "clear" ? null : sign.word;
        this.#attention.take(sign);
      },
    });
  }

  /** What the program last said it is doing, in its own word; null when it has not, or took it back. */
  get activity(): string | null {
    return this.#activity;
  }

  /** What it wants from a person. */
  get attention(): AttentionReader {
    return this.#attention;
  }

  /** Held and taking keys: true from the spawn to the harness's exit. */
  get held(): boolean {
    return this.#pty !== undefined && !this.#gone;
  }

  /** In cells. */
  get size(): Size {
    return this.#size;
  }

  /** The program asked for bracketed paste. */
  get bracketedPaste(): boolean {
    return this.#screen?.modes().bracketedPaste ?? false;
  }

  /** The program asked for application cursor keys. */
  get applicationCursor(): boolean {
    return this.#screen?.modes().applicationCursor ?? false;
  }

  /** The spawn succeeded. */
  begin(pty: Pty): void {
    this.#pty = pty;
  }

  /** What makes a fresh screen what this one is; undefined where there are no screens. */
  carry(): ScreenCarry | undefined {
    return this.#screen?.carry();
  }

  /** The screen, and what the program is doing, as they were in the daemon before this one. */
  restore(screen: ScreenCarry | null, activity: string | null, attention: Saying | undefined): void {
    if (screen) this.#screen?.restore(screen);
    this.#activity = activity;
    if (attention) this.#attention.restore(attention);
  }

  /** Its end was found, and is told in a moment: it can't be given up any more. */
  get ending(): boolean {
    return this.held && this.#pty?.ending === true;
  }

  /** Its program is no child of this process. */
  get foreign(): boolean {
    return this.#pty?.foreign === true;
  }

  /** Gives the terminal up, within this turn of the loop; undefined when it is over. Throws where terminals can't be given up. */
  async release(): Promise<HeldTerminal | undefined> {
    if (!this.held) return undefined;
    if (!this.#pty?.release) throw new Error("terminals can't be given up here");
    return this.#pty.release();
  }

  /** The harness is gone; the driver has closed the PTY. */
  end(): void {
    this.#gone = true;
  }

  /** Types; throws `send_input_failed`. */
  write(bytes: Uint8Array): void {
    try {
      this.#held().write(bytes);
    } catch (error) {
      throw this.#refusal("The terminal did not take the input", error);
    }
  }

  /** A new size for PTY and screen; outside 1..1000 throws `invalid_request`. `settleOutput` runs between the two. */
  resize(cols: number, rows: number, settleOutput: () => void): void {
    try {
      this.#held().resize(cols, rows);
    } catch (error) {
      if (!(error instanceof RangeError)) throw this.#refusal("The terminal did not take the size", error);
      throw new CovenError("invalid_request", "cols and rows must be 1..1000.", { cols, rows });
    }
    settleOutput();
    this.#size = { cols, rows };
    this.#screen?.resize(cols, rows);
  }

  /**
   * Makes the program draw anew at the size it has; only when somebody asked for it. Programs draw when they see another size (some look no
   * further when it is the same), so the PTY alone is made a row different and, `after` a moment, back. Until then the program believes the other
   * size. The screen stays as it is, for a program that does not repaint.
   */
  redraw(after: (run: () => void) => void): void {
    if (this.#redrawing) return;
    const { rows } = this.#size;
    const give = (high: number): void => {
      try {
        this.#pty?.resize(this.#size.cols, high);
      } catch {
        // The program went; there is nobody to draw.
      }
    };
    this.#redrawing = true;
    give(rows > 1 ? rows - 1 : rows + 1);
    after(() => {
      this.#redrawing = false;
      give(this.#size.rows);
    });
  }

  /** Output that is in the ledger, onto the screen. */
  show(bytes: Uint8Array): void {
    this.#screen?.write(bytes);
  }

  /** The screen with all that was shown, or undefined where there are no screens. */
  image(asOfSeq: number): ScreenImage | undefined {
    return this.#screen ? { asOfSeq, ...this.#screen.image() } : undefined;
  }

  /** A filter for a viewer whose stream goes on where the screen is now. */
  filter(): QueryFilter | undefined {
    return this.#screen && queryFilter(this.#screen.unfinished());
  }

  /** The screen is needed no more. */
  close(): void {
    this.#screen?.close();
  }

  // Typed like keys, never recorded; dropped once nobody listens.
  #answer(bytes: Uint8Array): void {
    try {
      if (this.held) this.#pty?.write(bytes);
    } catch {
      // The program went between its question and our answer.
    }
  }

  #held(): Pty {
    if (this.#pty && this.held) return this.#pty;
    throw new Error("the terminal is closed");
  }

  #refusal(what: string, error: unknown): CovenError {
    const why = error instanceof Error ? error.message : String(error);
    return new CovenError("send_input_failed", `${what}: ${why}.`, { sessionId: this.sessionId });
  }
}
