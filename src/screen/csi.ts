// Owns the reading of one CSI sequence, and the list of those that are questions to the terminal.
import { latin1 } from "./strings.ts";

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

/** Finals of sequences without a private prefix that matter to anybody here; all others go by unread. */
const FINALS = new Set(Array.from("cnptuxqwy|", (final) => final.charCodeAt(0)));

/** The sequence whose body stands here, if it is of a kind that matters; `controls` when some stand inside. */
export function readCsi(bytes: Uint8Array, from: number, end: number, controls: boolean): Csi | undefined {
  const first = bytes[from] ?? 0;
  if (!FINALS.has(bytes[end - 1] ?? 0) && (first < 0x3c || first > 0x3f)) return undefined;
  const body = latin1(bytes.subarray(from, end));
  return parseCsi(controls ? body.replace(/[\x00-\x1f\x7f]/g, "") : body);
}

/** Window reports of XTWINOPS (xterm ctlseqs, CSI Ps t) that make a terminal answer. */
const WINDOW_REPORTS = new Set([11, 13, 14, 15, 16, 18, 19, 20, 21]);

/** Kinds that are always questions, as prefix + intermediates + final (xterm ctlseqs; kitty keyboard protocol). */
const ALWAYS = new Set([
  "c", // DA1
  ">c", // DA2
  "=c", // DA3
  "n", // DSR and CPR
  "?n", // DSR, DEC: CPR, printer, theme (996)
  "$p", // DECRQM
  "?$p",
  ">q", // XTVERSION
  "?u", // kitty keyboard flags
  "x", // DECREQTPARM
  "?m", // XTQMODKEYS
  "?g", // XTQFMTKEYS
  "?S", // XTSMGRAPHICS
  "$w", // DECRQPSR
  "*y", // DECRQCRA
  "$u", // DECRQTSR
  "&u", // DECRQUPSS
  "#|", // XTREPORTSGR
  "'|", // DECRQLP
]);

/** True when a terminal that understands this sequence sends something back; such a sequence never reaches a viewer. */
export function isCsiQuery(csi: Csi): boolean {
  const kind = csi.prefix + csi.intermediates + csi.final;
  return ALWAYS.has(kind) || (kind === "t" && WINDOW_REPORTS.has(csi.params[0] ?? 0));
}
