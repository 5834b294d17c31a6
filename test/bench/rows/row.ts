// Owns what a row of the bench is.
import type { Ground } from "../ground.ts";
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

/** What a session runs so that its terminal passes bytes as they are. */
export const RAW = "stty raw -echo";

export function must(right: boolean, what: string): void {
  if (!right) throw new Error(what);
}
