// A screen that is drawn when somebody looks: plain output waits as bytes, and what has scrolled out is never drawn.
import type { Screen } from "../session/ports/screen.ts";
import { attributesAt, OTHER, outOfSight, plain, TEXT } from "../vt/plain.ts";
import type { openScreen, ScreenOptions } from "./screen.ts";

/** So much plain output may wait for each thousand lines of scrollback. */
const MOST_WAITING = 256 * 1024;
/** Colours without a reset, kept from what was left out; more than this and it is drawn after all. */
const MOST_ATTRIBUTES = 16 * 1024;
/** So many emulators are kept for sessions whose bytes are enough to draw them again: one costs 2 MB, its bytes 0.1. */
const MOST_DRAWN = 8;
const NOTHING = new Uint8Array(0);
/** Loaded when the first is drawn: a daemon that goes on in another's place answers ten milliseconds sooner. */
const drawable = () => require("./screen.ts") as typeof import("./screen.ts");

/** Those whose emulator can go; the one that nobody has looked at for longest goes first. */
export class Drawn {
  readonly #folds = new Set<() => void>();

  /** Somebody has looked. */
  touch(fold: () => void): void {
    this.#folds.delete(fold);
    this.#folds.add(fold);
    for (const oldest of this.#folds) {
      if (this.#folds.size <= MOST_DRAWN) return;
      this.#folds.delete(oldest);
      oldest();
    }
  }

  forget(fold: () => void): void {
    this.#folds.delete(fold);
  }
}

/**
 * Like `openScreen`, to whoever looks. What is not plain (questions, titles, modes, cursor movements) is written through at
 * once, after all that waited, so answers and their order are the same. While nothing but plain output has come, its last
 * bytes are the screen, and the emulator is only there for those who look. `mostWaiting`: bytes for each thousand lines of scrollback.
 */
export function deferredScreen(
  options: ScreenOptions,
  drawn = new Drawn(),
  mostWaiting = MOST_WAITING,
): Screen {
  const { scrollback } = options;
  const most = mostWaiting * Math.max(1, Math.ceil(scrollback / 1000));
  let { cols, rows } = options;
  let inner: ReturnType<typeof openScreen> | undefined;
  /** What `left`, then `held` draw on a fresh emulator is all there is to see. */
  let whole = true;
  let held: Uint8Array = NOTHING;
  let length = 0;
  /** So much of `held` is on the emulator. */
  let shown = 0;
  /** Attributes of what was left out before `held`. */
  let left: Uint8Array = NOTHING;
  let within = TEXT;
  /** Draws what there was before all of that, in the daemon before this one; whether that is plain output has not been looked at. */
  let base: Uint8Array = NOTHING;
  let unread = false;
  let closed = false;

  function opened(): ReturnType<typeof openScreen> {
    if (inner) return inner;
    inner = drawable().openScreen(options);
    // An emulator that was resized and one that was made in that size break their lines anew differently.
    if (cols !== options.cols || rows !== options.rows) inner.resize(cols, rows);
    if (base.length > 0) inner.write(base);
    return inner;
  }

  /** Draws all that waits. */
  function draw(): ReturnType<typeof openScreen> {
    forget();
    const screen = opened();
    if (shown === 0 && left.length > 0) screen.write(left);
    if (shown < length) screen.write(held.subarray(shown, length));
    shown = length;
    if (whole) drawn.touch(fold);
    else empty();
    return screen;
  }

  /** From here on the emulator alone knows. */
  function commit(): ReturnType<typeof openScreen> {
    readBase();
    whole = false;
    drawn.forget(fold);
    const screen = draw();
    base = NOTHING;
    return screen;
  }

  function fold(): void {
    inner?.close();
    inner = undefined;
    shown = 0;
  }

  function empty(): void {
    held = NOTHING;
    left = NOTHING;
    length = 0;
    shown = 0;
    within = TEXT;
  }

  /** What has scrolled out of plain output need never be drawn here either. */
  function readBase(): void {
    if (!unread) return;
    unread = false;
    if (inner || plain(base, TEXT) !== TEXT) return;
    const [before, after] = [base, held.slice(0, length)];
    base = NOTHING;
    length = 0;
    hold(before);
    hold(after);
  }

  /** Leaves out what has scrolled out of sight; true when that was worth it. */
  function forget(): boolean {
    if (base.length + length > most / 2) readBase();
    if (length <= most / 2 || base.length > 0 || !scrollsWhole()) return false;
    // The cursor may stand at the top, and every line below it is one more feed; then all of it must have moved through.
    const cut = outOfSight(held.subarray(0, length), scrollback + 2 * rows + 2);
    if (cut === 0) return false;
    left = attributesAt(held.subarray(0, cut), left);
    held.copyWithin(0, cut, length);
    length -= cut;
    // It may stand in the middle of a sequence whose end is gone; only one that can be made again has anything on it.
    if (shown < cut && shown > 0) fold();
    shown = Math.max(0, shown - cut);
    return length <= most / 2 && left.length <= MOST_ATTRIBUTES;
  }

  /** Lines that leave at the top are gone into a scrollback that forgets them. */
  function scrollsWhole(): boolean {
    if (!inner) return true;
    const { alternate, margins, rows: high } = inner.emulator;
    return !alternate && margins[0] === 0 && margins[1] === high - 1;
  }

  function hold(bytes: Uint8Array): void {
    if (length + bytes.length > held.length) {
      const room = Math.min(2 * (length + bytes.length), Math.max(length + bytes.length, most + 16 * 1024));
      const larger = new Uint8Array(Math.max(1024, room));
      larger.set(held.subarray(0, length));
      held = larger;
    }
    held.set(bytes, length);
    length += bytes.length;
  }

  return {
    write(bytes) {
      if (closed) return;
      const next = plain(bytes, within);
      // In the middle of a sequence or character the emulator goes on itself.
      if (next === OTHER || (!whole && length === 0 && inner && inner.unfinished().length > 0)) {
        commit().write(bytes);
        return;
      }
      within = next;
      hold(bytes);
      if (length > most && !forget()) commit();
    },
    resize(toCols, toRows) {
      if (length > 0 || inner || base.length > 0) commit();
      cols = toCols;
      rows = toRows;
      inner?.resize(toCols, toRows);
    },
    image: () => draw().image(),
    unfinished: () => draw().unfinished(),
    carry() {
      // What it takes to draw it is there already, and nobody need draw it.
      if (!whole || within !== TEXT) return draw().carry();
      return { drawn: Buffer.concat([base, left, held.subarray(0, length)]), unfinished: NOTHING };
    },
    restore(from) {
      base = from.drawn;
      unread = base.length > 0;
      if (from.unfinished.length > 0) commit().write(from.unfinished);
    },
    modes() {
      readBase();
      if (base.length > 0) return draw().modes();
      return inner?.modes() ?? { bracketedPaste: false, applicationCursor: false };
    },
    close() {
      closed = true;
      drawn.forget(fold);
      empty();
      inner?.close();
    },
  };
}
