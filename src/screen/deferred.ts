// Owns a screen that is drawn when somebody looks: plain output waits as bytes, and what has scrolled out is never drawn.
import type { Screen } from "../session/ports.ts";
import { attributesAt, OTHER, outOfSight, plain, TEXT } from "./plain.ts";
import { openScreen, type ScreenOptions } from "./screen.ts";

/** So much plain output may wait for each thousand lines of scrollback. */
const MOST_WAITING = 256 * 1024;
/** Colours without a reset, kept from what was left out; more than this and it is drawn after all. */
const MOST_ATTRIBUTES = 16 * 1024;
const NOTHING = new Uint8Array(0);

/**
 * Like `openScreen`, to whoever looks. What is not plain (questions, titles, modes, cursor movements) is written through at
 * once, after all that waited, so answers and their order are the same. The emulator itself is made with the first of it.
 * `mostWaiting`: bytes for each thousand lines of scrollback.
 */
export function deferredScreen(options: ScreenOptions, mostWaiting = MOST_WAITING): Screen {
  const { scrollback } = options;
  const most = mostWaiting * Math.max(1, Math.ceil(scrollback / 1000));
  let { cols, rows } = options;
  let inner: ReturnType<typeof openScreen> | undefined;
  let held: Uint8Array = NOTHING;
  let length = 0;
  let within = TEXT;
  /** Attributes of what was left out before `held`. */
  let left: Uint8Array = NOTHING;
  let closed = false;

  function opened(): ReturnType<typeof openScreen> {
    inner ??= openScreen({ ...options, cols, rows });
    return inner;
  }

  /** Draws all that waits. */
  function settle(): void {
    if (length === 0) return;
    forget();
    const [before, bytes] = [left, held.subarray(0, length)];
    held = NOTHING;
    left = NOTHING;
    length = 0;
    within = TEXT;
    const screen = opened();
    if (before.length > 0) screen.write(before);
    screen.write(bytes);
  }

  /** Leaves out what has scrolled out of sight; true when that was worth it. */
  function forget(): boolean {
    if (length === 0 || !scrollsWhole()) return false;
    // The cursor may stand at the top, and every line below it is one more feed; then all of it must have moved through.
    const cut = outOfSight(held.subarray(0, length), scrollback + 2 * rows + 2);
    if (cut === 0) return false;
    left = attributesAt(Buffer.concat([left, held.subarray(0, cut)]));
    held.copyWithin(0, cut, length);
    length -= cut;
    return length <= most / 2 && left.length <= MOST_ATTRIBUTES;
  }

  /** Lines that leave at the top are gone into a scrollback that forgets them. */
  function scrollsWhole(): boolean {
    if (!inner) return true;
    const { active, normal } = inner.core.buffers;
    return active === normal && active.scrollTop === 0 && active.scrollBottom === inner.core.rows - 1;
  }

  function hold(bytes: Uint8Array): void {
    if (length + bytes.length > held.length) {
      const larger = new Uint8Array(Math.max(4096, 2 * (length + bytes.length)));
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
      if (next === OTHER || (length === 0 && inner && inner.unfinished().length > 0)) {
        settle();
        within = TEXT;
        opened().write(bytes);
        return;
      }
      within = next;
      hold(bytes);
      if (length > most && !forget()) settle();
    },
    resize(toCols, toRows) {
      settle();
      cols = toCols;
      rows = toRows;
      inner?.resize(toCols, toRows);
    },
    image() {
      settle();
      return opened().image();
    },
    unfinished() {
      settle();
      return inner?.unfinished() ?? NOTHING;
    },
    modes: () => inner?.modes() ?? { bracketedPaste: false, applicationCursor: false },
    close() {
      closed = true;
      held = NOTHING;
      inner?.close();
    },
  };
}
