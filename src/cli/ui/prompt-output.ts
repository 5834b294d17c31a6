// The stream that @clack/prompts write into: our stdout, without colour where none is wanted.
import { Writable } from "node:stream";
import { out } from "./colour.ts";
import { glyphs } from "./glyphs.ts";
import { drawn } from "./multi-line.ts";

/** Every SGR sequence: colour, bold, dim, inverse. */
const SGR = /\u001b\[[0-9;:]*m/g;

// @clack/prompts 1.9 has no option for these two words of its autocomplete, and ours is not a search. Both are
// matched only where the prompt itself writes them: behind the guide, and at the end of its hints.
const LABEL = /([│|](?:\u001b\[\d+m)* {2}(?:\u001b\[\d+m)*)Search:/;
const HINT = /( [•*] (?:\u001b\[\d+m)*Type:(?:\u001b\[\d+m)*) to search/;

// In a narrow terminal the hints go on below, without the guide.
const HINTS_GO_ON = /^((?:\u001b\[\d+m)*)(?=Enter:(?:\u001b\[\d+m)* confirm )/m;

/** A stream for the `output` of a prompt. Emits `resize` when the terminal does, and when `redraw` is called. */
export class PromptOutput extends Writable {
  readonly isTTY = true;
  readonly #resized = () => void this.emit("resize");

  constructor() {
    super({ decodeStrings: false });
    process.stdout.on("resize", this.#resized);
  }

  get columns(): number {
    return process.stdout.columns || 80;
  }

  get rows(): number {
    return process.stdout.rows || 24;
  }

  /** Makes the prompt draw itself again; it writes nothing where nothing has changed. */
  redraw(): void {
    this.emit("resize");
  }

  /** Stops listening to the terminal. */
  close(): void {
    process.stdout.off("resize", this.#resized);
  }

  override _write(chunk: unknown, _encoding: unknown, done: (error?: Error | null) => void): void {
    const text = drawn(String(chunk), glyphs)
      .replace(LABEL, `$1${glyphs.prompt}`)
      .replace(HINT, "$1 to choose")
      .replace(HINTS_GO_ON, `${out.cyan(glyphs.guide)}  $1`);
    process.stdout.write(out.isColorSupported ? text : text.replace(SGR, ""), done);
  }
}
