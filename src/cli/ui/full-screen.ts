// A full screen of our own (the session browser): draws lines, reads keys, and puts the terminal back when it is left.
import { type Key, keyReader } from "./key-input.ts";
import { onSignals } from "./signals.ts";

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
  /** A signal asks the process to end; the screen has been left already. */
  ended(signal: "SIGTERM" | "SIGHUP"): void;
}

// Alternate screen, cursor hidden, no wrapping at the right edge, pastes marked; and back. A frame is shown at once where the terminal can.
const ENTER = "\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[?2004h\u001b[H\u001b[2J";
const LEAVE = "\u001b[?2004l\u001b[?7h\u001b[?25h\u001b[?1049l";
const FRAME = ["\u001b[?2026h", "\u001b[?2026l"] as const;

/** Takes over the terminal. Stdin and stdout must both be one. */
export function fullScreen(on: FullScreenEvents): FullScreen {
  const { stdin, stdout } = process;
  let open = true;
  let shown: readonly string[] = [];
  const keys = keyReader((key) => {
    if (open) on.key(key);
  });
  const take = (bytes: Uint8Array) => keys.take(bytes);
  const resized = () => {
    shown = [];
    stdout.write("\u001b[2J");
    on.resize();
  };
  const stopListening = onSignals(["SIGTERM", "SIGHUP"], (signal) => {
    leave();
    on.ended(signal);
  });

  function leave(): void {
    if (!open) return;
    open = false;
    keys.stop();
    stdin.off("data", take);
    stdout.off("resize", resized);
    stopListening();
    stdin.setRawMode(false);
    stdin.pause();
    stdout.write(LEAVE);
  }

  stdout.write(ENTER);
  makeRaw();
  stdin.on("data", take);
  stdin.resume();
  stdout.on("resize", resized);

  return {
    get size() {
      return { cols: stdout.columns || 80, rows: stdout.rows || 24 };
    },
    draw(lines) {
      if (!open) return;
      const { rows } = this.size;
      const wanted = Array.from({ length: rows }, (_, row) => lines[row] ?? "");
      const changes = wanted.flatMap((line, row) =>
        line === (shown[row] ?? "") ? [] : [`\u001b[${row + 1};1H\u001b[2K${line}`],
      );
      if (changes.length > 0) stdout.write(`${FRAME[0]}${changes.join("")}${FRAME[1]}`);
      shown = wanted;
    },
    leave,
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
