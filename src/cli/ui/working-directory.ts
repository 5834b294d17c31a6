// The current directory, which may have been deleted.
import { Failure } from "./failure.ts";

/** The current directory, absolute. Throws `Failure` when it was deleted or may not be looked up. */
export function workingDirectory(): string {
  try {
    return process.cwd();
  } catch {
    throw new Failure("The directory you are in is gone: it was deleted or moved.", [
      "cd ~   (or any directory that exists)",
    ]);
  }
}
