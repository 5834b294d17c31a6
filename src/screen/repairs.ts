// Owns what we mend in xterm.js 6.0.0: where it throws, never ends, or loses state no image could then restore.
import type { Charset, Core } from "./emulator.ts";

interface Params {
  /** Int32Array in the original: writable, the first is the count. */
  readonly params: { [index: number]: number };
}

type Handler = (params: Params, protect?: boolean) => boolean;

/** Members of the input handler that its parser calls by name, so that replacing them on the instance is enough. */
interface Repairable {
  eraseInDisplay: Handler;
  restoreCursor: () => boolean;
  fullReset: () => boolean;
  _eraseInBufferLine(y: number, start: number, end: number, clearWrap: boolean, protect: boolean): void;
  _resetBufferLine(y: number, protect: boolean): void;
  readonly _curAttrData: { updateExtended(): void };
}

/** Handlers that do their work once per count, up to 2^31 times; more than this changes nothing more. */
const BOUNDS: Readonly<Record<string, (core: Core) => number>> = {
  insertLines: (core) => core.rows,
  deleteLines: (core) => core.rows,
  scrollUp: (core) => core.rows,
  scrollDown: (core) => core.rows,
  cursorForwardTab: (core) => core.cols,
  cursorBackwardTab: (core) => core.cols,
  repeatPrecedingCharacter: (core) => core.rows * core.cols,
};

/** The ring that holds a screen's lines. */
interface Ring {
  set(index: number, line: unknown): void;
}

/**
 * A narrower window breaks lines anew, and those that no longer fit leave at the top: in the original by being set at
 * indices below 0, which in a ring that has turned is the last line's place. It was lost then.
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

const mended = new WeakSet<Ring>();

/** Applied to every emulator when it is opened. */
export function repair(core: Core): void {
  mendRing(core);
  // The class has these members and many more; the tests of this room call each of them through the parser.
  const handler = core._inputHandler as unknown as Repairable & Record<string, Handler>;
  const charsets = core._charsetService as Core["_charsetService"] & {
    setgCharset(slot: number, set: Charset): void;
  };

  for (const [name, bound] of Object.entries(BOUNDS)) {
    const original = handler[name]?.bind(handler);
    if (!original) throw new Error(`This emulator has no ${name}.`);
    handler[name] = (params) => {
      params.params[0] = Math.min(params.params[0] ?? 0, bound(core));
      return original(params);
    };
  }

  // ED 1 at the end of a line looks for the line after it by a wrong index, and throws when there is none.
  const eraseInDisplay = handler.eraseInDisplay.bind(handler);
  handler.eraseInDisplay = (params, protect = false) => {
    const { active } = core.buffers;
    if (params.params[0] !== 1 || active.x + 1 < core.cols) return eraseInDisplay(params, protect);
    handler._eraseInBufferLine(active.y, 0, core.cols, true, protect);
    for (let y = active.y - 1; y >= 0; y -= 1) handler._resetBufferLine(y, protect);
    return true;
  };

  // DECRC brings back the flag that says whether link and underline style count, and a character set outside any slot.
  const restoreCursor = handler.restoreCursor.bind(handler);
  handler.restoreCursor = () => {
    restoreCursor();
    handler._curAttrData.updateExtended();
    charsets.setgCharset(charsets.glevel, charsets.charset);
    return true;
  };

  // The alternate screen is new each time it is shown, and so is the cursor saved on it. While it is not shown it does
  // not follow the size, and would then have a scrollback, or too few lines.
  const buffers = core.buffers as typeof core.buffers & { activateAltBuffer(fill: unknown): void };
  const activateAltBuffer = buffers.activateAltBuffer.bind(buffers);
  buffers.activateAltBuffer = (fill) => {
    if (buffers.active !== buffers.alt) {
      Object.assign(buffers.alt.lines, { maxLength: core.rows });
      Object.assign(buffers.alt, { savedX: 0, savedY: 0, savedCharset: undefined });
      Object.assign(buffers.alt.savedCurAttrData, { fg: 0, bg: 0 });
    }
    activateAltBuffer(fill);
  };

  // RIS leaves the new line mode as it was.
  const fullReset = handler.fullReset.bind(handler);
  handler.fullReset = () => {
    core.options.convertEol = false;
    return fullReset();
  };
}
