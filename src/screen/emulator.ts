// The emulator, and all that is known of its insides. @xterm/headless 6.0.0 parses well, but what a picture needs is not in its public
// interface: this file alone reads its private members (`MEMBERS`), mends it (`repair`), and gives out data. The version is pinned.
import { UnicodeGraphemesAddon } from "@xterm/addon-unicode-graphemes";
import { type IUnicodeVersionProvider, Terminal } from "@xterm/headless";
import type { Page, Picture, Run, Style } from "../vt/picture.ts";
import { CLUSTER_LIMIT, LINKS_LIMIT } from "./limits.ts";

// ---- the members we read -------------------------------------------------------------------------------------

/** A link as the program gave it; those without an id are one when they lead to the same place. */
interface Link {
  readonly id?: string | undefined;
  readonly uri: string;
}

/** Underline style, its colour and the hyperlink of a cell (AttributeData.ts). */
interface Extended {
  readonly _ext: number;
  readonly urlId: number;
}

/** Attributes as packed by xterm.js: colour in the low 26 bits, flags above. */
interface Attributes {
  readonly fg: number;
  readonly bg: number;
  readonly extended: Extended;
}

/** One line of cells, sometimes more of them than columns. A cell that was never written, or erased, has no content. */
interface Line {
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
type Charset = Readonly<Record<string, string>> | undefined;

/** One of the two screens; `ybase` lines of scrollback lie above it. */
export interface Screenful {
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

interface Params {
  /** Int32Array in the original: writable, the first is the count. */
  readonly params: { [index: number]: number };
}

type Handler = (params: Params, protect?: boolean) => boolean;

/** The part of xterm.js's core that is read and mended here. */
export interface Core {
  readonly cols: number;
  readonly rows: number;
  readonly buffers: {
    readonly active: Screenful;
    readonly normal: Screenful;
    readonly alt: Screenful;
    activateAltBuffer(fill: unknown): void;
  };
  readonly options: { convertEol: boolean };
  /** Its parser calls handlers by their name, so that replacing them on the instance is enough. */
  readonly _inputHandler: {
    parse(bytes: Uint8Array | string): unknown;
    readonly _curAttrData: Attributes & { updateExtended(): void };
    readonly _parser: { readonly precedingJoinState: number; reset(): void };
    eraseInDisplay: Handler;
    restoreCursor: () => boolean;
    fullReset: () => boolean;
    insertLines: Handler;
    deleteLines: Handler;
    scrollUp: Handler;
    scrollDown: Handler;
    cursorForwardTab: Handler;
    cursorBackwardTab: Handler;
    repeatPrecedingCharacter: Handler;
    _eraseInBufferLine(y: number, start: number, end: number, clearWrap: boolean, protect: boolean): void;
    _resetBufferLine(y: number, protect: boolean): void;
  };
  readonly _charsetService: {
    readonly charset: Charset;
    readonly glevel: number;
    readonly _charsets: readonly Charset[];
    setgCharset(slot: number, set: Charset): void;
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

/** Every member above, as a path with the type of what stands there; `openEmulator` refuses an emulator that lacks one. */
export const MEMBERS: Readonly<Record<string, "function" | "number" | "boolean" | "object" | "string">> = {
  cols: "number",
  rows: "number",
  "buffers.active": "object",
  "buffers.alt": "object",
  "buffers.activateAltBuffer": "function",
  "buffers.normal.lines.length": "number",
  "buffers.normal.lines.maxLength": "number",
  "buffers.normal.lines.get": "function",
  "buffers.normal.lines.set": "function",
  "buffers.normal.ybase": "number",
  "buffers.normal.x": "number",
  "buffers.normal.y": "number",
  "buffers.normal.scrollTop": "number",
  "buffers.normal.scrollBottom": "number",
  "buffers.normal.tabs": "object",
  "buffers.normal.savedX": "number",
  "buffers.normal.savedY": "number",
  "buffers.normal.savedCurAttrData.fg": "number",
  "options.convertEol": "boolean",
  "_inputHandler.parse": "function",
  "_inputHandler._curAttrData.fg": "number",
  "_inputHandler._curAttrData.bg": "number",
  "_inputHandler._curAttrData.extended._ext": "number",
  "_inputHandler._curAttrData.extended.urlId": "number",
  "_inputHandler._curAttrData.updateExtended": "function",
  "_inputHandler._parser.precedingJoinState": "number",
  "_inputHandler._parser.reset": "function",
  "_inputHandler.eraseInDisplay": "function",
  "_inputHandler.restoreCursor": "function",
  "_inputHandler.fullReset": "function",
  "_inputHandler.insertLines": "function",
  "_inputHandler.deleteLines": "function",
  "_inputHandler.scrollUp": "function",
  "_inputHandler.scrollDown": "function",
  "_inputHandler.cursorForwardTab": "function",
  "_inputHandler.cursorBackwardTab": "function",
  "_inputHandler.repeatPrecedingCharacter": "function",
  "_inputHandler._eraseInBufferLine": "function",
  "_inputHandler._resetBufferLine": "function",
  "_charsetService.glevel": "number",
  "_charsetService._charsets": "object",
  "_charsetService.setgCharset": "function",
  "coreService.isCursorHidden": "boolean",
  "coreService.modes.insertMode": "boolean",
  "coreService.decPrivateModes.applicationCursorKeys": "boolean",
  "coreService.decPrivateModes.applicationKeypad": "boolean",
  "coreService.decPrivateModes.bracketedPasteMode": "boolean",
  "coreService.decPrivateModes.origin": "boolean",
  "coreService.decPrivateModes.reverseWraparound": "boolean",
  "coreService.decPrivateModes.sendFocus": "boolean",
  "coreService.decPrivateModes.synchronizedOutput": "boolean",
  "coreService.decPrivateModes.wraparound": "boolean",
  "_oscLinkService.getLinkData": "function",
  "_oscLinkService.registerLink": "function",
  "_oscLinkService.addLineToLink": "function",
  "unicodeService.charProperties": "function",
};

/** Of a line, which is there once something is. */
const LINE_MEMBERS: typeof MEMBERS = {
  length: "number",
  isWrapped: "boolean",
  getWidth: "function",
  getFg: "function",
  getBg: "function",
  getString: "function",
  hasContent: "function",
  translateToString: "function",
  _data: "object",
  _extendedAttrs: "object",
};

/** Which members an emulator's core lacks, by their path. */
export function missingMembers(core: unknown): string[] {
  const follow = (from: unknown, path: string): unknown =>
    path.split(".").reduce<unknown>(
      // Any object may be asked for any member.
      (at, name) => (at === null || at === undefined ? undefined : (at as Record<string, unknown>)[name]),
      from,
    );
  const lacks = (from: unknown, members: typeof MEMBERS, before: string) =>
    Object.entries(members).flatMap(([path, type]) =>
      typeof follow(from, path) === type ? [] : [before + path],
    );
  const lines = follow(core, "buffers.normal.lines.get");
  const line = typeof lines === "function" ? lines.call(follow(core, "buffers.normal.lines"), 0) : undefined;
  return [...lacks(core, MEMBERS, ""), ...lacks(line, LINE_MEMBERS, "line.")];
}

// ---- what is given out ---------------------------------------------------------------------------------------

/** A terminal that parses and remembers, and never sends anything itself. */
export interface Emulator {
  readonly cols: number;
  readonly rows: number;
  /** Parsed when it returns. Only whole characters (`TextDecoder` below); text that is no UTF-8 as a string. */
  parse(bytes: Uint8Array | string): void;
  /** How often the emulator threw, and its parser was set back. */
  readonly faults: number;
  /** At least 2 x 1. */
  resize(cols: number, rows: number): void;
  close(): void;
  /** Where the next character goes; the last column also where a wrap is still to come. `y` is counted from the top of the screen. */
  readonly cursor: { readonly x: number; readonly y: number };
  /** The scroll region, from 0. */
  readonly margins: readonly [top: number, bottom: number];
  /** The alternate screen is shown. */
  readonly alternate: boolean;
  /** A private mode that the emulator acts on: set or not; undefined for all others. */
  privateMode(mode: number): boolean | undefined;
  /** IRM (4) and LNM (20). */
  ansiMode(mode: 4 | 20): boolean;
  /** What is printed with: SGR parameters, and DECSCA. */
  readonly pen: { readonly sgr: string; readonly protected: boolean };
  /** The visible rows, trailing blanks cut. */
  lines(): string[];
  /** What the emulator knows of a picture. */
  picture(): Pick<Picture, "cols" | "rows" | "styles" | "pen"> & {
    readonly primary: Omit<Page, "keyboard">;
    readonly alternate: Omit<Page, "keyboard"> | null;
    readonly cursor: Omit<Picture["cursor"], "shape">;
    readonly modes: Picture["modes"];
  };
}

/** An emulator with its insides, for whoever compares two of them, and its public interface. */
export interface OpenEmulator extends Emulator {
  readonly core: Core;
  readonly terminal: Terminal;
}

/** Private modes by the name of the member that keeps each; those that move the cursor last. */
const KEPT = {
  1: "applicationCursorKeys",
  66: "applicationKeypad",
  2004: "bracketedPasteMode",
  1004: "sendFocus",
  45: "reverseWraparound",
  2026: "synchronizedOutput",
  7: "wraparound",
  6: "origin",
} as const satisfies Record<number, keyof Core["coreService"]["decPrivateModes"]>;

/** Opens one. Throws when the emulator is not the one this file knows. */
export function openEmulator(cols: number, rows: number, scrollback: number): OpenEmulator {
  const terminal = new Terminal({
    cols: Math.max(cols, LEAST_COLS),
    rows: Math.max(rows, 1),
    scrollback,
    allowProposedApi: true,
    disableStdin: true,
    logLevel: "off",
  });
  terminal.unicode.register(widths);
  terminal.unicode.activeVersion = widths.version;
  // The public class keeps its core in `_core`.
  const core = (terminal as unknown as { readonly _core: Core })._core;
  checked ??= missingMembers(core);
  if (checked.length > 0) throw new Error(`This emulator lacks ${checked.join(", ")}.`);
  keepLinks(core);
  repair(core);
  const { buffers, coreService } = core;
  const handler = core._inputHandler;
  let faults = 0;
  return {
    core,
    terminal,
    get cols() {
      return core.cols;
    },
    get rows() {
      return core.rows;
    },
    parse(bytes) {
      try {
        handler.parse(bytes);
      } catch {
        // A fault of the emulator must not become one of the session: it goes on with the next bytes.
        faults += 1;
        handler._parser.reset();
      }
    },
    get faults() {
      return faults;
    },
    resize: (toCols, toRows) => terminal.resize(Math.max(toCols, LEAST_COLS), Math.max(toRows, 1)),
    close: () => terminal.dispose(),
    get cursor() {
      return { x: Math.min(buffers.active.x, core.cols - 1), y: buffers.active.y };
    },
    get margins() {
      return [buffers.active.scrollTop, buffers.active.scrollBottom] as const;
    },
    get alternate() {
      return buffers.active !== buffers.normal;
    },
    privateMode(mode) {
      if (mode === 25) return !coreService.isCursorHidden;
      if (mode === 47 || mode === 1047 || mode === 1049) return buffers.active === buffers.alt;
      // Any number may be asked for; only those of the table have a name.
      const name = (KEPT as Readonly<Record<number, (typeof KEPT)[keyof typeof KEPT]>>)[mode];
      return name && coreService.decPrivateModes[name];
    },
    ansiMode: (mode) => (mode === 4 ? coreService.modes.insertMode : core.options.convertEol),
    get pen() {
      const { fg, bg, extended } = handler._curAttrData;
      return { sgr: sgrOf(fg, bg, extended), protected: (bg & PROTECTED) !== 0 };
    },
    lines() {
      const { lines, ybase } = buffers.active;
      return Array.from({ length: core.rows }, (_, y) =>
        (lines.get(ybase + y)?.translateToString(true, 0, core.cols) ?? "").trimEnd(),
      );
    },
    picture: () => pictureOf(core),
  };
}

/** The members are looked at once in a process: every emulator is of the same class. */
let checked: string[] | undefined;

/** The emulator has no fewer. */
const LEAST_COLS = 2;

// ---- how wide characters are ---------------------------------------------------------------------------------

/** The provider the addon registers: whole grapheme clusters, emoji with joiners as two cells. */
const graphemes = ((): IUnicodeVersionProvider => {
  const providers: IUnicodeVersionProvider[] = [];
  const unicode = {
    activeVersion: "6",
    register: (provider: IUnicodeVersionProvider) => providers.push(provider),
  };
  // The addon touches nothing but `unicode` of the terminal it is given (UnicodeGraphemesAddon.ts).
  new UnicodeGraphemesAddon().activate({ unicode } as unknown as Parameters<
    UnicodeGraphemesAddon["activate"]
  >[0]);
  const found = providers.find((provider) => provider.version === "15-graphemes");
  if (!found) throw new Error("The width addon registers no grapheme provider.");
  return found;
})();

/** Bits of a join state that belong to the addon; above them we count the code points of the cluster. */
const STATE_BITS = 18;
const STATE_MASK = (1 << STATE_BITS) - 1;
const PLAIN = graphemes.charProperties(0x20, 0);

/** The addon's rules with a bound on a cluster: a stream of combining marks would otherwise grow one cell for ever. */
const widths: IUnicodeVersionProvider = {
  version: "coven",
  wcwidth: (code) => graphemes.wcwidth(code),
  charProperties(code, preceding) {
    if (code >= 32 && code < 127 && (preceding & STATE_MASK) >> 3 === 0) return PLAIN;
    const count = preceding >>> STATE_BITS;
    const state =
      graphemes.charProperties(code, count >= CLUSTER_LIMIT ? 0 : preceding & STATE_MASK) & STATE_MASK;
    return (state & 1) === 0 ? state : state | ((count + 1) << STATE_BITS);
  },
};

// ---- what is mended ------------------------------------------------------------------------------------------

/** Handlers that do their work once per count, up to 2^31 times, though more than this changes nothing more. No report upstream. */
const BOUNDS = {
  insertLines: (core: Core) => core.rows,
  deleteLines: (core: Core) => core.rows,
  scrollUp: (core: Core) => core.rows,
  scrollDown: (core: Core) => core.rows,
  cursorForwardTab: (core: Core) => core.cols,
  cursorBackwardTab: (core: Core) => core.cols,
  repeatPrecedingCharacter: (core: Core) => core.rows * core.cols,
} as const;

/**
 * Where xterm.js 6.0.0 throws, never ends, or loses state that no picture could then restore. One fault is met elsewhere: a
 * character split before a byte 0x80 is lost (xtermjs/xterm.js#6003, mended after 6.0.0), so `screen.ts` feeds whole ones.
 */
function repair(core: Core): void {
  const { buffers, _inputHandler: handler, _charsetService: charsets } = core;
  mendRing(core);

  for (const [name, bound] of Object.entries(BOUNDS)) {
    // The keys of the table above.
    const key = name as keyof typeof BOUNDS;
    const original = handler[key].bind(handler);
    handler[key] = (params) => {
      params.params[0] = Math.min(params.params[0] ?? 0, bound(core));
      return original(params);
    };
  }

  // ED 1 at the end of a line looks for the line after it by an index that lacks the scrollback, and throws when there is
  // none (xtermjs/xterm.js#5785; a change, #5995, was closed).
  const eraseInDisplay = handler.eraseInDisplay.bind(handler);
  handler.eraseInDisplay = (params, protect = false) => {
    const { active } = buffers;
    if (params.params[0] !== 1 || active.x + 1 < core.cols) return eraseInDisplay(params, protect);
    handler._eraseInBufferLine(active.y, 0, core.cols, true, protect);
    for (let y = active.y - 1; y >= 0; y -= 1) handler._resetBufferLine(y, protect);
    return true;
  };

  // DECRC brings back the flag that says whether link and underline style count, and a character set outside any slot (near:
  // xtermjs/xterm.js#1526).
  const restoreCursor = handler.restoreCursor.bind(handler);
  handler.restoreCursor = () => {
    restoreCursor();
    handler._curAttrData.updateExtended();
    charsets.setgCharset(charsets.glevel, charsets.charset);
    return true;
  };

  // The alternate screen is new each time it is shown, and so is the cursor saved on it. While it is not shown it does
  // not follow the size, and would then have a scrollback, or too few lines (xtermjs/xterm.js#6163).
  const activateAltBuffer = buffers.activateAltBuffer.bind(buffers);
  buffers.activateAltBuffer = (fill) => {
    if (buffers.active !== buffers.alt) {
      Object.assign(buffers.alt.lines, { maxLength: core.rows });
      Object.assign(buffers.alt, { savedX: 0, savedY: 0, savedCharset: undefined });
      Object.assign(buffers.alt.savedCurAttrData, { fg: 0, bg: 0 });
    }
    activateAltBuffer(fill);
  };

  // RIS leaves the new line mode as it was. No report upstream.
  const fullReset = handler.fullReset.bind(handler);
  handler.fullReset = () => {
    core.options.convertEol = false;
    return fullReset();
  };
}

/** The ring that holds a screen's lines. */
interface Ring {
  set(index: number, line: unknown): void;
}

const mended = new WeakSet<Ring>();

/**
 * A narrower window breaks lines anew, and those that no longer fit leave at the top: in the original by being set at
 * indices below 0, which in a ring that has turned is the last line's place. It was lost then. No report upstream.
 */
function mendRing(core: Core): void {
  // Every list has the same prototype, also those that a reset puts in the place of these.
  const ring: Ring = Object.getPrototypeOf(core.buffers.normal.lines);
  if (mended.has(ring)) return;
  mended.add(ring);
  const { set } = ring;
  ring.set = function (this: Ring, index, line) {
    if (index >= 0) set.call(this, index, line);
  };
}

/**
 * Gives the emulator a table of hyperlinks (OSC 8) that forgets links no cell has any more, and holds no more than
 * `LINKS_LIMIT`: its own keeps every link that was drawn over in place. No report upstream.
 */
function keepLinks(core: Core): void {
  const byKey = new Map<string, number>();
  const byId = new Map<number, Link>();
  let last = 0;

  function sweep(): void {
    const { normal, alt } = core.buffers;
    const ids = new Set([core._inputHandler._curAttrData.extended.urlId]);
    for (const { lines } of [normal, alt]) {
      for (let y = 0; y < lines.length; y += 1) {
        for (const extended of Object.values(lines.get(y)?._extendedAttrs ?? {}))
          if (extended) ids.add(extended.urlId);
      }
    }
    for (const [key, id] of byKey) {
      if (ids.has(id)) continue;
      byKey.delete(key);
      byId.delete(id);
    }
  }

  Object.assign(core._oscLinkService, {
    registerLink(link: Link): number {
      const key = `${link.id ?? ""};${link.uri}`;
      const known = byKey.get(key);
      if (known !== undefined) return known;
      if (byKey.size >= LINKS_LIMIT) sweep();
      // No room: what follows is text without a link.
      if (byKey.size >= LINKS_LIMIT) return 0;
      last += 1;
      byKey.set(key, last);
      byId.set(last, link);
      return last;
    },
    addLineToLink(): void {},
    getLinkData: (id: number) => byId.get(id),
  });
}

// ---- packed attributes ---------------------------------------------------------------------------------------

/** Bits of xterm.js 6.0.0 (buffer/Constants.ts): in a foreground, a background, and in the content of a cell. */
const COLOUR_MODE = 0x3000000;
const COLOUR = 0x3ffffff;
const UNDERLINE = 0x10000000;
const HAS_EXTENDED = 0x10000000;
const PROTECTED = 0x20000000;
const NARROW = 1 << 22;
const CONTENT = 0x3fffff;
const FG_FLAGS: readonly (readonly [number, string])[] = [
  [0x8000000, "1"],
  [0x4000000, "7"],
  [0x20000000, "5"],
  [0x40000000, "8"],
  [0x80000000, "9"],
];
const BG_FLAGS: readonly (readonly [number, string])[] = [
  [0x8000000, "2"],
  [0x4000000, "3"],
  [0x40000000, "53"],
];

function colour(packed: number, base: 30 | 40): string[] {
  const value = packed & 0xffffff;
  switch (packed & COLOUR_MODE) {
    case 0x1000000:
      return [String(value & 8 ? base + 60 + (value & 7) : base + (value & 7))];
    case 0x2000000:
      return [`${base + 8};5;${value & 0xff}`];
    case 0x3000000:
      return [`${base + 8};2;${(value >> 16) & 0xff};${(value >> 8) & 0xff};${value & 0xff}`];
    default:
      return [];
  }
}

/** Underline colours have no form without colons that every terminal reads the same. */
function underlineColour(extended: Extended): string[] {
  const value = extended._ext & 0xffffff;
  switch (extended._ext & COLOUR_MODE) {
    case 0x1000000:
    case 0x2000000:
      return [`58:5:${value & 0xff}`];
    case 0x3000000:
      // What xterm.js keeps after SGR 59 is all ones.
      return [
        value === 0xffffff ? "59" : `58:2::${(value >> 16) & 0xff}:${(value >> 8) & 0xff}:${value & 0xff}`,
      ];
    default:
      return [];
  }
}

/** The parameters of the SGR sequence that sets exactly these attributes, `0` first; protection (DECSCA) is none of them. */
function sgrOf(fg: number, bg: number, extended: Extended | undefined): string {
  const parts = ["0"];
  for (const [bit, code] of FG_FLAGS) if (fg & bit) parts.push(code);
  for (const [bit, code] of BG_FLAGS) if (bg & bit) parts.push(code);
  if (fg & UNDERLINE) {
    const style = extended ? (extended._ext >> 26) & 7 : 1;
    parts.push(style > 1 ? `4:${style}` : "4");
  }
  parts.push(...colour(fg, 30), ...colour(bg, 40));
  if (extended) parts.push(...underlineColour(extended));
  return parts.join(";");
}

// ---- the picture ---------------------------------------------------------------------------------------------

interface Styles {
  readonly all: Style[];
  /** The index of these attributes. */
  of(fg: number, bg: number, extended: Extended | undefined): number;
}

function stylesOf(core: Core): Styles {
  const all: Style[] = [{ sgr: "0" }];
  /** By foreground, then background, for cells without extended attributes: nearly all. */
  const known = new Map<number, Map<number, number>>([[0, new Map([[0, 0]])]]);
  const other = new Map<string, number>();
  const byLook = new Map([[JSON.stringify(all[0]), 0]]);
  let [lastFg, lastBg, last] = [0, 0, 0];

  function add(fg: number, bg: number, extended: Extended | undefined): number {
    const link = extended?.urlId ? core._oscLinkService.getLinkData(extended.urlId) : undefined;
    const style: Style = {
      sgr: sgrOf(fg, bg, extended),
      ...((bg & COLOUR) === 0 ? {} : { background: true }),
      ...((bg & PROTECTED) === 0 ? {} : { protected: true }),
      ...(link ? { link: { uri: link.uri, ...(link.id ? { id: link.id } : {}) } } : {}),
    };
    // Left-over bits make others of attributes that look the same.
    const same = JSON.stringify(style);
    const index = byLook.get(same) ?? all.push(style) - 1;
    byLook.set(same, index);
    return index;
  }

  return {
    all,
    of(fg, bg, extended) {
      if (extended) {
        const key = `${fg};${bg};${extended._ext};${extended.urlId}`;
        const found = other.get(key) ?? add(fg, bg, extended);
        other.set(key, found);
        return found;
      }
      if (fg === lastFg && bg === lastBg) return last;
      let byBg = known.get(fg);
      if (!byBg) {
        byBg = new Map();
        known.set(fg, byBg);
      }
      const found = byBg.get(bg) ?? add(fg, bg, undefined);
      byBg.set(bg, found);
      [lastFg, lastBg, last] = [fg, bg, found];
      return found;
    },
  };
}

function pictureOf(core: Core): ReturnType<Emulator["picture"]> {
  const { normal, active } = core.buffers;
  const styles = stylesOf(core);
  const primary = pageOf(core, normal, styles);
  const alternate = active === normal ? null : pageOf(core, active, styles);
  const { fg, bg, extended } = core._inputHandler._curAttrData;
  const service = core._charsetService;
  // DECRC brings back the set in use, not the slot it came from.
  const charsets = [0, 1, 2, 3].map((slot) =>
    nameOf(slot === service.glevel ? service.charset : service._charsets[slot]),
  );
  const pen = { style: styles.of(fg, bg, extended), charsets, shift: service.glevel };
  const cursor = { x: Math.min(active.x, core.cols - 1), y: active.y, last: lastOf(core, styles) };
  return {
    cols: core.cols,
    rows: core.rows,
    styles: styles.all,
    primary,
    alternate,
    cursor,
    pen,
    modes: modesOf(core),
  };
}

/** Those that are not as in a fresh terminal. */
function modesOf({ coreService, options }: Core): Picture["modes"] {
  const set = coreService.decPrivateModes;
  const kept = Object.entries(KEPT).map(([mode, name]) => [Number(mode), set[name]] as const);
  const changed = kept.filter(([mode, on]) => mode !== 2026 && on !== (mode === 7));
  const hidden = coreService.isCursorHidden ? [[25, false] as const] : [];
  const origin = changed.filter(([mode]) => mode === 6);
  return {
    private: [...changed.filter(([mode]) => mode !== 6), ...hidden, ...origin],
    ansi: [...(coreService.modes.insertMode ? [4] : []), ...(options.convertEol ? [20] : [])],
  };
}

function pageOf(core: Core, page: Screenful, styles: Styles): Omit<Page, "keyboard"> {
  const { cols, rows } = core;
  const { fg, bg } = page.savedCurAttrData;
  const stops = Array.from({ length: cols }, (_, x) => x).filter((x) => page.tabs[x]);
  // Column 0 can never be reached by a tab.
  const standard = Array.from({ length: cols }, (_, x) => (page.tabs[x] === true) === (x % 8 === 0));
  const whole = page.scrollTop === 0 && page.scrollBottom === rows - 1;
  return {
    ...linesOf(core, page, styles),
    above: page.ybase,
    margins: whole ? null : [page.scrollTop, page.scrollBottom],
    tabs: standard.slice(1).every(Boolean) ? null : stops,
    saved: {
      x: Math.min(page.savedX, cols - 1),
      y: Math.min(Math.max(page.savedY - page.ybase, 0), rows - 1),
      style: styles.of(fg, bg, undefined),
      charset: nameOf(page.savedCharset),
    },
  };
}

function linesOf(core: Core, page: Screenful, styles: Styles): Pick<Page, "lines" | "wrapped"> {
  const lines: Run[][] = [];
  const wrapped: number[] = [];
  const reader = runReader(core, styles);
  for (let y = 0; y < page.lines.length; y += 1) {
    const line = page.lines.get(y);
    const next = page.lines.get(y + 1);
    const continues = y > 0 && line?.isWrapped === true;
    if (continues) wrapped.push(y);
    lines.push(line ? reader(line, next, continues) : []);
  }
  // Blank lines at the end count only where they push others into the scrollback.
  while (page.ybase === 0 && lines.length > 1 && lines.at(-1)?.length === 0) lines.pop();
  return { lines, wrapped };
}

/** Reads the lines of one page, in order. */
function runReader(core: Core, styles: Styles) {
  const { cols, unicodeService } = core;
  const letters = Buffer.alloc(cols);
  /** The join state behind the last character, while nothing but a character can come between. */
  let joins = 0;

  /** A run of ASCII with the same attributes, which is most of any screen: from `x` to the column returned, as `letters`. */
  function asciiFrom(data: Uint32Array, x: number): number {
    const [fg, bg] = [data[x * 3 + 1], data[x * 3 + 2]];
    let end = x;
    for (let i = x * 3; end < cols && data[i + 1] === fg && data[i + 2] === bg; i += 3) {
      const content = (data[i] ?? 0) ^ NARROW;
      if (content < 0x20 || content > 0x7e) break;
      letters[end] = content;
      end += 1;
    }
    return end;
  }

  /** Whether the character would become one with what stands before it; follows it. */
  function joinsOn(characters: string): boolean {
    let joined = false;
    let first = true;
    for (const character of characters) {
      const code = character.codePointAt(0) ?? 0;
      let state = unicodeService.charProperties(code, joins);
      if (first && (state & 1) !== 0) {
        joined = true;
        state = unicodeService.charProperties(code, 0);
      }
      joins = state;
      first = false;
    }
    return joined;
  }

  /** The same of ASCII, most of which follows ASCII. */
  function joinsOnAscii(code: number): boolean {
    if ((joins & STATE_MASK) >> 3 !== 0) return joinsOn(String.fromCharCode(code));
    joins = PLAIN;
    return false;
  }

  return (line: Line, next: Line | undefined, wrapped: boolean): Run[] => {
    const full = next?.isWrapped === true;
    const { _data: data } = line;
    const runs: Run[] = [];
    let text = "";
    let textStyle = -1;
    if (!wrapped) joins = 0;
    const flush = () => {
      if (text !== "") runs.push([text, textStyle]);
      text = "";
    };
    const print = (characters: string, style: number, apart: boolean) => {
      if (style !== textStyle || apart) flush();
      textStyle = style;
      text += characters;
    };
    for (let x = 0; x < cols; ) {
      const fg = line.getFg(x);
      const bg = line.getBg(x);
      const extended = (bg & HAS_EXTENDED) === 0 ? undefined : line._extendedAttrs[x];
      const style = styles.of(fg, bg, extended);
      if (style !== textStyle) joins = 0;
      const ascii = extended ? x : asciiFrom(data, x);
      if (ascii > x) {
        print(letters.toString("latin1", x, ascii), style, joinsOnAscii(letters[x] ?? 0));
        if (ascii > x + 1) joins = PLAIN;
        x = ascii;
        continue;
      }
      if (line.hasContent(x)) {
        const width = Math.max(1, line.getWidth(x));
        // On the alternate screen a narrower window keeps its lines, and may end in the middle of a character.
        const characters = x + width > cols ? " " : line.getString(x) || " ";
        print(characters, style, joinsOn(characters));
        x += width;
        continue;
      }
      let end = x + 1;
      for (let i = end * 3; end < cols && data[i + 1] === fg && data[i + 2] === bg; i += 3) {
        if (((data[i] ?? 0) & CONTENT) !== 0) break;
        end += 1;
      }
      // A blank at the end that is there because a wide character did not fit comes about by itself.
      if (full && x === cols - 1 && next.getWidth(0) === 2 && next.getFg(0) === fg && next.getBg(0) === bg)
        break;
      if (fg !== 0 || (bg & ~COLOUR) !== 0) {
        joinsOn(" ");
        print(" ".repeat(end - x), style, false);
      } else {
        flush();
        textStyle = -1;
        joins = 0;
        // What is erased at the end is so in a fresh line too, but for one that a wrap brings in, or that wraps.
        if (end < cols || bg !== 0 || full || wrapped) runs.push([end - x, style]);
      }
      x = end;
    }
    flush();
    if (full) joins = textStyle === -1 ? 0 : joins;
    return runs;
  };
}

/** What has to be printed once more to leave the cursor as it is (`Picture.cursor.last`). */
function lastOf(core: Core, styles: Styles): Picture["cursor"]["last"] {
  const { active } = core.buffers;
  const line = active.lines.get(active.ybase + active.y);
  const pending = active.x >= core.cols;
  const joining = core._inputHandler._parser.precedingJoinState !== 0 && active.x > 0;
  let x = active.x - 1;
  if (line && x > 0 && line.getWidth(x) === 0) x -= 1;
  if (!line || x < 0 || !(pending || (joining && line.hasContent(x)))) return null;
  // Inserting pushes the rest of the line along, by the width of the first character; what joins it overwrites.
  const first = core.unicodeService.charProperties(line.getString(x).codePointAt(0) ?? 0, 0);
  const bg = line.getBg(x);
  const extended = (bg & HAS_EXTENDED) === 0 ? undefined : line._extendedAttrs[x];
  const joins = joining && line.hasContent(x) !== 0;
  return {
    x,
    text: line.getString(x) || (joins ? "" : " "),
    style: styles.of(line.getFg(x), bg, extended),
    room: core.coreService.modes.insertMode && !pending ? (first >> 1) & 3 : 0,
    joins,
  };
}

let charsetNames: Map<Charset, string> | undefined;

/** The final byte that designates a set, which the emulator keeps only as a table; null for ASCII. */
function nameOf(charset: Charset): string | null {
  if (!charset) return null;
  if (!charsetNames) {
    charsetNames = new Map();
    const { core, close } = openEmulator(LEAST_COLS, 1, 0);
    for (const name of "0A4C5RQKYE6ZH7=") {
      core._inputHandler.parse(`\x1b(${name}`);
      const table = core._charsetService.charset;
      if (table && !charsetNames.has(table)) charsetNames.set(table, name);
    }
    close();
  }
  return charsetNames.get(charset) ?? "B";
}
