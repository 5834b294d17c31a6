// The command line in a pseudo-terminal of its own, byte for byte: what was typed goes in, what came out is kept.
import { ptyHost } from "../../src/pty/drivers.ts";
import type { PtyExit } from "../../src/session/ports/pty.ts";
import type { DaemonHome } from "./daemon-home.ts";
import { MAIN } from "./daemon-home.ts";

export interface InTerminal {
  readonly pid: number;
  type(keys: string | Uint8Array): void;
  /** Everything shown so far, as text. */
  shown(): string;
  resize(cols: number, rows: number): void;
  readonly exit: Promise<PtyExit>;
}

/** `coven <words>` in a terminal of this size. */
export function inTerminal(
  home: DaemonHome,
  words: readonly string[],
  { cols = 80, rows = 24, env = {} }: { cols?: number; rows?: number; env?: Record<string, string> } = {},
): InTerminal {
  let shown = "";
  const { promise, resolve } = Promise.withResolvers<PtyExit>();
  const decoder = new TextDecoder();
  const pty = ptyHost({}).spawn(
    {
      argv: [process.execPath, MAIN, ...words],
      cwd: home.project,
      env: {
        HOME: home.base,
        COVEN_HOME: home.paths.home,
        PATH: `${home.bin}:/usr/bin:/bin`,
        LANG: "C.UTF-8",
        TERM: "xterm-256color",
        ...env,
      },
      cols,
      rows,
    },
    {
      data: (bytes) => {
        shown += decoder.decode(bytes, { stream: true });
      },
      exit: resolve,
    },
  );
  return {
    pid: pty.pid,
    type: (keys) => pty.write(typeof keys === "string" ? new TextEncoder().encode(keys) : keys),
    shown: () => shown,
    resize: (to, high) => pty.resize(to, high),
    exit: promise,
  };
}
