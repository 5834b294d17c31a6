// What a scanner reports of a terminal stream.
import type { Csi } from "./csi.ts";
import type { QueryName, StringKind, Verdict } from "./queries.ts";

/** Called in the order of the stream. Byte views are valid during the call only. */
export interface Sink {
  /** Text and control sequences that nobody took, exact. */
  pass(bytes: Uint8Array): void;
  /** Bytes of a string (OSC, DCS, APC, PM, SOS) that asks nothing, exact. */
  passString(bytes: Uint8Array): void;
  /** A complete CSI sequence of those that are read (`Finals`); true takes it out of the stream. */
  csi(csi: Csi, asked: QueryName | undefined): boolean;
  /**
   * A complete escape sequence without intermediates, or the C1 control it stands for; true takes it out of the stream. What
   * stands before it has passed only where it asks.
   */
  esc(final: string, asked: QueryName | undefined): boolean;
  /**
   * A string that ended well. `payload` is latin1, undefined when longer than `STRING_LIMIT`; `bell` when BEL ended
   * it; `asked` is "plain", or the query that it was and that was taken out.
   */
  string(kind: StringKind, payload: string | undefined, bell: boolean, asked: Verdict): void;
}
