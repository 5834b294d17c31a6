// What a daemon says of itself, as far as it is not too old to.
import { covenClient, type StatusAnswer } from "../../api/client.ts";
import { isCovenError } from "../../errors.ts";

/** What a daemon says of itself. One that is older doesn't speak of its disk. */
export interface Facts extends Omit<StatusAnswer, "storage" | "earlierLedger"> {
  readonly storage?: Storage;
  readonly earlierLedger?: string | null;
}
export type Storage = StatusAnswer["storage"];

/** `GET /status`; undefined where the daemon is too old for it, or has just gone. */
export async function factsOf(socket: string): Promise<Facts | undefined> {
  try {
    return await covenClient(socket, { timeoutMs: 5_000, fresh: true }).status();
  } catch (error) {
    if (isCovenError(error)) return undefined;
    throw error;
  }
}
