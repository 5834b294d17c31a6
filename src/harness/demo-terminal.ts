// What the demo does with its terminal: writing without losing a byte, colours, pauses, one line read, and Ctrl-C.
import { writeSync } from "node:fs";
import { isatty } from "node:tty";

/** Thrown out of any wait or write after Ctrl-C. */
export class Interrupted extends Error {}

/** The styles the demo uses; each closes itself. */
export type Paint = Record<
  "bold" | "dim" | "red" | "green" | "yellow" | "cyan" | "magenta",
  (text: string) => string
>;

/** What the demo can do to the world: nothing but its own standard streams and the clock. */
export interface DemoTerminal {
  readonly paint: Paint;
  /** Standard output is a terminal. */
  readonly terminal: boolean;
  /** Everything is handed to the system before this returns. Throws `Interrupted` after Ctrl-C, an Error when nobody reads. */
  write(text: string): Promise<void>;
  /** Said on the way out, also after Ctrl-C; as much of it as the system takes at once. Never throws. */
  last(text: string): void;
  /** Milliseconds. Throws `Interrupted` on Ctrl-C. */
  pause(ms: number): Promise<void>;
  /** The next line of standard input without its ending; null when there is none. Throws `Interrupted` on Ctrl-C. */
  readLine(): Promise<string | null>;
}

/** The real one, over the streams of this process. Installs the handler for SIGINT, once. */
export function demoTerminal(env: Readonly<Record<string, string | undefined>> = process.env): DemoTerminal {
  const terminal = isatty(1);
  const { promise: interruption, reject } = Promise.withResolvers<never>();
  let interrupted = false;
  process.once("SIGINT", () => {
    interrupted = true;
    reject(new Interrupted());
  });
  // Nobody waits for it while the demo computes; that is no unhandled rejection.
  interruption.catch(() => {});

  /** Opened by the first line that is read, and the only one: a second would not get what the first has read ahead. */
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  const decoder = new TextDecoder();
  let typed = "";

  /** A timer, so that the signal's handler gets its turn. */
  const pause = async (ms: number) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const elapsed = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([elapsed, interruption]).finally(() => clearTimeout(timer));
  };

  return {
    terminal,
    paint: painter(env["NO_COLOR"] ? false : terminal || Boolean(env["FORCE_COLOR"])),
    pause,

    async write(text) {
      if (interrupted) throw new Interrupted();
      const bytes = new TextEncoder().encode(text);
      for (let offset = 0; offset < bytes.length; ) {
        try {
          offset += writeSync(1, bytes, offset);
        } catch (error) {
          // Reading standard input may have made the shared terminal non-blocking: wait for room, lose nothing.
          if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) throw error;
          await pause(1);
        }
      }
    },

    last(text) {
      try {
        writeSync(1, text);
      } catch {
        // Nobody reads: nobody to tell.
      }
    },

    async readLine() {
      try {
        for (;;) {
          const end = typed.search(/[\r\n]/);
          if (end >= 0) {
            const line = typed.slice(0, end);
            typed = typed.slice(end + 1);
            return line;
          }
          reader ??= Bun.stdin.stream().getReader();
          const { done, value } = await Promise.race([reader.read(), interruption]);
          typed += value ? decoder.decode(value, { stream: true }) : "";
          if (!done) continue;
          const line = typed;
          typed = "";
          return line === "" ? null : line;
        }
      } catch (error) {
        if (error instanceof Interrupted) throw error;
        return null; // A terminal that hung up (EIO) has no more lines.
      }
    },
  };
}

function painter(colour: boolean): Paint {
  const style = (open: number, close: number) => (text: string) =>
    colour ? `\x1b[${open}m${text}\x1b[${close}m` : text;
  return {
    bold: style(1, 22),
    dim: style(2, 22),
    red: style(31, 39),
    green: style(32, 39),
    yellow: style(33, 39),
    magenta: style(35, 39),
    cyan: style(36, 39),
  };
}
