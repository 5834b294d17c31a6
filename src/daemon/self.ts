// Owns how this very program is started again: compiled, or from its source.
import { join } from "node:path";

/** The argv that starts this program, to be followed by its arguments; the first element is absolute. */
export function selfCommand(): string[] {
  return isCompiled() ? [process.execPath] : [process.execPath, join(import.meta.dir, "..", "main.ts")];
}

/** Whether this is a compiled executable: its modules then lie in the file system Bun embeds. */
export function isCompiled(): boolean {
  return /^(?:\/\$bunfs\/|[A-Z]:[\\/]~BUN[\\/])/.test(Bun.main);
}
