// A full screen of our own (the session browser): draws lines, reads keys, and puts the terminal back when it is left.
import { suspendSelf } from "../../os/signal.ts";
import { type Key, keyReader } from "./key-input.ts";
import { onTerminalSignals } from "./terminal-signals.ts";
import { widthOf } from "./width.ts";

/** In cells. */
export interface Size {
  readonly cols: number;
  readonly rows: number;
}

/** A full screen while it is open. */
export interface FullScreen {
  readonly size: Size;
  /** Shows these lines, the first at the top; the rest is blank. Each must fit the width. Only what differs is written. */
  draw(lines: readonly string[]): void;
  /** Gives back the screen, the cursor and the terminal's mode; harmless when done before. */
  leave(): void;
}

/** What may come while it is open. */
export interface FullScreenEvents {
  key(key: Key): void;
  resize(): void;
  /** A signal asks the process to end, or the terminal is gone (SIGHUP); the screen has been left already. */
  ended(signal: NodeJS.Signals): void;
}

// Alternate screen, cursor hidden, no wrapping at the right edge, pastes marked, buttons of the mouse told (SGR); and back.
export const ENTER_SCREEN =
  "\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[?2004h\u001b[?1000h\u001b[?1006h\u001b[H\u001b[2J";
export const LEAVE_SCREEN = "\u001b[?1006l\u001b[?1000l\u001b[?2004l\u001b[?7h\u001b[?25h\u001b[?1049l";
/** A frame is shown at once where the terminal can (synchronized output). */
const FRAME = ["\u001b[?2026h", "\u001b[?2026l"] as const;

/** Takes over the terminal. Stdin and stdout must both be one. It is given back on every way out but `kill -9`. */
export function fullScreen(on: FullScreenEvents): FullScreen {
  const { stdin, stdout } = process;
  let open = true;
  const shown = painter((text) => stdout.write(text));
  const keys = keyReader((key) => {
    if (open) on.key(key);
  });
  const take = (bytes: Uint8Array) => keys.take(bytes);
  const resized = () => {
    shown.forget();
    on.resize();
  };
  const gone = () => {
    leave();
    on.ended("SIGHUP");
  };
  const signals = onTerminalSignals({
    leave(signal) {
      leave();
      on.ended(signal);
    },
    suspend() {
      giveBack();
      suspendSelf();
    },
    resume() {
      takeOver();
      on.resize();
    },
    resized: () => {},
    dying: () => leave(),
  });

  function takeOver(): void {
    stdout.write(ENTER_SCREEN);
    shown.forget();
    makeRaw();
    stdin.resume();
  }

  function giveBack(): void {
    stdout.write(LEAVE_SCREEN);
    stdin.setRawMode(false);
  }

  function leave(): void {
    if (!open) return;
    open = false;
    keys.stop();
    stdin.off("data", take);
    stdin.off("end", gone);
    stdin.off("error", gone);
    stdout.off("resize", resized);
    signals.stop();
    giveBack();
    stdin.pause();
  }

  takeOver();
  stdin.on("data", take);
  stdin.on("end", gone);
  stdin.on("error", gone);
  stdout.on("resize", resized);

  return {
    get size() {
      return { cols: stdout.columns || 80, rows: stdout.rows || 24 };
    },
    draw(lines) {
      if (open) shown.draw(lines, this.size);
    },
    leave,
  };
}

/** Lines on a screen of ours: what differs from those before is written, and all of it at once. */
export interface Painter {
  draw(lines: readonly string[], size: Size): void;
  /** Whatever the terminal shows is not what was drawn: the next time all of it is. */
  forget(): void;
}

/** Over what stood there, and then what is left of it away: cleared first it would flicker where a terminal shows frames as they come. */
function rowOf(line: string, row: number, cols: number): string {
  // At the right edge the cursor stands on the last character.
  const rest = widthOf(line) < cols ? "\u001b[0m\u001b[K" : "";
  return `\u001b[${row + 1};1H${line}${rest}`;
}

/** Draws by `write`, with the cursor anywhere. */
export function painter(write: (text: string) => void): Painter {
  let shown: readonly string[] | undefined;
  return {
    draw(lines, { rows, cols }) {
      const wanted = Array.from({ length: rows }, (_, row) => lines[row] ?? "");
      const before = shown;
      const changes = wanted.flatMap((line, row) =>
        before && line === (before[row] ?? "") ? [] : [rowOf(line, row, cols)],
      );
      shown = wanted;
      if (changes.length > 0) write(`${FRAME[0]}${before ? "" : "\u001b[2J"}${changes.join("")}${FRAME[1]}`);
    },
    forget() {
      shown = undefined;
    },
  };
}

/** Raw, whatever Bun believes the mode to be: a session that was attached to has set it by other means (ui/termios.ts). */
function makeRaw(): void {
  process.stdin.setRawMode(false);
  process.stdin.setRawMode(true);
}

/** Resolves with the next key a person presses, with the terminal raw meanwhile; `interrupt` for Ctrl-C. */
export function oneKey(): Promise<Key> {
  const { stdin } = process;
  return new Promise((resolve) => {
    const keys = keyReader((key) => {
      keys.stop();
      stdin.off("data", take);
      stdin.setRawMode(false);
      stdin.pause();
      resolve(key);
    });
    const take = (bytes: Uint8Array) => keys.take(bytes);
    makeRaw();
    stdin.on("data", take);
    stdin.resume();
  });
}
