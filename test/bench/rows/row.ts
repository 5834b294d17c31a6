// What a row of the bench is, and in which modes a session's terminal prints.
import type { Ground, Printed } from "../ground.ts";
import type { Line } from "../table.ts";

/** One group of lines that are measured together. It rejects when a contestant's work is not right. */
export interface Row {
  /** For `--only`. */
  readonly id: string;
  measure(ground: Ground): Promise<Omit<Line, "row">[]>;
}

/** A session that says it is there, in a way its own text does not. */
export function saying(word: string): string {
  return `printf '<%s>' ${word}`;
}

/** What a session runs so that its terminal passes bytes as they are, as full-screen programs do. */
export const RAW = "stty raw -echo";

/** How a terminal prints a file so that the same bytes come out either way. */
export interface Mode {
  readonly name: "default" | "raw";
  /** Options of the floor program for a terminal in this mode. */
  readonly floor: readonly string[];
  /** A script that says `<R>`, waits for a line, and prints. */
  waiting(file: Printed): string;
  /** A script that prints. */
  printing(file: Printed): string;
}

/** The mode that every terminal begins in: the kernel makes the line ends, and echoes. */
const DEFAULT: Mode = {
  name: "default",
  floor: ["--default"],
  waiting: ({ lines }) => `${saying("R")}; read -r go; exec cat ${lines}`,
  printing: ({ lines }) => `exec cat ${lines}`,
};

export const MODES: readonly Mode[] = [
  DEFAULT,
  {
    name: "raw",
    floor: [],
    waiting: ({ path }) =>
      `${RAW}; ${saying("R")}; dd bs=1 count=1 of=/dev/null 2>/dev/null; exec cat ${path}`,
    printing: ({ path }) => `${RAW}; exec cat ${path}`,
  },
];

export function must(right: boolean, what: string): void {
  if (!right) throw new Error(what);
}
