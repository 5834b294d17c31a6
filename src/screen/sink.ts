// Owns what a scanner tells of a terminal stream.
import type { Csi } from "./csi.ts";
import type { StringKind } from "./strings.ts";

/** What a scanner tells, in the order of the stream. Byte views are valid during the call only. */
export interface Sink {
  /** Text and control sequences that nobody took, exact. */
  pass(bytes: Uint8Array): void;
  /** Bytes of a string (OSC, DCS, APC, PM, SOS) that asks nothing, exact. */
  passString(bytes: Uint8Array): void;
  /** A complete CSI sequence of a kind that can matter; true takes it out of the stream. */
  csi(csi: Csi): boolean;
  /** A complete escape sequence without intermediates; true takes it out of the stream. */
  esc(final: string): boolean;
  /**
   * A string that ended well. `payload` is latin1, undefined when longer than `STRING_LIMIT`; `bell` when BEL ended
   * it; `asked` when it was a question and taken out.
   */
  string(kind: StringKind, payload: string | undefined, bell: boolean, asked: boolean): void;
}
