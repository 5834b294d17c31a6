// How much of a chunk has gone out: passed to the sink, or taken out of the stream.
import { NOTHING } from "./bytes.ts";
import type { Sink } from "./sink.ts";

/** The string terminator. */
const ST = Uint8Array.of(0x1b, 0x5c);

/** One chunk at a time; `start` divides what has gone from what has not. */
export class Outlet {
  bytes: Uint8Array = NOTHING;
  start = 0;
  /** A string was passed, and what ended it not yet. */
  unclosed = false;

  constructor(private readonly sink: Sink) {}

  /** Begins with the next chunk. */
  take(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.start = 0;
  }

  /** Passes everything up to here. */
  flush(to: number): void {
    const { bytes, start } = this;
    if (to <= start) return;
    this.sink.pass(start === 0 && to === bytes.length ? bytes : bytes.subarray(start, to));
    this.start = to;
    this.unclosed = false;
  }

  /** Passes everything up to `from`, and takes out what follows up to `to`. */
  cut(from: number, to: number): void {
    this.flush(from);
    this.start = to;
    // What is taken out was also the end of the string before it.
    if (this.unclosed) this.sink.passString(ST);
    this.unclosed = false;
  }

  /** Passes bytes of a string up to `to`, everything before `from` having gone. */
  string(from: number, to: number): void {
    this.flush(from);
    this.start = to;
    this.unclosed = false;
    if (to > from) this.sink.passString(this.bytes.subarray(from, to));
  }

  /** Passes the C0 controls among these bytes, which the terminal executes though the sequence around them goes. */
  controls(from: number, to: number): void {
    const controls = this.bytes.subarray(from, to).filter((byte) => byte < 0x20 && byte !== 0x1b);
    if (controls.length > 0) this.sink.pass(controls);
  }
}
