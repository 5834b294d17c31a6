// When clients hold too much of our memory: who reads nothing is hung up on, the process with most of it first.
import type { Log, World } from "../session/ports/world.ts";
import type { PeerWatch, Unread } from "./peers.ts";

/** Whoever has taken nothing at so many looks in a row reads nothing: two seconds. A client that reads, however slowly, is seen to move. */
const STILL_LOOKS = 10;
const LOOK_MS = 200;

/**
 * Begins to hang up on clients that read nothing, one process after the other, and stops once `pressed` says no. Who is hung up on may
 * ask again, and has a cursor to go on from. Returns at once; a second call while it goes on changes nothing.
 */
export function relief(peers: PeerWatch, { world, log }: { readonly world: World; readonly log: Log }) {
  /** By connection: what waited at the last look, and at how many looks before it was the same. */
  let seen = new Map<number, { readonly bytes: number; readonly looks: number }>();
  let busy = false;
  const look = (pressed: () => boolean): void => {
    busy = pressed();
    const unread = busy ? peers.unread() : [];
    const before = seen;
    seen = new Map();
    for (const { inode, bytes } of unread) {
      const then = before.get(inode);
      seen.set(inode, { bytes, looks: then?.bytes === bytes ? then.looks + 1 : 0 });
    }
    const still = greedy(unread.filter(({ inode }) => (seen.get(inode)?.looks ?? 0) >= STILL_LOOKS));
    for (const { fd } of still) peers.hangUp(fd);
    if (still.length > 0) {
      const bytes = still.reduce((sum, one) => sum + one.bytes, 0);
      log.warn("clients_hung_up_on", { peer: still[0]?.pid, connections: still.length, bytes });
    }
    if (busy) world.after(LOOK_MS, () => look(pressed));
  };
  return (pressed: () => boolean): void => {
    if (!busy) look(pressed);
  };
}

/** Those of the process for which most bytes wait. */
function greedy(unread: readonly Unread[]): readonly Unread[] {
  let most: readonly Unread[] = [];
  let mostBytes = 0;
  for (const all of Map.groupBy(unread, (one) => one.pid).values()) {
    const bytes = all.reduce((sum, one) => sum + one.bytes, 0);
    if (bytes > mostBytes) [most, mostBytes] = [all, bytes];
  }
  return most;
}
