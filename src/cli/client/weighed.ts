// Live sessions that fill the disk, or that were forgotten: for the list, the daemon's status and doctor.
import { harmless } from "../ui/text.ts";
import { size, span } from "../ui/time.ts";
import { cut } from "../ui/width.ts";
import type { Facts } from "./facts.ts";
import { shortId } from "./session-id.ts";

export type Weighed = NonNullable<Facts["sessions"]["largest"]> & { readonly since?: string };

const TITLE_CELLS = 24;
/** Below this nobody needs to know. */
const MUCH_BYTES = 100_000_000;
const LONG_MS = 3_600_000;

/** How much it keeps, how fast that grows, since when nobody has watched it. */
export function weighed(one: Weighed, now: number): string {
  const grows = one.growthPerDay === null ? "" : `, grows ${size(one.growthPerDay)} a day`;
  const alone = one.since === undefined ? "" : `, unwatched for ${span(now - Date.parse(one.since))}`;
  const title = cut(harmless(one.title), TITLE_CELLS);
  return `${shortId(one.sessionId)} ${harmless(one.harness)} ${title}: ${size(one.bytes)}${grows}${alone}`;
}

/** What a person should know of them, a line each; none while nothing is large or grows fast. */
export function notable(
  { sessions: { largest, unwatched } }: Pick<Facts, "sessions">,
  now: number,
): string[] {
  const isMuch = ({ bytes, growthPerDay }: Weighed) =>
    bytes >= MUCH_BYTES || (growthPerDay ?? 0) >= MUCH_BYTES;
  const forgotten =
    unwatched && isMuch(unwatched) && now - Date.parse(unwatched.since) >= LONG_MS ? unwatched : undefined;
  const fills =
    largest && isMuch(largest) && largest.sessionId !== forgotten?.sessionId ? largest : undefined;
  return [
    ...(fills ? [`Largest: ${weighed(fills, now)}`] : []),
    ...(forgotten ? [`Forgotten? ${weighed(forgotten, now)}`] : []),
  ];
}
