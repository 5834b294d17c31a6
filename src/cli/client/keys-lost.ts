// One line for keys that did not reach a session.
import { size } from "../ui/time.ts";

/** `lost`: nobody knows whether they arrived. */
export function notTyped(bytes: number, lost: boolean): string {
  return lost
    ? `The daemon crashed: whether the last keys arrived (${size(bytes)}) is not known; they were not sent again.`
    : `Not sent: ${size(bytes)} of keys, more than may wait while the daemon is away.`;
}
