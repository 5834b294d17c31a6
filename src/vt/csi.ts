// Reading one CSI sequence.
import { latin1 } from "./bytes.ts";

/** A CSI sequence in its parts; `final` and the others are characters, `text` is what stood between. */
export interface Csi {
  /** One of `<=>?`, or "". */
  readonly prefix: string;
  /** First number of each parameter; a missing one is 0 (sub-parameters after a colon are not read). */
  readonly params: readonly number[];
  /** Parameters as written. */
  readonly text: string;
  readonly intermediates: string;
  readonly final: string;
}

/** Reads the body of a CSI sequence (what follows the introducer, its final included); undefined when malformed. */
function parseCsi(body: string): Csi | undefined {
  const parts = /^([<-?]?)([0-9;:]*)([ -/]*)([@-~])$/.exec(body);
  if (!parts) return undefined;
  const [, prefix = "", text = "", intermediates = "", final = ""] = parts;
  // A hostile number must stay a number: what matters here is far below 2^31.
  const params =
    text === "" ? [] : text.split(";").map((one) => Math.min(Number.parseInt(one, 10) || 0, 0x7fffffff));
  return { prefix, params, text, intermediates, final };
}

/** The sequence whose body stands here, if it is one of those that are read. */
export function readCsi(bytes: Uint8Array, from: number, end: number, read: Uint8Array): Csi | undefined {
  const first = bytes[from] ?? 0;
  if (read[bytes[end - 1] ?? 0] !== 1 && (first < 0x3c || first > 0x3f)) return undefined;
  // Controls inside have been executed, and DEL is nothing.
  return parseCsi(latin1(bytes.subarray(from, end)).replace(/[\x00-\x1f\x7f]/g, ""));
}
