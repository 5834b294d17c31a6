// The heading of the palette: where a run would happen, whether the daemon runs, how many sessions run or wait for a person.
import { homedir } from "node:os";
import { isUnreachable } from "../../../api/client.ts";
import { isSettled, type Session } from "../../../session/session.ts";
import { isWaiting } from "../../client/attention.ts";
import type { Place } from "../../client/project.ts";
import type { Listing } from "../../client/session-list.ts";
import { out } from "../../ui/colour.ts";
import { glyphs } from "../../ui/glyphs.ts";
import { harmless } from "../../ui/text.ts";
import { cut, widthOf } from "../../ui/width.ts";

/** What the palette is about: sessions of this project, or of all. */
export interface Scope {
  readonly isHere?: ((session: Session) => boolean) | undefined;
  readonly everywhere?: boolean;
}

/** Two lines for this width: the project, and the daemon with the sessions of this project, or of all (`everywhere`). */
export function headerLines(
  place: Place | undefined,
  listing: Listing,
  cols: number,
  { isHere, everywhere = false }: Scope = {},
): [string, string] {
  const where = place ? shortPath(place.projectRoot, cols - 12) : "this directory is gone";
  const kind = place?.isRepository ? " (git)" : "";
  const first = `${out.bold("coven")} ${out.dim(glyphs.dot)} ${where}${out.dim(kind)}`;
  const live = listing.sessions.filter((one) => !isSettled(one.status));
  const here = ofPalette(live, isHere, everywhere);
  const others = live.filter((one) => !here.includes(one));
  const waiting = here.filter(isWaiting).length;
  const waitingElsewhere = others.filter(isWaiting).length;
  const facts = [
    daemonFact(listing),
    ...(everywhere ? ["all projects (Ctrl-O)"] : []),
    here.length === 0 ? "nothing live" : `${here.length} live`,
    ...(waiting > 0 ? [`${waiting} waiting for you`] : []),
    ...(others.length === 0
      ? []
      : [`Ctrl-O ${others.length} more${waitingElsewhere > 0 ? `, ${waitingElsewhere} waiting` : ""}`]),
  ];
  const text = cut((listing.error === undefined ? facts : facts.slice(0, 1)).join(` ${glyphs.dot} `), cols);
  return [first, waiting + waitingElsewhere > 0 ? out.yellow(text) : out.dim(text)];
}

/** The sessions that the palette is about: of this project, or of all. */
export function ofPalette(
  sessions: readonly Session[],
  isHere: ((session: Session) => boolean) | undefined,
  everywhere: boolean,
): readonly Session[] {
  return everywhere || !isHere ? sessions : sessions.filter(isHere);
}

function daemonFact({ complete, error, sessions }: Listing): string {
  if (error === undefined) return complete || sessions.length > 0 ? "daemon running" : "asking the daemon …";
  if (!isUnreachable(error)) return "daemon in trouble (/doctor says more)";
  const cause = String(error.details?.["cause"]);
  return cause === "timeout"
    ? "daemon not answering (/doctor says more)"
    : "daemon not running (it starts when needed)";
}

/** A path as people write it: `~` for home, and its end when there is no room for all of it. Harmless. */
export function shortPath(path: string, cells: number): string {
  const home = process.env["HOME"] || homedir();
  const text = harmless(path === home || path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path);
  if (widthOf(text) <= cells) return text;
  const parts = text.split("/");
  while (parts.length > 1 && widthOf(`…/${parts.join("/")}`) > cells) parts.shift();
  return cut(`…/${parts.join("/")}`, Math.max(4, cells));
}
