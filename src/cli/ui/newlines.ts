// Turns the line ends of a terminal (CRLF) into those of a file (LF), also where the two bytes arrive apart.

const CR = 13;
const LF = 10;

/** Converts a byte stream chunk by chunk. A CR that no LF follows stays: it is a progress bar, not a line end. */
export interface LineEnds {
  convert(chunk: Uint8Array): Uint8Array;
  /** What was held back at the end of the stream. */
  end(): Uint8Array;
}

/** A fresh converter; one per stream. */
export function lineEnds(): LineEnds {
  let heldCr = false;
  return {
    convert(chunk) {
      const out = new Uint8Array(chunk.length + 1);
      let used = 0;
      for (const byte of chunk) {
        if (heldCr && byte !== LF) out[used++] = CR;
        heldCr = byte === CR;
        if (!heldCr) out[used++] = byte;
      }
      return out.subarray(0, used);
    },
    end() {
      const rest = heldCr ? new Uint8Array([CR]) : new Uint8Array();
      heldCr = false;
      return rest;
    },
  };
}
