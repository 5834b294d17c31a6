// The size of our terminal, as a session takes it.
import type { TerminalSize } from "../../api/client.ts";
import { windowSize } from "../ui/termios.ts";

/** A session takes no larger sides. */
const MOST_SIDE = 1_000;

/** As it is now; undefined where standard output is no terminal, or one that doesn't say. */
export function ownSize(): TerminalSize | undefined {
  const size = windowSize();
  return size && { cols: Math.min(size.columns, MOST_SIDE), rows: Math.min(size.rows, MOST_SIDE) };
}
