// Owns where the person stands, and saying that it is gone.
import { Failure } from "./failure.ts";

/** Where the person stands, absolute. Throws `Failure` when that directory was deleted or may not be looked up. */
export function standing(): string {
  try {
    return process.cwd();
  } catch {
    throw new Failure("The directory you are in is gone: it was deleted or moved.", [
      "cd ~   (or any directory that exists)",
    ]);
  }
}
