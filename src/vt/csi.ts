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

/** Which CSI sequences are read, by final byte: with a private prefix, without one. All others go by unread, which costs nothing. */
export type Finals = Readonly<Record<"prefixed" | "bare", Uint8Array>>;

/** The sequence whose body stands here, if it is one of those that are read. */
export function readCsi(bytes: Uint8Array, from: number, end: number, read: Finals): Csi | undefined {
  const final = bytes[end - 1] ?? 0;
  if (read.prefixed[final] !== 1 && read.bare[final] !== 1) return undefined;
  let first = from;
  while ((bytes[first] ?? 0) < 0x20 || bytes[first] === 0x7f) first += 1;
  const prefix = bytes[first] ?? 0;
  if (read[prefix >= 0x3c && prefix <= 0x3f ? "prefixed" : "bare"][final] !== 1) return undefined;
  const body = latin1(bytes.subarray(from, end));
  // Controls inside have been executed, and DEL is nothing.
  return parseCsi(body) ?? parseCsi(body.replace(/[\x00-\x1f\x7f]/g, ""));
}
