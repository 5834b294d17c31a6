// Owns what we read of the emulator beyond its public interface: the shapes of xterm.js 6.0.0's core.
import type { Terminal } from "@xterm/headless";

/** A link as the program gave it; those without an id are one when they lead to the same place. */
export interface Link {
  readonly id?: string | undefined;
  readonly uri: string;
}

/** Underline style, its colour and the hyperlink of a cell (AttributeData.ts of xterm.js 6.0.0). */
export interface Extended {
  readonly _ext: number;
  readonly urlId: number;
}

/** Attributes as packed by xterm.js: colour in the low 26 bits, flags above. */
export interface Attributes {
  readonly fg: number;
  readonly bg: number;
  readonly extended: Extended;
}

/** One line of cells, sometimes more of them than columns. A cell that was never written, or erased, has no content. */
export interface Line {
  readonly length: number;
  readonly isWrapped: boolean;
  getWidth(x: number): number;
  getFg(x: number): number;
  getBg(x: number): number;
  getString(x: number): string;
  hasContent(x: number): number;
  translateToString(trimRight: boolean, from: number, to: number): string;
  /** Three words for each cell: content with width, foreground, background. */
  readonly _data: Uint32Array;
  readonly _extendedAttrs: Readonly<Record<number, Extended | undefined>>;
}

/** A character set: what to print for a letter; undefined is ASCII. */
export type Charset = Readonly<Record<string, string>> | undefined;

/** One of the two screens; `ybase` lines of scrollback lie above it. */
export interface Page {
  readonly lines: { readonly length: number; get(index: number): Line | undefined };
  readonly ybase: number;
  /** 0 to the columns, both included: the latter is a wrap that is still to come. */
  readonly x: number;
  readonly y: number;
  readonly scrollTop: number;
  readonly scrollBottom: number;
  readonly tabs: Readonly<Record<number, boolean | undefined>>;
  readonly savedX: number;
  /** Counted from the first line of scrollback. */
  readonly savedY: number;
  readonly savedCurAttrData: Attributes;
  readonly savedCharset: Charset;
}

/** The part of xterm.js 6.0.0's core that a snapshot and a synchronous parse need and its public interface lacks. */
export interface Core {
  readonly cols: number;
  readonly rows: number;
  readonly buffers: { readonly active: Page; readonly normal: Page; readonly alt: Page };
  readonly options: { convertEol: boolean };
  readonly _inputHandler: {
    parse(bytes: Uint8Array): unknown;
    readonly _curAttrData: Attributes;
    readonly _parser: { readonly precedingJoinState: number; reset(): void };
  };
  readonly _charsetService: {
    readonly charset: Charset;
    readonly glevel: number;
    readonly _charsets: readonly Charset[];
  };
  readonly coreService: {
    readonly isCursorHidden: boolean;
    readonly modes: { readonly insertMode: boolean };
    readonly decPrivateModes: {
      readonly applicationCursorKeys: boolean;
      readonly applicationKeypad: boolean;
      readonly bracketedPasteMode: boolean;
      readonly origin: boolean;
      readonly reverseWraparound: boolean;
      readonly sendFocus: boolean;
      readonly synchronizedOutput: boolean;
      readonly wraparound: boolean;
    };
  };
  readonly coreMouseService: { readonly activeProtocol: string; readonly activeEncoding: string };
  readonly _oscLinkService: { getLinkData(id: number): Link | undefined };
  readonly unicodeService: { charProperties(code: number, preceding: number): number };
}

/** The core behind a terminal. */
export function coreOf(terminal: Terminal): Core {
  // The public class keeps its core in `_core`; the version is pinned and the tests of this room read every member.
  return (terminal as unknown as { readonly _core: Core })._core;
}
